package words

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// unified is a difference as a patch without context, for tests to read.
func unified(before, after string) string {
	old, now := Split(before), Split(after)
	var b strings.Builder
	for _, h := range Lines(old, now) {
		fmt.Fprintf(&b, "@%d\n", h.New.From+1)
		for _, line := range old[h.Old.From:h.Old.To] {
			b.WriteString("-" + line + "\n")
		}
		for _, line := range now[h.New.From:h.New.To] {
			b.WriteString("+" + line + "\n")
		}
	}
	return b.String()
}

// TestNoUnchangedLineShows holds the two differences that an algorithm anchored
// on lines that occur once got wrong.
func TestNoUnchangedLineShows(t *testing.T) {
	json := "{\n  \"a\": 1,\n  \"b\": 2\n},\n{\n  \"a\": 3,\n  \"b\": 4\n},\n{\n  \"a\": 1,\n  \"b\": 2\n}"
	edited := strings.NewReplacer(": 3", ": 30", ": 4", ": 40").Replace(strings.Replace(json, ": 1", ": 10", 1))
	blocks := strings.Repeat("- item:\n  ask: yes\n", 24)
	for _, tt := range []struct {
		name, before, after string
		added, removed      int
	}{
		{"three values of JSON", json, edited, 3, 3},
		{"first and last line around repeated blocks", "first\n" + blocks + "last", "erste\n" + blocks + "letzte", 2, 2},
		{"nothing", "a\n\nb", "a\n\nb", 0, 0},
		{"a new text", "", "a\nb", 2, 0},
		{"a text that goes", "a\nb", "", 0, 2},
		{"more than the library looks for", strings.Repeat("a\nb\n", 200), strings.Repeat("b\na\n", 200), 1, 1},
		{"other lines between kept ones", lines(300, "old %d\nkept %d\n"), lines(300, "new %d\nkept %d\n"), 300, 300},
	} {
		added, removed := Count(Lines(Split(tt.before), Split(tt.after)))
		if added != tt.added || removed != tt.removed {
			t.Errorf("%s: +%d -%d, want +%d -%d", tt.name, added, removed, tt.added, tt.removed)
		}
	}
}

func lines(n int, form string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, form, i, i)
	}
	return b.String()
}

// TestHunksBeginWhereTheyRead: of the places where the same lines can be shown
// as added or removed, a hunk takes one that is a paragraph or a section.
func TestHunksBeginWhereTheyRead(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"a paragraph", "One.\n\nTwo.\n\nThree.", "One.\n\nNew.\n\nTwo.\n\nThree.", "@3\n+New.\n+\n"},
		{"a paragraph at the end", "One.\n\nTwo.", "One.\n\nTwo.\n\nNew.", "@4\n+\n+New.\n"},
		{"a section", "# A\nSay a.\n\n# B\nSay b.\n", "# A\nSay a.\n\n# N\nSay n.\n\n# B\nSay b.\n", "@4\n+# N\n+Say n.\n+\n"},
		{"a section that goes", "# A\nSay.\nEnd.\n# B\nSay.\nEnd.\n# C\nSay.\nEnd.", "# A\nSay.\nEnd.\n# C\nSay.\nEnd.", "@4\n-# B\n-Say.\n-End.\n"},
		{"one more of the same line", "a\na\na", "a\na\na\na", "@4\n+a\n"},
	} {
		if d := cmp.Diff(tt.want, unified(tt.before, tt.after)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// leadsTo checks that hunks are all that differs, in order and apart.
func leadsTo(t interface{ Fatalf(string, ...any) }, before, after []string, hunks []Hunk) {
	var got []string
	i := 0
	for k, h := range hunks {
		if h.Len() == 0 || k > 0 && h.Old.From <= i {
			t.Fatalf("%v touches its neighbour or is empty, of %q and %q", h, before, after)
		}
		got = append(append(got, before[i:h.Old.From]...), after[h.New.From:h.New.To]...)
		i = h.Old.To
	}
	got = append(got, before[i:]...)
	if d := cmp.Diff(append([]string{}, after...), append([]string{}, got...)); d != "" {
		t.Fatalf("%q and the hunks %v do not make %q:\n%s", before, hunks, after, d)
	}
}

// TestHunksLeadFromOneTextToTheOther holds whatever the texts are, also where
// the library gives up, and for words as well.
func TestHunksLeadFromOneTextToTheOther(t *testing.T) {
	text := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "# c", "d e"}), 0, 200)
	rapid.Check(t, func(t *rapid.T) {
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		leadsTo(t, before, after, Lines(before, after))
		leadsTo(t, before, after, shortest(before, after))
		leadsTo(t, before, after, search(before, after))
	})
}

