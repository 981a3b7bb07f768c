package diff

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Phone is a customer's phone number: digits with the country code. However it
// is printed or written, it shows its last four digits alone.
type Phone struct{ digits string }

// ParsePhone reads a number as people write it: digits with the country code, a
// plus before them or not. The error does not repeat it.
func ParsePhone(s string) (Phone, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(s), "+")
	switch {
	case strings.Trim(digits, "0123456789") != "":
		return Phone{}, errors.New("no phone number: want digits alone, with the country code, such as 919999999999")
	case len(digits) < minDigits || len(digits) > maxDigits:
		return Phone{}, fmt.Errorf("no phone number: %d digits, want 8 to 15, with the country code", len(digits))
	case digits[0] == '0':
		return Phone{}, errors.New("no phone number with a country code: it begins with 0")
	}
	return Phone{digits}, nil
}

// Reveal returns the digits, for the request that dials them and nothing else.
func (p Phone) Reveal() string { return p.digits }

// IsZero says that it is no number.
func (p Phone) IsZero() bool { return p.digits == "" }

// String is the number masked; "" for none.
func (p Phone) String() string { return maskDigits(p.digits) }

// Format prints the number masked, whatever the verb.
func (p Phone) Format(f fmt.State, _ rune) { fmt.Fprint(f, p.String()) }

// MarshalText writes the number masked.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// A phone number has so many digits, with the country code.
const (
	minDigits   = 8
	maxDigits   = 15
	shownDigits = 4
)

// maskDigits is a number with all but its last digits left out, and not even how
// many they were.
func maskDigits(number string) string {
	var digits []rune
	for _, r := range number {
		if unicode.IsDigit(r) {
			digits = append(digits, r)
		}
	}
	if len(digits) <= shownDigits {
		return string(digits)
	}
	return "…" + string(digits[len(digits)-shownDigits:])
}

var (
	// spoken numbers are heard digit by digit: 9 1 9 9, or 9, 1, 9, 9.
	spoken = regexp.MustCompile(`\p{Nd}(?:[ ,.-]{1,2}\p{Nd}){7,}`)
	// chains are digits with what people write between those of a number.
	chains = regexp.MustCompile(`(?:\(?\+)?\(?\p{Nd}(?:[\x{a0} ().–/-]{0,3}\p{Nd})+`)
	dates  = regexp.MustCompile(`(?:19|20)\d\d[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-](?:19|20)\d\d`)
	groups = regexp.MustCompile(`\p{Nd}+`)
	// grouped numbers are in a chain with other numbers.
	grouped = regexp.MustCompile(`\+\p{Nd}(?:[ ()-]{0,2}\p{Nd}){7,14}|\p{Nd}{5}[ -]\p{Nd}{5}`)
	words   = regexp.MustCompile(`\+?[\pL\pM\p{Nd}_]+`)
)

// MaskPhones returns text with every phone number in it masked: every word of 8 to
// 15 digits, and as many digits with blanks, hyphens, dots, slashes or brackets
// between them where they are grouped as those of a number are, or spoken one by
// one. Identifiers with letters in them stay, and so do dates, amounts and what is
// numbered by years (2026-000123).
func MaskPhones(text string) string {
	text = maskAlone(spoken, text, maskDigits)
	text = maskAlone(chains, text, maskChain)
	text = grouped.ReplaceAllStringFunc(text, maskDigits)
	return words.ReplaceAllStringFunc(text, func(word string) string {
		digits := strings.TrimPrefix(word, "+")
		n := 0
		for _, r := range digits {
			if n++; !unicode.IsDigit(r) {
				return word
			}
		}
		if n < minDigits || n > maxDigits {
			return word
		}
		return maskDigits(digits)
	})
}

// maskAlone replaces what a form finds and what is no part of a longer word: no
// letter or digit stands beside it, and no letter with a sign before it (ORD-12345).
func maskAlone(form *regexp.Regexp, text string, mask func(string) string) string {
	partOfWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }
	var b strings.Builder
	done := 0
	for _, at := range form.FindAllStringIndex(text, -1) {
		before, sign := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if strings.ContainsRune("-/#", before) {
			before, _ = utf8.DecodeLastRuneInString(text[:at[0]-sign])
		}
		if !partOfWord(before) && !partOfWord(after) {
			b.WriteString(text[done:at[0]] + mask(text[at[0]:at[1]]))
			done = at[1]
		}
	}
	return b.String() + text[done:]
}

// maskChain masks a chain of digits that is one number, apart from the dates in it.
func maskChain(chain string) string {
	plus := strings.HasPrefix(strings.TrimLeft(chain, "("), "+")
	if at := dates.FindStringIndex(chain); at != nil && !plus {
		before, _ := utf8.DecodeLastRuneInString(chain[:at[0]])
		after, _ := utf8.DecodeRuneInString(chain[at[1]:])
		if !unicode.IsDigit(before) && !unicode.IsDigit(after) {
			return maskChain(chain[:at[0]]) + chain[at[0]:at[1]] + maskChain(chain[at[1]:])
		}
	}
	if plus && isOfLength(chain) || isGrouped(chain) {
		start, end := strings.IndexFunc(chain, unicode.IsDigit), strings.LastIndexFunc(chain, unicode.IsDigit)
		_, size := utf8.DecodeRuneInString(chain[end:])
		lead := strings.TrimSuffix(chain[:start], "+")
		if strings.Contains(chain, ")") {
			lead = strings.TrimSuffix(lead, "(") // of a prefix in brackets, which goes with it
		}
		return lead + maskDigits(chain) + chain[end+size:]
	}
	return chain
}

func isOfLength(chain string) bool {
	n := utf8.RuneCountInString(strings.Join(groups.FindAllString(chain, -1), ""))
	return n >= minDigits && n <= maxDigits
}

// isGrouped reports whether the groups of digits in a chain are those of one phone
// number: at least four digits one by one, or ten in all. A group that is a number
// by itself has others beside it; a last digit alone, four groups with dots, and
// parts of an amount are none.
func isGrouped(chain string) bool {
	const wholeNumber, byOnes = 10, 4
	parts := groups.FindAllString(chain, -1)
	n, ones := 0, 0
	for _, part := range parts {
		size := utf8.RuneCountInString(part)
		if size >= minDigits {
			return false
		}
		if n += size; size == 1 {
			ones++
		}
	}
	if n < minDigits || n > maxDigits || len(parts) < 2 {
		return false
	}
	first, last := parts[0], utf8.RuneCountInString(parts[len(parts)-1])
	isYear := len(first) == 4 && (strings.HasPrefix(first, "19") || strings.HasPrefix(first, "20"))
	isAddress := len(parts) == 4 && strings.Count(chain, ".") == 3
	isAmount := strings.Contains(chain, ".") && last < 3
	return ones >= byOnes || n >= wholeNumber && last > 1 && !isYear && !isAddress && !isAmount
}
