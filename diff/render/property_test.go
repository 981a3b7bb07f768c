package render

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestOutputIsSafe holds for every plan, the hostile one above all: without
// colour no control character gets out, and no line is a command to a CI
// runner, in any form.
func TestOutputIsSafe(t *testing.T) {
	for _, tt := range plans {
		for _, width := range []int{0, 20, 80} {
			for _, verbose := range []bool{false, true} {
				opt := Options{Width: width, Verbose: verbose}
				safe(t, tt.name, text(t, tt.plan, opt))
				var buf bytes.Buffer
				for _, other := range plans {
					if err := Differences(&buf, tt.plan, other.plan, opt); err != nil {
						t.Fatal(err)
					}
				}
				safe(t, tt.name+" differences", buf.String())
			}
		}
		safe(t, tt.name+" markdown", markdownOf(t, tt.plan))
		safe(t, tt.name+" json", jsonOf(t, tt.plan))
	}
}

var command = regexp.MustCompile(`(?m)^[\s\p{Z}]*::|##\[`)

func safe(t *testing.T, name, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%s: not UTF-8", name)
	}
	for _, r := range s {
		if r != '\n' && (unicode.Is(unicode.Cc, r) || words.Hidden(r)) {
			t.Errorf("%s: %U got out", name, r)
		}
	}
	if m := command.FindString(s); m != "" {
		t.Errorf("%s: %q would be obeyed", name, m)
	}
}

// TestColourChangesNothing: without its escapes, the coloured form of a plan
// without long lines is the plain form.
func TestColourChangesNothing(t *testing.T) {
	escapes := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, p := range []*diff.Plan{contractPlan(), everyStep(), rewrittenPlan(), joinedPlan()} {
		want := text(t, p, Options{})
		got := escapes.ReplaceAllString(text(t, p, Options{Color: true}), "")
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-plain +coloured):\n%s", d)
		}
	}
}

// TestOneWordInALongLine guards the promise that a changed word in a 4 KB line
// never shows as two walls of text.
func TestOneWordInALongLine(t *testing.T) {
	for _, opt := range []Options{{}, {Width: 80}, {Width: 80, Color: true}} {
		got := text(t, longLinePlan(), opt)
		if len(got) > 1600 {
			t.Errorf("%+v: %d bytes for one changed word:\n%s", opt, len(got), got)
		}
		if !strings.Contains(got, "one sentence") || !strings.Contains(got, "two short") {
			t.Errorf("%+v: the changed words are not there:\n%s", opt, got)
		}
	}
}

