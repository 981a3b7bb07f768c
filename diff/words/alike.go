package words

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mtibben/confusables"
)

// Pair is a character of an old text, with its marks, and another one in its
// place that looks the same.
type Pair struct{ Old, New string }

// Alike returns the characters that differ between two lines and look the same:
// one letter in two Unicode forms, letters of two scripts, joiners that nobody
// sees. Each pair is there once, in the order of the lines. What looks alike in
// ASCII, as l and I do, is none.
func Alike(before, after string) []Pair {
	if before == after || isASCII(before) && isASCII(after) {
		return nil
	}
	var out []Pair
	each(Tokens(before), Tokens(after), func(old, now string) {
		each(clusters(old), clusters(now), func(old, now string) {
			if pair := (Pair{old, now}); !(isASCII(old) && isASCII(now)) && !slices.Contains(out, pair) {
				out = append(out, pair)
			}
		})
	})
	return out
}

// each calls do with what stands at the same place of two lists, and differs, and
// looks the same.
func each(before, after []string, do func(old, now string)) {
	for _, p := range samePairs(looks(before), looks(after)) {
		if old, now := before[p[0]], after[p[1]]; old != now {
			do(old, now)
		}
	}
}

// look is what a text looks like: two that look the same have the same one. It is
// Unicode's own (UTS 39), without what shows in nothing but the characters around
// it.
func look(s string) string { return confusables.Skeleton(unseen.Replace(s)) }

func looks(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = look(s)
	}
	return out
}

var unseen = func() *strings.Replacer {
	pairs := []string{"\u200c", "", "\u200d", ""}
	for r := '\ufe00'; r <= '\ufe0f'; r++ {
		pairs = append(pairs, string(r), "")
	}
	return strings.NewReplacer(pairs...)
}()

func clusters(s string) (out []string) {
	for s != "" {
		n := Cluster(s)
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
