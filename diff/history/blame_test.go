package history

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// prompts are versions 1, 2 … with these prompts, as a timeline has them: the
// highest number first. One that begins with "draft:" is one.
func prompts(texts ...string) []Version {
	var out []Version
	for i, text := range texts {
		status := "published"
		if rest, ok := strings.CutPrefix(text, "draft:"); ok {
			text, status = rest, "draft"
		}
		config := value.Of(map[string]any{"system_prompt": text})
		out = append(out, Version{Number: i + 1, Status: status, Content: diff.Content{Config: config}})
	}
	slices.Reverse(out)
	return out
}

func TestBlame(t *testing.T) {
	for _, c := range []struct {
		name     string
		versions []Version
		live     int
		whole    bool
		want     string // "version line" for each line
		left     int
	}{
		{"one version", prompts("a\nb"), 1, true, "1 a, 1 b", 0},
		{"an added and a changed line", prompts("a\nb", "a\nb\nc", "a\nB\nc"), 3, true, "1 a, 3 B, 2 c", 0},
		{"a line that went and came back is the last one's", prompts("a\nb", "a", "a\nb\nc"), 3, true, "1 a, 3 b, 3 c", 0},
		{"a draft plays no part", prompts("a", "draft:a\nb", "a\nb"), 3, true, "1 a, 3 b", 0},
		{"later versions play no part after a rollback", prompts("a", "a\nb", "c"), 2, true, "1 a, 2 b", 0},
		{"a rollback that made a new version brought nothing", prompts("a", "a\nb", "c", "a\nb"), 4, true, "1 a, 2 b", 0},
		{"the same lines twice", prompts("a\na", "a\nb\na"), 2, true, "1 a, 2 b, 1 a", 0},
		{"older versions are not read", prompts("a", "a\nb", "a\nb\nc")[:2], 3, false, "0 a, 0 b, 3 c", 2},
		{"all is known without them", prompts("a", "b", "c")[:2], 3, false, "3 c", 0},
		{"no prompt", prompts("a", ""), 2, true, "", 0},
		{"nothing live", prompts("draft:a"), 0, true, "", 0},
		{"Hindi", prompts("नमस्ते\nधन्यवाद", "नमस्ते {name}\nधन्यवाद"), 2, true, "2 नमस्ते {name}, 1 धन्यवाद", 0},
	} {
		lines, left := Blame(c.versions, c.live, c.whole)
		var got []string
		for _, l := range lines {
			got = append(got, fmt.Sprintf("%d %s", l.Version, l.Text))
		}
		if text := strings.Join(got, ", "); text != c.want || left != c.left {
			t.Errorf("%s: %s, %d left; want %s, %d left", c.name, text, left, c.want, c.left)
		}
	}
}

// Whatever the versions are, the lines are the live prompt's, each version that
// brought one has it, and reading on never changes what is known.
func TestBlameHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab\n")), 0, 12, -1), 1, 8).Draw(t, "texts")
		all := prompts(texts...)
		live := len(texts)
		lines, left := Blame(all, live, true)
		if left != 0 {
			t.Fatalf("%d lines left", left)
		}
		var joined []string
		for i, l := range lines {
			joined = append(joined, l.Text)
			has := "\n" + all[live-l.Version].Content.Config.Get("system_prompt").Text() + "\n"
			if !strings.Contains(has, "\n"+l.Text+"\n") {
				t.Fatalf("line %d, %q, is not in v%d", i, l.Text, l.Version)
			}
		}
		if text := strings.Join(joined, "\n"); text != all[0].Content.Config.Get("system_prompt").Text() {
			t.Fatalf("the lines are %q", text)
		}
	})
}

// TestFindCopies holds which versions repeat an older one: with its config, its notes
// and the commit of its line.
func TestFindCopies(t *testing.T) {
	version := func(number int, prompt, notes, commit, status string) Version {
		v := Version{Number: number, Status: status, Notes: notes, Content: diff.Content{Config: value.Of(map[string]any{"system_prompt": prompt})}}
		if commit != "" {
			v.Commit = &Commit{ID: commit}
		}
		return v
	}
	versions := []Version{
		version(9, "One.", "", "c1", "published"),
		version(8, "One.", "", "c1", "draft"),
		version(7, "One.", "mine", "c1", "archived"),
		version(6, "One.", "", "", "archived"),
		version(5, "One.", "", "c5", "archived"),
		version(4, "One.", "", "c1", "archived"),
		version(3, "Two.", "", "c1", "archived"),
		version(2, "One.", "", "c1", "archived"),
		version(1, "One.", "", "c1", "draft"),
	}
	FindCopies(versions)
	got := map[int]int{}
	for _, v := range versions {
		got[v.Number] = v.CopyOf
	}
	want := map[int]int{9: 2, 8: 0, 7: 0, 6: 0, 5: 0, 4: 2, 3: 0, 2: 0, 1: 0}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
