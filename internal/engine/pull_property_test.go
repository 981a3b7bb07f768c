package engine_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/exhaustive"
	"pgregory.net/rapid"
)

// TestPull holds of any manifests and any drift: after a pull a plan is empty; of
// the files, only lines of what changed have changed; fmt then changes no plan, and
// fmt again changes nothing.
func TestPull(t *testing.T) {
	exhaustive.Checks(t, "50", "500") // each writes and syncs a dozen files
	rapid.Check(t, func(t *rapid.T) {
		w := newPullWorld(t)
		defer w.close()
		w.write()
		w.apply()
		before := w.read()
		changed := w.drift()
		pull, err := w.load().Pull(context.Background(), engine.PullOptions{})
		if err != nil {
			t.Fatal(err)
		}
		left := map[string]engine.PulledAgent{}
		for _, a := range pull.Agents {
			left[a.Name] = a
			if a.Err != nil && !cannotBe(a.Err) {
				t.Fatalf("%s: %v\n%s", a.Name, a.Err, w.files())
			}
			for _, l := range a.Left {
				if !cannotBe(l.Err) {
					t.Fatalf("%s: %s: %v\n%s", a.Name, l.Path, l.Err, w.files())
				}
			}
		}
		if _, err := pull.Write(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.settled("the pull", left)
		w.checkLines(before, changed)

		changes, err := engine.Format(w.opt(), nil)
		if err == nil {
			err = engine.WriteFiles(w.dir, changes)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.settled("fmt", left)
		if again, err := engine.Format(w.opt(), nil); err != nil || len(again) > 0 {
			t.Fatalf("fmt twice: %v %v", err, again)
		}
	})
}

// cannotBe reports whether an error is about what no files can be made to say.
func cannotBe(err error) bool {
	return strings.Contains(err.Error(), "can't be told to belong to one of them") || strings.Contains(err.Error(), "a manifest can't leave out what its base gives")
}

// checkLines fails where a line is gone that has nothing to do with what changed.
func (w *pullWorld) checkLines(before map[string][]byte, changed []string) {
	may := w.lines(changed)
	for name, data := range w.read() {
		old, now := bytes.SplitAfter(before[name], []byte("\n")), bytes.SplitAfter(data, []byte("\n"))
		if strings.HasSuffix(name, ".md") {
			w.checkPrompt(name, before[name], data)
			continue
		}
		doc := strings.TrimSuffix(name, ".yaml")
		at := 0                                 // of the new lines, up to where the old ones that stay were found
		for i, line := range old[:len(old)-1] { // the last one may get a line end
			if may(doc, i, old) {
				continue
			}
			n := slices.IndexFunc(now[at:], func(l []byte) bool { return bytes.Equal(l, line) })
			if n < 0 && at < len(now) && bytes.Equal(now[len(now)-1], bytes.TrimRight(line, "\r\n")) {
				n = len(now) - 1 - at // it is the last one now, of a file that did not end its last line
			}
			if n < 0 {
				w.Fatalf("%s:%d changed and had not to: %q\n%s\nchanged: %v\n%s", name, i+1, line, before[name], changed, data)
			}
			at += n + 1
		}
	}
}

// checkPrompt fails where a line of a prompt file is not as it was, though its text
// is.
func (w *pullWorld) checkPrompt(name string, before, after []byte) {
	if before == nil {
		return
	}
	lines := func(data []byte, bare bool) (out []string) {
		for line := range strings.Lines(string(data)) {
			if bare {
				line = strings.TrimRight(line, "\r\n")
			}
			out = append(out, line)
		}
		return out
	}
	_, bare := words.Count(words.Lines(lines(before, true), lines(after, true)))
	_, whole := words.Count(words.Lines(lines(before, false), lines(after, false)))
	if whole > bare+1 { // the last line may get a line end
		w.Fatalf("%s: %d lines went, and of %d the text changed\n%q\n%q", name, whole, bare, before, after)
	}
}

// lines returns which lines of a file may change when values do.
func (w *pullWorld) lines(changed []string) func(doc string, i int, old [][]byte) bool {
	related := func(a, b string) bool {
		return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
	}
	all := slices.Clone(changed)
	for range 4 {
		for _, kin := range w.styles.kin {
			if slices.ContainsFunc(all, func(c string) bool { return related(c, kin[0]) || related(c, kin[1]) }) {
				all = append(all, kin...)
			}
		}
	}
	for list := range w.styles.at { // a list of which no item stays is written anew
		if !strings.HasSuffix(list, ".call_outcomes") && !strings.HasSuffix(list, ".call_infields") {
			continue
		}
		stays := false
		for item := range w.styles.at {
			name, below := strings.CutPrefix(item, list+".")
			stays = stays || below && !strings.Contains(name, ".") && !slices.Contains(all, item)
		}
		if !stays {
			all = append(all, list)
		}
	}
	// Where the first key behind a dash goes, what comes next takes its place.
	follows := map[string]int{}
	for _, path := range all {
		up := path[:max(0, strings.LastIndex(path, "."))]
		r, known := w.styles.at[path]
		if item, is := w.styles.at[up]; known && is && item[0] == r[0] {
			follows[path] = r[1]
		}
	}
	return func(doc string, i int, old [][]byte) bool {
		within := func(path string) bool {
			r, known := w.styles.at[path]
			for known && r[0] > 0 && r[0] <= len(old) && bytes.HasPrefix(bytes.TrimSpace(old[r[0]-1]), []byte("#")) {
				r[0]-- // the comment right above goes with what goes
			}
			return known && i >= r[0] && i < r[1] && (doc == "all" || strings.HasPrefix(path, doc+"."))
		}
		for _, path := range all {
			if within(path) {
				return true
			}
			if after, first := follows[path]; first && (doc == "all" || strings.HasPrefix(path, doc+".")) {
				for after < len(old) && len(bytes.TrimSpace(old[after])) == 0 {
					if i == after {
						return true
					}
					after++
				}
				if i == after {
					return true
				}
			}
			for up := path; strings.Contains(up, "."); { // what is new goes into brackets, or "key:" becomes "key: []"
				up = up[:strings.LastIndex(up, ".")]
				if r, known := w.styles.at[up]; known && i == r[0] && within(up) {
					return true
				}
			}
		}
		return false
	}
}
