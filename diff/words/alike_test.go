package words

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlike(t *testing.T) {
	tests := []struct {
		name, before, after string
		want                []Pair
	}{
		{"the same", "क़लम", "क़लम", nil},
		{"two forms of a Hindi letter", "\u0915\u093c\u0932\u092e", "\u0958\u0932\u092e", []Pair{{"\u0915\u093c", "\u0958"}}},
		{"composed, decomposed, and a word that is new", "cafe\u0301 now", "the caf\u00e9 now", []Pair{{"e\u0301", "\u00e9"}}},
		{"a Cyrillic letter, twice", "paypal", "p\u0430yp\u0430l", []Pair{{"a", "\u0430"}}},
		{"a joiner", "\u0915\u094d\u0937", "\u0915\u094d\u200d\u0937", []Pair{{"\u0915\u094d\u0937", "\u0915\u094d\u200d\u0937"}}},
		{"a curly quote", "don't", "don\u2019t", []Pair{{"'", "\u2019"}}},
		{"other words", "नाम पूछें", "बजट पूछें", nil},
		{"ASCII alone", "1st é", "lst é", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Alike(tt.before, tt.after)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAlignPairsWhatLooksTheSame holds that an old and a new line that look the
// same stand one above the other, also where they are too many to be paired by
// their words.
func TestAlignPairsWhatLooksTheSame(t *testing.T) {
	for _, n := range []int{1, 200} {
		var before, after []string
		for range n {
			before, after = append(before, "e\u0301"), append(after, "\u00e9")
		}
		lines := Align(before, after)
		for i := 0; i < len(lines); i += 2 {
			if lines[i].Sign != '-' || lines[i+1].Sign != '+' {
				t.Fatalf("of %d lines, %d and %d are no pair: %v", n, i, i+1, lines[i:i+2])
			}
		}
	}
}
