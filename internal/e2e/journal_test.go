package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// journal is what the lock's journal holds; "" where there is none.
func (w *world) journal() string {
	w.t.Helper()
	found, _ := filepath.Glob(filepath.Join(w.dir, ".agentsync", "journal-*"))
	if len(found) == 0 {
		return ""
	}
	data, err := os.ReadFile(found[0])
	if err != nil && !os.IsNotExist(err) {
		w.t.Error(err)
	}
	return string(data)
}

// quarters are how much of an event a power cut leaves; all of it is a kill.
const quarters = 4

// TestEveryJournalEvent cuts the power at each event of the journal: between two
// requests the journal has grown, and the program ends before the second of
// them, with none, a part or all of what was added on disk (the quick tests try
// a seventh). A second apply ends where the undisturbed one did.
func TestEveryJournalEvent(t *testing.T) {
	var tried atomic.Int64
	for name, change := range map[string]func(*sandbox.Options){
		"first readings": func(*sandbox.Options) {},
		"other readings": func(o *sandbox.Options) {
			o.Rollback, o.CreatePublishes, o.Superseded, o.RestoreFields, o.Strict = "clone", false, "published", false, true
			o.Numbers = "once"
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := prepare(t, change, story, history...)
			calm := from(t, base, change)
			var grew []int // at these requests
			request, before := 0, ""
			calm.faults.Add(faults.Rule{Do: faults.Before(func(*http.Request) {
				request++
				if now := calm.journal(); now != before {
					grew, before = append(grew, request), now
				}
			})})
			calm.must(0, "apply", "--auto-approve", "--parallelism", "1")
			calm.faults.Reset()
			if calm.journal() != "" {
				t.Error("the journal is still there")
			}
			want := calm.snapshot()
			calm.settled()
			if len(grew) < 4 {
				t.Fatalf("the journal grew only before the requests %v, want marks, two creates and a delete", grew)
			}
			for _, i := range exhaustive.Of(len(grew)*(quarters+1), 14, name+"event") {
				n, kept := grew[(i-1)/(quarters+1)], (i-1)%(quarters+1)
				t.Run(fmt.Sprintf("request %d, %d quarters", n, kept), func(t *testing.T) {
					t.Parallel()
					tried.Add(1)
					cutPower(t, from(t, base, change), n, kept, want)
				})
			}
		})
	}
	t.Cleanup(func() { fmt.Printf("journal events tried: %d\n", tried.Load()) })
}

func cutPower(t *testing.T, w *world, n, kept int, want sandbox.Snapshot) {
	request, before, now := 0, "", ""
	w.faults.Add(faults.Rule{Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if request++; request > n {
			panic(http.ErrAbortHandler)
		}
		before, now = now, w.journal()
		if request == n {
			w.kill()
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(rw, r)
	}})
	first := w.run("apply", "--auto-approve", "--parallelism", "1")
	if first.code != -1 || len(now) <= len(before) || !strings.HasPrefix(now, before) {
		t.Fatalf("want a killed run and a journal that grew from %q, got %q: %s", before, now, first)
	}
	left, _ := filepath.Glob(filepath.Join(w.dir, ".agentsync", "journal-*"))
	if err := os.Truncate(left[0], int64(len(before)+(len(now)-len(before))*kept/quarters)); err != nil {
		t.Fatal(err)
	}
	secondEnds(t, w, first, want)
}

// TestALockFileThatGitChangedMeanwhile: an apply was killed after a create, and
// before the next command a colleague's lock file is pulled. Nothing lists agents,
// so the journal alone knows the new one. A plan reads it and writes nothing; the
// apply puts it into the file that is there now.
func TestALockFileThatGitChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *sandbox.Options) { o.Listing = "none" })
	w.write(map[string]string{"a.yaml": agentYAML("a", "A.", "")})
	w.must(0, "apply", "--auto-approve")
	colleague := w.neighbour()
	copyDir(t, w.dir, colleague.dir)
	w.write(map[string]string{"b.yaml": agentYAML("b", "B.", twoOutcomes)})
	w.killAfter("POST", "/call_outcomes")
	if r := w.run("apply", "--auto-approve"); r.code != -1 {
		t.Fatalf("not killed: %s", r)
	}
	w.faults.Reset()
	colleague.write(map[string]string{"a.yaml": agentYAML("a", "A, better.", ""), "c.yaml": agentYAML("c", "C.", "")})
	colleague.must(0, "apply", "--auto-approve")
	theirs, err := os.ReadFile(filepath.Join(colleague.dir, lockFile))
	if err != nil {
		t.Fatal(err)
	}
	w.write(map[string]string{lockFile: string(theirs), "a.yaml": agentYAML("a", "A, better.", ""), "c.yaml": agentYAML("c", "C.", "")})

	journal := w.journal()
	r := w.must(2, "plan", "--detailed-exitcode", "--format", "json")
	if strings.Contains(r.stdout, "create_agent") || !strings.Contains(r.stdout, w.id("Agent b")) {
		t.Errorf("the plan does not know the new agent: %s", r)
	}
	if now, err := os.ReadFile(filepath.Join(w.dir, lockFile)); err != nil || string(now) != string(theirs) || w.journal() != journal {
		t.Errorf("a plan has written: %v\n%s", err, now)
	}
	if r := w.must(0, "lock", "merge", lockFile); !strings.Contains(r.stdout, w.id("Agent b")) {
		t.Errorf("a merge of the file leaves out what lies beside it: %s", r)
	}
	w.must(0, "apply", "--auto-approve")
	lock, _ := os.ReadFile(filepath.Join(w.dir, lockFile))
	for _, name := range []string{"Agent a", "Agent b", "Agent c"} {
		if !strings.Contains(string(lock), w.id(name)) {
			t.Errorf("the lock has lost %s:\n%s", name, lock)
		}
	}
	if n := len(w.snapshot().Agents); n != 3 || w.journal() != "" {
		t.Errorf("%d agents, want 3, and the journal is %q", n, w.journal())
	}
	w.settled()
}

// TestNoFolderForTheJournal: nothing is sent that changes anything where nothing
// could be remembered, and a plan does not need the folder.
func TestNoFolderForTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.write(map[string]string{"a.yaml": agentYAML("a", "A.", ""), ".agentsync": "a file\n"})
	w.must(0, "plan")
	r := w.must(1, "apply", "--auto-approve")
	if !strings.Contains(r.stderr, "error: make ") || !strings.Contains(r.stderr, "hint: let agentsync write there") {
		t.Errorf("it does not say what is in the way: %s", r)
	}
	if n := w.faults.Writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
}
