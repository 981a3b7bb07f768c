package spec

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/agentsync/agentsync/schema"
)

// checkSpeech holds what an agent says and hears against the rules of the lint that
// are about more than one of its fields, or about a text as a whole.
func (l *loader) checkSpeech(spec *node) {
	config := spec.Get(SectionConfig)
	for _, field := range SpokenFields() {
		n := config.Get(field)
		if strings.Contains(n.Text(), ignoreWord) {
			l.lint(ruleSpokenComment, warning(startOf(n), "take it out: what is to be ignored in a prompt file stands in the manifest, at the line that names it",
				"%s: the text holds %q, which is spoken", field, ignoreWord), at(n)...)
		}
	}
	l.checkLength(config.Get("starting_instructions"))
	l.checkTokens(config.Get("llm_config", "max_tokens"), language(config.Get("stt_config", "language").Text()))
	l.checkVoice(config.Get("tts_config", "voice_id"), config.Get("stt_config", "language"))
	l.checkEnums(config, spec.Get(SectionOutcomes))
}

// at are the places where a comment turns a rule off for a prompt: its key, and
// each file that it names.
func at(n *node) []Pos { return append([]Pos{n.KeyPos(), n.Pos}, promptOf(n).named...) }

// startOf is where a prompt's text begins.
func startOf(n *node) Pos {
	if from := promptOf(n).segments; len(from) > 0 && from[0].File != n.Pos.File {
		return Pos{File: from[0].File, Line: from[0].Line, Column: 1}
	}
	return n.Pos
}

// longestStart is how many seconds of starting instructions are not too long: who is
// called has said nothing yet.
const longestStart = 15

func (l *loader) checkLength(start *node) {
	const fewest = 200 // bytes; less is never too long, in any script
	if len(start.Text()) < fewest {
		return
	}
	if s := seconds(speechIn(start.Text())); s > longestStart {
		l.lint(ruleLong, warning(startOf(start), "shorten them, or leave a part to the system prompt; counted are 15 characters a second, or 6 syllables of an Indian script",
			"starting_instructions: to speak them takes about %.0f seconds, more than %d", s, longestStart), at(start)...)
	}
}

// fewestTokens are those of a spoken sentence of about 20 words, in English and in
// languages whose words take more tokens.
const (
	fewestTokens       = 30
	fewestTokensIndian = 60
)

// indianLanguages are those of the Indian scripts.
var indianLanguages = []string{"as", "bn", "gu", "hi", "kn", "ml", "mr", "ne", "or", "pa", "sa", "si", "ta", "te"}

func (l *loader) checkTokens(tokens *node, heard string) {
	number, _ := tokens.Value().(json.Number)
	n, err := number.Int64()
	fewest := int64(fewestTokens)
	if slices.Contains(indianLanguages, heard) {
		fewest = fewestTokensIndian
	}
	if err == nil && n > 0 && n < fewest {
		l.lint(ruleTokens, warning(tokens.Pos, "0 leaves it to the platform; to keep answers short, say so in the prompt",
			"llm_config.max_tokens: %d cuts a sentence of 20 words, which takes about %d tokens", n, fewest))
	}
}

var (
	voiceLanguage = regexp.MustCompile(`^Indus-([a-z]{2})-`)
	languageTag   = regexp.MustCompile(`^([a-zA-Z]{2})(?:[-_][a-zA-Z]{2,4})?$`)
)

// language is what a transcriber's language tells of itself: "hi" for hi-IN, and ""
// for what is no single language, such as multi.
func language(tag string) string {
	if m := languageTag.FindStringSubmatch(tag); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

func (l *loader) checkVoice(voice, transcriber *node) {
	m, heard := voiceLanguage.FindStringSubmatch(voice.Text()), language(transcriber.Text())
	if m != nil && heard != "" && m[1] != heard {
		l.lint(ruleVoice, warning(voice.Pos, "choose a voice of that language, or another stt_config.language",
			"tts_config.voice_id: the voice %s speaks %s, and the transcriber hears %s", schema.Quote(voice.Text()), m[1], transcriber.Text()),
			voice.KeyPos(), transcriber.KeyPos())
	}
}

// checkEnums looks for outcomes with values to choose from of which no text tells
// the agent, in any form of the words.
func (l *loader) checkEnums(config, outcomes *node) {
	if !config.Get("system_prompt").IsText() {
		return
	}
	said := ""
	for _, item := range outcomes.Below {
		choices := item.Get("outcome_enum").Texts()
		if item.Get("outcome_type").Text() != "FIXED" || len(choices) == 0 {
			continue
		}
		if said == "" {
			said = saidIn(config)
		}
		name, texts := item.Get("outcome_name"), said+" "+strings.ToLower(item.Get("outcome_description").Text())
		words := name.Text()
		for _, choice := range choices {
			words += " " + choice.Text()
		}
		if !hintedAt(texts, words) && isLatin(words) == isLatin(texts) {
			l.lint(ruleEnum, warning(name.Pos, "say in the prompt or in outcome_description when each value holds",
				"call_outcomes: nothing tells the agent of %s or of one of its values", schema.Quote(name.Text())), item.KeyPos(), name.Pos)
		}
	}
}

// saidIn is all that a config tells the agent, in lower case.
func saidIn(config *node) string {
	var said []string
	for _, list := range []*node{config.Get("guidelines"), {Below: config.Get("examples").Below}} {
		for _, n := range append(list.Texts(), list.Texts("content")...) {
			said = append(said, n.Text())
		}
	}
	for _, field := range SpokenFields() {
		said = append(said, config.Get(field).Text())
	}
	return strings.ToLower(strings.Join(said, " "))
}

// hintedAt reports whether a text, in lower case, has the beginning of one of the
// words: "qualif" of qualified is in "qualifying".
func hintedAt(text, words string) bool {
	const ending, shortest = 3, 4 // runes
	for _, word := range strings.FieldsFunc(strings.ToLower(words), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r)
	}) {
		stem := []rune(word)
		if strings.Contains(text, string(stem[:min(len(stem), max(shortest, len(stem)-ending))])) {
			return true
		}
	}
	return false
}

func isLatin(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) })
}