func TestPlurals(t *testing.T) {
	one := plan(unchanged("a"), diff.AgentPlan{Name: "b", Status: diff.Delete, Steps: []diff.Step{{ID: "b/delete_agent", Action: diff.DeleteAgent, Target: "b"}}})
	if got, want := tallyOf(one).String(), "1 to delete, 1 unchanged. 1 step: 1 to remove."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLocate(t *testing.T) {
	src := []spec.Segment{{Start: 1, File: "a.md", Line: 1}, {Start: 4, File: "b.md", Line: 1}, {Start: 9, File: "c.yaml", Line: 7, Fixed: true}}
	for _, tt := range []struct {
		n    int
		file string
		line int
	}{{1, "a.md", 1}, {3, "a.md", 3}, {4, "b.md", 1}, {6, "b.md", 3}, {9, "c.yaml", 7}, {12, "c.yaml", 7}} {
		if file, line := locate(src, tt.n); file != tt.file || line != tt.line {
			t.Errorf("line %d: got %s:%d, want %s:%d", tt.n, file, line, tt.file, tt.line)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain – ₹500 नमस्ते":     "plain – ₹500 नमस्ते",
		"क्\u200dष with a joiner": "क्\u200dष with a joiner",
		"\x1b[2J":                 `\x1b[2J`,
		"❤️‍🔥 1️⃣ ⚠️ 葛\ufe00":     "❤️‍🔥 1️⃣ ⚠️ 葛\ufe00",
		"nice.\ufe00\ufe01":       `nice.\ufe00\ufe01`,
		"a\ufe0f\u200db":          `a\ufe0f\u200db`,
		"क\u200d\u200c\u200dष":    "क\u200d" + `\u200c\u200d` + "ष",
		"\u034f\u3164\u2800":      `\u034f\u3164\u2800`,
		"a\tb\r\n":                `a\tb\r\n`,
		"\u0085\u009b":            `\u0085\u009b`,
		"\u202e\u2066\u2028":      `\u202e\u2066\u2028`,
		"\xff":                    `\xff`,
		"\U000e0041":              `\U000e0041`,
		"a\u00a0b":                `a\u00a0b`,
		" ::error::x":             ` \x3a:error::x`,
		"a ::error::x":            "a ::error::x",
		"a ##[error]x":            `a #\x23[error]x`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"\x1b[31m", "::x", "##[", "\u2028", "क्षत्रिय", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		safe(t, "Escape", strings.ReplaceAll(got, "\n", "\x00"))
		if again := Escape(got); again != got {
			t.Errorf("Escape is not stable: %q, then %q", got, again)
		}
	})
}

// FuzzText puts any two texts into every place that shows text.
func FuzzText(f *testing.F) {
	f.Add("a\nb", "a\nc")
	f.Add(longLine(), strings.Replace(longLine(), "two", "three", 1))
	f.Add("ग्राहक से बजट पूछें", "ग्राहक से\u202e बजट```")
	f.Add("##", "[x\n  ::error::\n\n ::")
	f.Fuzz(func(t *testing.T, before, after string) {
		a := update(step(diff.CreateDraft, after, n(1), nil,
			diff.Change{Path: "system_prompt", Before: value.Of(before), After: value.Of(after)},
			diff.Change{Path: before, Before: value.Of(list(before)), After: value.Of(list(after, before, after))}))
		a.Name, a.AgentName, a.AgentID = before, after, after
		p := plan(a)
		for _, opt := range []Options{{}, {Width: 30}, {Verbose: true}} {
			safe(t, "text", text(t, p, opt))
		}
		md := markdownOf(t, p)
		safe(t, "markdown", md)
		parsed(t, md)
		safe(t, "json", jsonOf(t, p))
	})
}

// FuzzShown shows whatever can be read from a file.
func FuzzShown(f *testing.F) {
	for _, tt := range plans {
		f.Add([]byte(jsonOf(f, tt.plan)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := planfile.Decode(data, diff.FormatVersion) // without the digest, which no fuzzer can guess
		if err != nil {
			safe(t, "error", err.Error())
			return
		}
		safe(t, "text", text(t, p, Options{}))
		parsed(t, markdownOf(t, p))
		parsed(t, DifferencesMarkdown(p, everyStep(), Options{}))
	})
}

// TestColumns: what a terminal shows in two columns counts as two, and what it
// joins counts once. Of Devanagari it is what tmux and the C library move the cursor by.
func TestColumns(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "abc": 3, "✅": 2, "❌": 2, "⚡": 2, "⭐": 2, "👨‍👩‍👧": 2, "👍🏽": 2, "🇮🇳": 2, "1️⃣": 2, "❤️": 2,
		"क्ष": 2, "ग्राहक": 5, "अपॉइंटमेंट": 7, "नहीं": 3, "한": 2, "e\u0301": 1, "城市": 4, "ｱ": 1, "—…→": 3,
	} {
		if got := columns(s); got != want {
			t.Errorf("%q: %d columns, want %d", s, got, want)
		}
	}
}

// TestCutsKeepCharacters: no cut tears a conjunct or an emoji, and none is
// longer than it may be.
func TestCutsKeepCharacters(t *testing.T) {
	for _, tt := range []struct {
		s               string
		limit           int
		start, end, cut string
	}{
		{"क्षक्षक्ष", 4, "क्षक्ष", "क्षक्ष", "क्ष…"},
		{"👨‍👩‍👧👨‍👩‍👧", 3, "👨‍👩‍👧", "👨‍👩‍👧", "👨‍👩‍👧…"},
		{"✅ done", 3, "✅ ", "one", "✅…"},
		{"ask for it", 7, "ask for", " for it", "ask…"},
		{"short", 9, "short", "short", "short"},
	} {
		if start, rest := head(tt.s, tt.limit); start != tt.start || start+rest != tt.s {
			t.Errorf("head of %q: %q", tt.s, start)
		}
		if end := tail(tt.s, tt.limit); end != tt.end {
			t.Errorf("tail of %q: %q, want %q", tt.s, end, tt.end)
		}
		if got := shorten(tt.s, tt.limit); got != tt.cut {
			t.Errorf("%q shortened is %q, want %q", tt.s, got, tt.cut)
		}
	}
}
