package words

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// marked is aligned lines with their marks, for tests to read.
func marked(lines []Line) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteByte(line.Sign)
		for _, p := range line.Parts {
			if p.Changed {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAlignMarksWords(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"a word", "Ask for the city.", "Ask for the budget.", "-Ask for the [city].\n+Ask for the [budget].\n"},
		{"a word more", "Ask for the budget.", "Ask for the budget in rupees.", "-Ask for the budget[].\n+Ask for the budget[ in rupees].\n"},
		{"two words in a row are one change", "Say no to all.", "Say yes, please to all.", "-Say [no] to all.\n+Say [yes, please] to all.\n"},
		{"Hindi", "ग्राहक से बजट पूछें।", "ग्राहक से शहर पूछें।", "-ग्राहक से [बजट] पूछें।\n+ग्राहक से [शहर] पूछें।\n"},
		{"Chinese has no spaces", "请问您的姓名和城市", "请问您的姓名和预算", "-请问您的姓名和[城市]\n+请问您的姓名和[预算]\n"},
		{"no counterpart", "Be brief.", "Frage nach der Stadt.", "-Be brief.\n+Frage nach der Stadt.\n"},
		{"an edited line among others", "Be brief.\nAsk for the city now.", "Ask for the budget now.\nThank the caller.",
			"-Be brief.\n-Ask for the [city] now.\n+Ask for the [budget] now.\n+Thank the caller.\n"},
	} {
		if d := cmp.Diff(tt.want, marked(Align(Split(tt.before), Split(tt.after)))); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestAlignLosesNothing: without marks, the lines are those that were given.
func TestAlignLosesNothing(t *testing.T) {
	text := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abc .,क्षग\u200d😀")), 0, 20, -1), 0, 8)
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		got := map[byte][]string{'-': {}, '+': {}}
		for _, line := range Align(before, after) {
			got[line.Sign] = append(got[line.Sign], line.Text())
		}
		if d := cmp.Diff(map[byte][]string{'-': before, '+': after}, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestClusters(t *testing.T) {
	for _, one := range []string{"a", "é", "e\u0301", "क्ष", "त्र", "ग्रा", "க்ஷ", "ಕ್ಷ", "क्\u200dष", "👨‍👩‍👧", "👍🏽", "🇮🇳", "1️⃣", "❤️", "✅", "\xff"} {
		if n := Cluster(one + "x"); n != len(one) {
			t.Errorf("%q: %d bytes of %d are one character", one, n, len(one))
		}
	}
	if n := Cluster("🇮🇳🇩🇪"); n != len("🇮🇳") {
		t.Errorf("two flags: %d bytes are one character", n)
	}
	if Cluster("") != 0 || Token("") != 0 {
		t.Error("nothing has a character")
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"Ask, then  wait_a 2nd": {"Ask", ",", " ", "then", "  ", "wait_a", " ", "2nd"},
		"ग्राहक से।":            {"ग्राहक", " ", "से", "।"},
		"城市a":                   {"城", "市", "a"},
		"":                      {},
	} {
		if d := cmp.Diff(want, Tokens(text)); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("ग्राहक से\u202e बजट```")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Join(Tokens(s), "") != s {
			t.Errorf("tokens of %q are not its parts", s)
		}
	})
}
