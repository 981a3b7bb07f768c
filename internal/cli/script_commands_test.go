package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/benchgen"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/lock"
)

// storyCommands are the stories' own commands, beside testscript's and
// `agentsync` itself.
var storyCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"platform":  startPlatform,
	"quick":     quick,
	"await":     await,
	"hear":      hear,
	"later":     later,
	"fault":     fault,
	"requests":  requests,
	"endpoints": endpoints,
	"remote":    remote,
	"drift":     drift,
	"dashboard": dashboard,
	"example":   example,
	"fleet":     fleet,
	"replace":   replace,
	"append":    appendTo,
	"code":      code,
	"steps":     steps,
	"classes":   classes,
	"settled":   settled,
	"report":    report,
	"forget":    forget,
}

// example is `example NAME`: a copy of that example in the current folder.
func example(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	from := filepath.Join("..", "..", "examples", args[0])
	ts.Check(filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".agentsync" {
				return filepath.SkipDir
			}
			return os.MkdirAll(ts.MkAbs(rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(ts.MkAbs(rel), data, 0o644)
	}))
}

// fleet is `fleet N`: a project of N agents in the current folder. `fleet N
// there` puts agents of their names on the platform too, with another config,
// and into the lock file: an apply of a thousand takes a minute.
func fleet(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(benchgen.Write(ts.MkAbs("."), n))
	if len(args) == 1 {
		return
	}
	project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: ts.MkAbs(".")})
	if project == nil {
		ts.Fatalf("%v", problems)
	}
	board := storyOf(ts).platform(ts).sandbox.Dashboard()
	entries := map[string]*lock.Entry{}
	for _, agent := range project.Agents {
		fields := map[string]any{"agent_name": agent.AgentName, "agent_description": "", "agent_type": "OUTBOUND", "team": []any{}, "is_auto": true}
		id, err := board.CreateAgent(fields, map[string]any{"system_prompt": "Old."}, "")
		ts.Check(err)
		entries[agent.Name] = &lock.Entry{AgentID: id, AgentName: agent.AgentName}
	}
	data, err := lock.With(nil, "default", entries)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(lock.FileName), data, 0o644))
}

// replace is `replace FILE OLD NEW`: OLD must be there once. \n, \r and \t stand
// for themselves.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	if len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	escapes := strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t")
	text := ts.ReadFile(args[0])
	old, new := escapes.Replace(args[1]), escapes.Replace(args[2])
	if n := strings.Count(text, old); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], old, n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, old, new, 1)), 0o644))
}

// appendTo is `append FILE OTHER`: what OTHER holds comes at the end of FILE.
func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+ts.ReadFile(args[1])), 0o644))
}

