package spec

import (
	"regexp"
	"strings"
	"unicode"
)

// How long a text takes to speak is estimated, letter by letter, from what a voice
// speaks in a second without haste: 15 characters of an alphabet, blanks and signs
// among them; 12 of Arabic script, which leaves vowels out; 5 of Chinese, Japanese or
// Korean; 6 syllables of an Indian script, whose vowel signs and joined letters are
// no syllables of their own, and whose blanks take no time. It is about right, and
// no more.
const (
	perSecond         = 15.0
	perSecondArabic   = 12.0
	perSecondIdeogram = 5.0
	perSecondIndian   = 6.0
)

// indian are the scripts whose letters are syllables.
var indian = []*unicode.RangeTable{
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya,
	unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
}

// viramas take the vowel from the letter before them, which then is no syllable.
const viramas = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"

// seconds estimates how long a text takes to speak.
func seconds(text string) float64 {
	total, before := 0.0, perSecond
	for _, r := range text {
		rate := perSecond
		switch {
		case strings.ContainsRune(viramas, r):
			total -= 1 / perSecondIndian
			continue
		case unicode.IsMark(r) || r == '{' || r == '}':
			continue
		case unicode.IsLetter(r) && unicode.In(r, indian...):
			rate = perSecondIndian
		case unicode.In(r, unicode.Arabic):
			rate = perSecondArabic
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			rate = perSecondIdeogram
		case !unicode.IsLetter(r) && !unicode.IsNumber(r) && before == perSecondIndian:
			continue
		}
		total += 1 / rate
		before = rate
	}
	return total
}

var (
	quoted  = regexp.MustCompile(`"([^"\n]{8,})"|“([^”]{8,})”|«([^»]{8,})»|„([^“”]{8,})[“”]`)
	listing = regexp.MustCompile(`(?m)^\s*(?:[-*+•]|#+|\d+[.)])\s`)
)

// speechIn returns what of starting instructions is surely said: what they quote,
// or all of a text without a list. Lists and headings tell the model what to do.
func speechIn(text string) string {
	var said []string
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		said = append(said, strings.Join(m[1:], ""))
	}
	switch {
	case len(said) > 0:
		return strings.Join(said, " ")
	case listing.MatchString(text):
		return ""
	}
	return text
}
