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
			base := prepare(t, change)
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
			for _, i := range exhaustive.Of(len(grew)*(quarters+1), 7, name+"event") {
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
	w.faults.Reset()
	second := w.run("apply", "--auto-approve")
	if second.code != 0 {
		t.Fatalf("the second apply: %s\nthe first: %s", second, first)
	}
	compare(t, want, w.snapshot())
	if t.Failed() {
		t.Logf("first: %s\nsecond: %s", first, second)
	}
	w.settled()
	if w.journal() != "" {
		t.Error("the journal is still there")
	}
}