// code is `code N COMMAND…`: the command exits with N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := run(ts, args[1:]...); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// run gives a command's exit code.
func run(ts *testscript.TestScript, args ...string) int {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", args[0], err)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

// planOf runs plan and gives what it says; flags go to plan.
func planOf(ts *testscript.TestScript, flags []string) *diff.Plan {
	run(ts, append([]string{"agentsync", "plan", "--format", "json"}, flags...)...)
	p, err := planfile.Read([]byte(ts.ReadFile("stdout")))
	if err != nil {
		ts.Fatalf("plan gives no plan: %v\n%s", err, ts.ReadFile("stderr"))
	}
	return p
}

// splitFlags parts `[FLAGS… --] REST…`.
func splitFlags(args []string) (flags, rest []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return nil, args
}

// steps is `steps [FLAGS… --] [ID…]`: the plan has just these steps, in this order.
func steps(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	flags, want := splitFlags(args)
	p := planOf(ts, flags)
	got := []string{}
	done := map[string]bool{}
	for _, agent := range p.Agents {
		for _, step := range agent.Steps {
			got = append(got, step.ID)
			for _, need := range step.Needs {
				if !done[need] {
					ts.Fatalf("%s comes before %s, which it needs", step.ID, need)
				}
			}
			done[step.ID] = true
		}
	}
	if p.Summary.Steps != len(got) {
		ts.Fatalf("the summary counts %d steps, and there are %d", p.Summary.Steps, len(got))
	}
	if !slices.Equal(got, want) {
		ts.Fatalf("steps:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// classes is `classes [FLAGS… --] AGENT [SECTION=CLASS…]`: just these sections
// of the agent differ. A status ("update") may be given too.
func classes(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	flags, want := splitFlags(args)
	for _, agent := range planOf(ts, flags).Agents {
		if agent.Name != want[0] {
			continue
		}
		got := []string{}
		for section, class := range agent.Drift {
			got = append(got, section+"="+string(class))
		}
		if agent.Unfinished {
			got = append(got, "unfinished")
		}
		rest := slices.DeleteFunc(slices.Clone(want[1:]), func(s string) bool { return s == string(agent.Status) })
		slices.Sort(got)
		slices.Sort(rest)
		if !slices.Equal(got, rest) {
			ts.Fatalf("%s is %s with %v, want %v", agent.Name, agent.Status, got, want[1:])
		}
		return
	}
	ts.Fatalf("the plan has no agent %q", want[0])
}

// settled is `settled [FLAGS…]`, the end of every story of an apply: a second
// plan is empty, in one line with warnings at most behind it, and a second apply writes nothing.
func settled(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	p := storyOf(ts).platform(ts)
	before := remoteState(ts, p, "")
	requests(ts, false, []string{"reset"})
	for _, command := range [][]string{{"plan", "--detailed-exitcode"}, {"apply", "--auto-approve"}} {
		if got := run(ts, append(append([]string{"agentsync"}, command...), args...)...); got != 0 {
			ts.Fatalf("not settled: %s exits with %d", command[0], got)
		}
		_, said, _ := strings.Cut(ts.ReadFile("stdout"), "\n\n") // the first line says where
		said, _, _ = strings.Cut(said, "\n\nwarning: ")
		if !strings.HasPrefix(said, "No changes") || strings.Count(strings.TrimSpace(said), "\n") > 0 {
			ts.Fatalf("not settled: %s says\n%s", command[0], said)
		}
	}
	requests(ts, false, []string{"writes", "0"})
	if after := remoteState(ts, p, ""); after != before {
		ts.Fatalf("the platform changed:\n%s\nwas:\n%s", after, before)
	}
}

// report is `report FILE RESULT [done=N] [failed=N] [skipped=N] [unknown=N]`:
// the report has this result and these counts, which add up.
func report(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg)
	var r sync.Report
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	if r.Result != args[1] {
		ts.Fatalf("result %q, want %q", r.Result, args[1])
	}
	counted := map[string]int{}
	for _, agent := range r.Agents {
		for _, step := range agent.Steps {
			counted[string(step.Status)]++
			if (step.Status == sync.Done) == (step.Reason != "") {
				ts.Fatalf("%s is %s with the reason %q", step.ID, step.Status, step.Reason)
			}
		}
	}
	s := r.Summary
	told := map[string]int{"done": s.Done, "failed": s.Failed, "skipped": s.Skipped, "unknown": s.Unknown}
	want := map[string]int{}
	for _, arg := range args[2:] {
		name, n, _ := strings.Cut(arg, "=")
		want[name], _ = strconv.Atoi(n)
	}
	sum := 0
	for status, n := range told {
		sum += n
		if n != counted[status] || n != want[status] {
			ts.Fatalf("%s: the summary says %d, %d steps are, want %d", status, n, counted[status], want[status])
		}
	}
	if sum != s.Steps {
		ts.Fatalf("%d steps, and the counts come to %d", s.Steps, sum)
	}
}

// forget removes the lock file in stories that have none.
func forget(ts *testscript.TestScript, neg bool, _ []string) {
	noNeg(ts, neg)
	if storyOf(ts).lock != "no-lock" {
		return
	}
	if err := os.Remove(ts.MkAbs("agentsync.lock.yaml")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
}

func sprintJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
