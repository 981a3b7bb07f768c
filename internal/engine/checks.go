package engine

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync"
)

// Checking says which checks are run, and by whom.
type Checking struct {
	Names []string       // keys of agents; none for all
	Run   *regexp.Regexp // what "agent/check" must match; nil for all
	// Remote has the platform render, and writes nothing there; else all is done
	// here, without a network.
	Remote bool
}

// CheckResult is what became of one check.
type CheckResult struct {
	Agent string
	Check string
	Pos   spec.Pos
	// On is what was checked: "local" for the manifest's texts, rendered here;
	// "new text" for them, rendered by the platform; or what is live, as "v7".
	On       string
	Failures []checks.Failure
	Skipped  string // why it could not be run; "" for one that was
	Note     string // what one would not expect
	// Here says that the platform was asked for, and that the check, or a part of it,
	// was done here all the same; Note says which, and why.
	Here    bool
	Elapsed time.Duration
}

// Test runs the checks of the manifests, and leaves nothing behind: no draft is
// made. Results are in the order of the agents and of their checks. agents are
// those that were looked at, with checks or without.
func (p *Project) Test(ctx context.Context, which Checking) (results []CheckResult, agents []string, err error) {
	if err := p.knows(which.Names); err != nil {
		return nil, nil, err
	}
	var chosen []spec.Agent
	checked := []string{}
	for _, agent := range p.Agents {
		if agent.Lifecycle.Absent || len(which.Names) > 0 && !slices.Contains(which.Names, agent.Name) {
			continue
		}
		agents = append(agents, agent.Name)
		agent.Checks = slices.DeleteFunc(slices.Clone(agent.Checks), func(c spec.Check) bool {
			return which.Run != nil && !which.Run.MatchString(agent.Name+"/"+c.Name)
		})
		if len(agent.Checks) > 0 {
			chosen, checked = append(chosen, agent), append(checked, agent.Name)
		}
	}
	if which.Remote && len(chosen) > 0 {
		results, err = p.testRemote(ctx, chosen, checked)
		return results, agents, err
	}
	for i := range chosen {
		for _, c := range chosen[i].Checks {
			results = append(results, p.timed(func() CheckResult { return testLocal(&chosen[i], c) }))
		}
	}
	return results, agents, ctx.Err()
}

// knows reports an agent that no manifest has.
func (p *Project) knows(names []string) error {
	known := p.names()
	for _, name := range names {
		if !slices.Contains(known, name) {
			return Errorf(Failed, Nearest(name, known), "no manifest has the agent %q", diff.MaskPhones(name))
		}
	}
	return nil
}

func (p *Project) timed(run func() CheckResult) CheckResult {
	began := p.opt.Now()
	result := run()
	result.Elapsed = p.opt.Now().Sub(began)
	return result
}

// testLocal runs a check against what the manifest wants. What the manifest
// leaves to the platform can't be checked here.
func testLocal(agent *spec.Agent, c spec.Check) CheckResult {
	out := CheckResult{Agent: agent.Name, Check: c.Name, Pos: c.Pos, On: "local"}
	var unmanaged []string
	for _, field := range spec.SpokenFields() {
		if _, asked := c.Prompts[field]; asked && !agent.Config.Has(field) {
			unmanaged = append(unmanaged, field)
		}
	}
	if c.Valid != "" && !agent.Config.Has("metadata_schema") {
		unmanaged = append(unmanaged, "metadata_schema")
	}
	if len(unmanaged) > 0 {
		out.Skipped = "the manifest leaves " + strings.Join(unmanaged, " and ") + " to the platform: --remote asks it"
		return out
	}
	w := diff.Want(*agent, nil)
	out.Failures = checks.Local(c, w.Config, w.Infields)
	return out
}

