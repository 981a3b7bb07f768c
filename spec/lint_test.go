package spec

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/schema"
)

// TestSeconds holds the estimate against syllables and characters that were counted
// by hand.
func TestSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want float64
	}{
		"English":                     {"Is now a good time to talk?", 27 / 15.0},
		"Hindi: na-ma-te, mai, ma-ya": {"नमस्ते, मैं माया।", 6 / 6.0},
		"Tamil: va-na-ka, na, ma-ya":  {"வணக்கம், நான் மாயா.", 6 / 6.0},
		"a name in an English text":   {"I am माया.", 5/15.0 + 2/6.0},
		"Urdu":                        {"السلام", 6 / 12.0},
		"Chinese":                     {"您好", 2 / 5.0},
		"a placeholder":               {"{name}", 4 / 15.0},
		"none":                        {"", 0},
	} {
		if got := seconds(c.text); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s: %.2f seconds, want %.2f", name, got, c.want)
		}
	}
}

// TestNoFalseAlarm has texts that look like what a rule finds, and are none.
func TestNoFalseAlarm(t *testing.T) {
	list := "Begin like this:\n" + strings.Repeat("- ask for the order's number, and say it again\n", 10)
	if s := seconds(speechIn(list)); s > longestStart {
		t.Errorf("a list of what to do is speech of %.0f seconds", s)
	}
	quote := strings.Repeat("Be polite, whatever happens, and wait for the answer. ", 6) + `Then say: "Namaste, this is Maya."`
	if s := seconds(speechIn(quote)); s > longestStart {
		t.Errorf("what is quoted is speech of %.0f seconds", s)
	}
	for _, c := range []struct{ text, words string }{
		{"ask qualifying questions", "lead_status qualified not_qualified"},
		{"book a slot if they are interested", "result booked"},
		{"क्या वे खरीदना चाहते हैं", "खरीदना"},
		{"note whether the bill is paid", "x PAID unpaid"},
	} {
		if !hintedAt(c.text, c.words) {
			t.Errorf("nothing in %q is taken for one of %q", c.text, c.words)
		}
	}
	if hintedAt("be polite", "mood happy angry") {
		t.Error("a text that names no value is taken for one that does")
	}
	for tag, want := range map[string]string{"hi": "hi", "hi-IN": "hi", "EN_us": "en", "multi": "", "": "", "hi,en": ""} {
		if got := language(tag); got != want {
			t.Errorf("language(%q) is %q, want %q", tag, got, want)
		}
	}
	for _, voice := range []string{"aura-asteria-en", "en-IN-NeerjaNeural", "Indus-maya", "eleven-max-1", "hi-maya"} {
		if voiceLanguage.MatchString(voice) {
			t.Errorf("the voice %s is taken to tell its language", voice)
		}
	}
}

// TestEveryRuleIsTold holds that the page of gates tells of every rule of the registry, and
// that every rule that is reported is one.
func TestEveryRuleIsTold(t *testing.T) {
	page, err := os.ReadFile("../docs/gates.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range schema.LintRules() {
		rows[row.Name] = true
		if !strings.Contains(string(page), "\n| `"+row.Name+"` | ") {
			t.Errorf("docs/gates.md does not tell of the rule %s", row.Name)
		}
	}
	used := []string{ruleUndeclared, ruleMisspelt, ruleTag, ruleMixed, ruleUnused, ruleEnum, ruleLong, ruleMany, ruleTokens, ruleVoice, ruleNoPrompt, rulePinned, ruleSpokenComment}
	for _, rule := range used {
		if !rows[rule] {
			t.Errorf("the rule %s is in no row of the registry", rule)
		}
	}
	if len(used) != len(rows) {
		t.Errorf("%d rules are reported, the registry has %d", len(used), len(rows))
	}
}
