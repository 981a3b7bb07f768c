package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// interrupts are what happens at the request that an interrupt comes with.
var interrupts = map[string]struct {
	answer faults.Action
	acts   bool // the platform does what is asked for, and the interrupt comes after that
	share  int  // the quick tests interrupt one of so many requests
}{
	"answered":   {faults.DelayAfter(func(context.Context) error { return nil }), true, 12},
	"cut":        {faults.CutAfter(), true, 12},
	"500":        {faults.StatusAfter(500), true, 12},
	"no answer":  {faults.DelayAfter(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), true, 24},
	"502 before": {faults.Status(502), false, 24},
	"limited":    {faults.TooMany("1"), false, 24},
}

// TestAnInterruptedReportIsTrue interrupts a story of every kind of step at each
// of its requests (the quick tests at a share of them), in every way: what the
// report says of a step agrees with what reached the platform.
func TestAnInterruptedReportIsTrue(t *testing.T) {
	t.Parallel()
	change := func(*sandbox.Options) {}
	base := prepare(t, change, story, history...)
	calm := from(t, base, change)
	calm.must(0, "apply", "--auto-approve")
	total := len(calm.faults.Requests())
	for name, way := range interrupts {
		for _, n := range exhaustive.Of(total, way.share, "truth "+name) {
			t.Run(fmt.Sprintf("%s, request %d of %d", name, n, total), func(t *testing.T) {
				t.Parallel()
				w := from(t, base, change)
				w.faults.Add(faults.Rule{Nth: n, Do: func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
					if !way.acts {
						w.signal(syscall.SIGTERM)
					}
					way.answer(rw, r, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
						next.ServeHTTP(rw, r)
						w.signal(syscall.SIGTERM)
					}))
				}})
				path := filepath.Join(w.dir, "report.json")
				r := w.run("apply", "--auto-approve", "--report", path)
				if r.code != 130 && (r.code != 0 || n < total-12) {
					t.Fatalf("want exit 130: %s", r)
				}
				checkReport(t, path, r)
				w.checkTruth(path, way.acts)
				if t.Failed() {
					t.Log(r)
				}
			})
		}
	}
}

// checkTruth holds a report against the writes that the platform did, of which
// the disturbed one is none where acts is false. Of each kind, as many steps are
// done, or of a fate that nobody knows.
func (w *world) checkTruth(path string, acts bool) {
	w.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	var report struct {
		Agents []struct {
			ID    string `json:"agent_id"`
			Steps []struct{ Action, Status, Note string }
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		w.t.Fatal(err)
	}
	type steps struct{ done, unknown int }
	said, created := map[string]steps{}, map[string]bool{} // by agent and kind
	for _, a := range report.Agents {
		for _, s := range a.Steps {
			if s.Action == "validate" || s.Action == "render" {
				if s.Status == "unknown" {
					w.t.Errorf("a check writes nothing, and its fate is unknown: %s", data)
				}
				continue
			}
			key, n := a.ID+" "+s.Action, 1
			if s.Action == "create_agent" {
				key, created[a.ID] = " "+s.Action, true
			}
			if s.Action == "adopt" || strings.Contains(s.Note, "went ") { // with another request
				n = 0
			}
			now := said[key]
			switch s.Status {
			case "done":
				now.done += n
			case "unknown":
				now.unknown += n
			}
			said[key] = now
		}
	}
	did := map[string]int{}
	for _, r := range w.faults.Requests() {
		gone := r.Method == http.MethodDelete && r.Status == http.StatusNotFound // which is as good
		if faults.IsWrite(r.Method, r.Path) && (r.Status/100 == 2 || gone || r.Fault && acts) {
			did[stepOf(r)]++
		}
	}
	for key, n := range did {
		id, kind, _ := strings.Cut(key, " ")
		completes := kind == "update_agent" && created[id] // sets what the create can't
		setsRight := said[id+" rollback"].done > 0         // the items that the rollback moved
		if n > said[key].done+said[key].unknown && !completes && !setsRight {
			w.t.Errorf("%q: the platform did %d, the report says %+v\n%s", key, n, said[key], data)
		}
	}
	for key, n := range said {
		if n.done > did[key] {
			w.t.Errorf("%q: the report says %+v, the platform did %d\n%s", key, n, did[key], data)
		}
	}
}

// stepOf is the agent and the kind of step that a write is of.
func stepOf(r faults.Record) string {
	parts := strings.Split(strings.Trim(r.Path, "/"), "/")[2:] // after api/agents
	last := parts[len(parts)-1]
	switch {
	case last == "create":
		return " create_agent"
	case last == "publish", last == "rollback":
		return parts[0] + " " + last
	case len(parts) > 1 && parts[1] == "config":
		return parts[0] + " update_service"
	}
	verb := map[string]string{"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}[r.Method]
	noun := "agent"
	if len(parts) > 1 {
		noun = map[string]string{"configs": "draft", "call_outcomes": "outcome", "call_infields": "infield"}[parts[1]]
	}
	return parts[0] + " " + verb + "_" + noun
}