// testRemote runs the checks of agents by the platform, agents side by side.
func (p *Project) testRemote(ctx context.Context, agents []spec.Agent, names []string) ([]CheckResult, error) {
	planned, err := p.Plan(ctx, Scope{Targets: names})
	if err != nil {
		return nil, err
	}
	defer planned.Close()
	results := make([][]CheckResult, len(agents))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, p.opt.Parallelism))
	for i := range agents {
		group.Go(func() error {
			for _, c := range agents[i].Checks {
				var err error
				results[i] = append(results[i], p.timed(func() (r CheckResult) {
					r, err = testOn(ctx, planned.remote, &agents[i], planned.in.Remote.Agents[agents[i].Name], c)
					return r
				}))
				if err != nil {
					return fmt.Errorf("check %s of %s: %w", c.Name, agents[i].Name, err)
				}
			}
			return nil
		})
	}
	err = group.Wait()
	return slices.Concat(results...), err
}

// maxQuery is how many bytes of prompts go into an address: many servers take no
// longer one than 8 KB, of which a part is not ours.
const maxQuery = 6000

// testOn runs a check by the platform: on what is live where the manifest wants
// the same texts, else on the new ones, where they are short enough to go along.
func testOn(ctx context.Context, remote sync.Remote, agent *spec.Agent, seen *diff.RemoteAgent, c spec.Check) (CheckResult, error) {
	if seen == nil || seen.Current == nil {
		out := testLocal(agent, c)
		out.here("nothing of the agent is live yet, so it was rendered here")
		return out, nil
	}
	want, live := diff.Want(*agent, seen), seen.Current
	out := CheckResult{Agent: agent.Name, Check: c.Name, Pos: c.Pos, On: fmt.Sprintf("v%d", live.Number)}
	texts := map[string]string{}
	size := 0
	for _, field := range spec.SpokenFields() {
		if text := want.Config.Get(field); !value.Equal(text, live.Content.Get(field)) {
			texts[field] = text.Text()
			size += len(url.QueryEscape(text.Text()))
		}
	}
	if err := out.validate(ctx, remote, seen, &want, c); err != nil || !c.Renders() {
		return out, err
	}
	declared := checks.Declared(want.Config, want.Infields)
	rendered, err := remote.Render(ctx, seen.ID, checks.Ask{Values: c.Metadata})
	if err != nil {
		return out, err
	}
	failures := checks.Judge(c, rendered, declared)
	if len(texts) > 0 {
		if len(failures) > 0 {
			out.note(fmt.Sprintf("v%d, which is live, does not hold it", live.Number))
		}
		out.On = "new text"
		if size > maxQuery {
			out.On = "local"
			out.here("the new text is too long for the platform to render without a draft, so it was rendered here")
			rendered = checks.Render(want.Config, c.Metadata)
		} else if rendered, err = remote.Render(ctx, seen.ID, checks.Ask{Values: c.Metadata, Texts: texts}); err != nil {
			return out, err
		}
		failures = checks.Judge(c, rendered, declared)
	}
	out.Failures = append(out.Failures, failures...)
	return out, nil
}

// validate asks the platform where what is live has the wanted metadata schema;
// else the wanted one is read here.
func (r *CheckResult) validate(ctx context.Context, remote sync.Remote, seen *diff.RemoteAgent, want *diff.Wanted, c spec.Check) error {
	if c.Valid == "" {
		return nil
	}
	schema := want.Config.Get("metadata_schema")
	complaints := checks.Complaints(schema, c.Metadata)
	if value.Equal(schema, seen.Current.Content.Get("metadata_schema")) {
		var err error
		if complaints, err = remote.Validate(ctx, seen.ID, 0, c.Metadata); err != nil {
			return err
		}
	} else {
		r.here("the new metadata_schema is not live, so the values were held against it here")
	}
	r.Failures = checks.JudgeValid(c, complaints)
	return nil
}

func (r *CheckResult) note(more string) { r.Note = strings.TrimPrefix(r.Note+"; "+more, "; ") }

func (r *CheckResult) here(why string) {
	r.note(why)
	r.Here = r.Skipped == ""
}