// shuffled edits a text as people do, and worse: lines go, come, are doubled,
// and whole blocks move.
func shuffled(r *rand.Rand, text []string, kinds int) []string {
	out := append([]string{}, text...)
	for range r.IntN(1 + r.IntN(30)) {
		at := r.IntN(len(out) + 1)
		n := r.IntN(min(len(out)-at, 8) + 1)
		switch r.IntN(4) {
		case 0:
			out = append(out[:at:at], out[at+n:]...)
		case 1:
			out = append(append(out[:at:at], randomText(r, 1+r.IntN(4), kinds)...), out[at:]...)
		case 2:
			out = append(append(out[:at:at], out[at:at+n]...), out[at:]...)
		default:
			block := append([]string{}, out[at:at+n]...)
			out = append(out[:at:at], out[at+n:]...)
			to := r.IntN(len(out) + 1)
			out = append(append(out[:to:to], block...), out[to:]...)
		}
	}
	return out
}

func randomText(r *rand.Rand, n, kinds int) []string {
	out := make([]string, n)
	for i := range out {
		if out[i] = fmt.Sprintf("line %d", r.IntN(kinds)); r.IntN(4) == 0 {
			out[i] = ""
		}
	}
	return out
}

// TestNeverMoreThanGit holds that no difference has more lines than git's
// shortest one of the same two texts.
func TestNeverMoreThanGit(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	for range exhaustive.Or(300, 10000) {
		kinds := 1 + r.IntN(200)
		before := randomText(r, r.IntN(400), kinds)
		after := shuffled(r, before, kinds)
		if r.IntN(3) == 0 {
			after = randomText(r, r.IntN(400), kinds)
		}
		hunks := Lines(before, after)
		leadsTo(t, before, after, hunks)
		added, removed := Count(hunks)
		if gitAdded, gitRemoved := gitCount(t, dir, before, after); added+removed > gitAdded+gitRemoved {
			t.Fatalf("+%d -%d, git shows +%d -%d, of\n%q\n%q", added, removed, gitAdded, gitRemoved, before, after)
		}
	}
}

// gitCount is how many lines git shows as added and removed.
func gitCount(t *testing.T, dir string, before, after []string) (added, removed int) {
	for name, text := range map[string][]string{"before": before, "after": after} {
		ended := ""
		if len(text) > 0 {
			ended = strings.Join(text, "\n") + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(ended), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "diff", "--no-index", "--minimal", "--numstat", "before", "after")
	cmd.Dir = dir
	out, err := cmd.Output()
	if len(out) == 0 && err == nil {
		return 0, 0 // no difference
	}
	if _, scanErr := fmt.Sscan(string(out), &added, &removed); scanErr != nil {
		t.Fatalf("git says %q, %v, %v", out, err, scanErr)
	}
	return added, removed
}

// hundredKB is two prompts of 100 KB, the second one rewritten: every line is
// another, but for blank ones and some that the two share in another order.
func hundredKB(form string) (before, after []string) {
	r := rand.New(rand.NewPCG(3, 4))
	size := 0
	for size < 100_000 {
		line := fmt.Sprintf(form, r.IntN(500), r.IntN(3))
		before = append(before, line)
		after = append(after, fmt.Sprintf(form, r.IntN(500), r.IntN(3)))
		size += len(line) + 1
	}
	return before, after
}

// BenchmarkRewritten is to stay far below 100 ms, also for lines so short that
// there are thousands.
func BenchmarkRewritten(b *testing.B) {
	for name, form := range map[string]string{"sentences": "When the caller asks about product %d, answer in %d sentences.", "short": "%d: %d.", "words": "%d %d"} {
		before, after := hundredKB(form)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if name == "words" {
					mark(strings.Join(before, " "), strings.Join(after, " "))
				} else {
					Lines(before, after)
				}
			}
		})
	}
}
