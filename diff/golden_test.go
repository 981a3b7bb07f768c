package diff_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

var update = flag.Bool("update", false, "rewrite the plans in testdata")

// TestPlans computes the plans of testdata. Each archive holds a project's
// manifests, in remote.json what the platform has, and in plan what is made of
// them. Lines of the comment choose more:
//
//	remembered: KEY…     the lock knows these agents as remote.json has them
//	id: KEY=AGT_1…       the lock gives these agents this id
//	elsewhere: ENV=AGT_1… the lock gives this agent to this other environment
//	applied: KEY=v1…     this version is what the lock says was last live
//	newest: KEY=v2…      the newest version that was published by then
//	may have left: …     an apply that did not end may have left this version
//	drafted: KEY=v2…     the draft that an apply left on purpose
//	unfinished: KEY…     an apply of these did not end
//	had: KEY=JSON        what this agent had before a rollback that did not end
//	protected: KEY…      these were protected
//	called: KEY=v1,v2…   a smoke call of v2, before which v1 was live, is pending; further
//	                     words are "placed", a state, and a call's id
//	called of another manifest: … likewise, and git wanted something else then
//	prune: yes
//	provenance: no
//	adopt: never
//	listing: no
//
// In remote.json the notes "[ours]" stand for a provenance line that fits, and
// "[ours as v1]" for one that fits version 1; "[branch's]" for one that fits and
// names a commit of another branch, and "[unfetched]" for one whose commit is not
// in the clone. "seen" and "touched" are times by the platform's clock.
func TestPlans(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no plans in testdata", err)
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := planText(diff.Compute(readStory(t, archive)))
			for i, f := range archive.Files {
				if f.Name != "plan" {
					continue
				}
				if *update {
					archive.Files[i].Data = []byte(got)
					if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
						t.Fatal(err)
					}
				} else if d := cmp.Diff(string(f.Data), got); d != "" {
					t.Errorf("the plan differs (-want +got; go test ./diff -update rewrites it):\n%s", d)
				}
			}
		})
	}
}

func readStory(t *testing.T, archive *txtar.Archive) diff.Input {
	dir := t.TempDir()
	remote := diff.Remote{Agents: map[string]*diff.RemoteAgent{}}
	for _, f := range archive.Files {
		switch f.Name {
		case "plan":
		case "remote.json":
			readRemote(t, f.Data, remote)
		default:
			path := filepath.Join(dir, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
	if errs := problems.Errors(); len(errs) > 0 {
		t.Fatal(errs)
	}
	in := diff.Input{Environment: project.Environment, Policy: project.Policy, Agents: project.Agents,
		Remote: remote, Memory: diff.Memory{}, Known: len(project.Agents), Elsewhere: map[string]string{},
		Identity: diff.Identity{Project: project.Name, Environment: project.Environment.Name, Formerly: project.Formerly}, OriginOf: originOf}
	if in.Identity.Project == "" {
		in.Identity.Project = "acme"
	}
	readOptions(string(archive.Comment), &in)
	return in
}

// The commits of the lines in remote.json.
const (
	commitOfHead    = "0123456789ab"
	commitOfBranch  = "bbbbbbbbbbbb"
	commitUnfetched = "cccccccccccc"
)

// originOf plays git: HEAD's commit wants what its lines say that it wants.
func originOf(_ string, live *diff.Version, line diff.Provenance) diff.Origin {
	switch {
	case line.Commit == commitOfBranch:
		return diff.OriginBranch
	case line.Commit == commitUnfetched:
		return diff.OriginUnknown
	case line.Config == diff.LiveDigest(spec.Agent{}, live):
		return diff.OriginWanted
	default:
		return diff.OriginOther
	}
}

func readOptions(comment string, in *diff.Input) {
	wanted := map[string]spec.Agent{}
	for _, a := range in.Agents {
		wanted[a.Name] = a
	}
	for _, line := range strings.Split(comment, "\n") {
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			continue
		}
		switch name {
		case "prune":
			in.Prune = true
			continue
		case "provenance":
			in.Policy.Provenance = false
			continue
		case "adopt":
			in.Policy.Adopt = value
			continue
		case "listing":
			in.Remote.Unlisted = true
			continue
		}
		for _, word := range strings.Fields(value) {
			key, what, _ := strings.Cut(word, "=")
			m := in.Memory[key]
			switch name {
			case "elsewhere":
				in.Elsewhere[what] = key
				continue
			case "remembered":
				m = diff.Remember(m, wanted[key], in.Remote.Agents[key])
				if _, ok := wanted[key]; !ok {
					in.Orphans = append(in.Orphans, key)
				}
			case "id":
				m.AgentID = what
			case "applied":
				v := versionOf(in.Remote.Agents[key], what)
				m.Version, m.Config, m.Newest = v.Number, diff.LiveDigest(spec.Agent{}, v), 0
			case "newest":
				m.Newest = versionOf(in.Remote.Agents[key], what).Number
			case "may have left":
				m.Expect = append(m.Expect, diff.LiveDigest(spec.Agent{}, versionOf(in.Remote.Agents[key], what)))
			case "drafted":
				m.Draft = versionOf(in.Remote.Agents[key], what).Number
			case "had":
				m.PutBack = what
			case "unfinished":
				m.Unfinished = true
			case "protected":
				m.Protect = true
			case "called", "called of another manifest":
				m.Smoke = pendingCall(what)
				if of := wanted[key]; name == "called" {
					m.Smoke.Releases = of.Releases()
				}
			default:
				continue // a sentence with a colon
			}
			in.Memory[key] = m
		}
	}
}

// pendingCall reads the option "called", but for what git wanted then.
func pendingCall(text string) *spec.PendingCall {
	out := &spec.PendingCall{Releases: "0123456789ab"}
	words := strings.Split(text, ",")
	fmt.Sscanf(words[0]+" "+words[1], "v%d v%d", &out.Back, &out.Version)
	for _, word := range words[2:] {
		switch {
		case word == "placed":
			out.Placed = "2026-04-22T09:30:00Z"
		case strings.HasPrefix(word, "call_"):
			out.CallID = word
		default:
			out.State = word
		}
	}
	return out
}

// versionOf is the version of r that is called as in "v1".
func versionOf(r *diff.RemoteAgent, name string) *diff.Version {
	for i := range r.Versions {
		if fmt.Sprintf("v%d", r.Versions[i].Number) == name {
			return &r.Versions[i]
		}
	}
	panic("no version " + name)
}

// remoteFile is one agent in remote.json.
type remoteFile struct {
	ID       string
	Seen     time.Time
	Fields   map[string]any
	Versions []struct {
		Version int
		Status  string
		Live    bool
		Content map[string]any
		Notes   string
		Touched time.Time
	}
	Outcomes []map[string]any `json:"call_outcomes"`
	Infields []map[string]any `json:"call_infields"`
}

func readRemote(t *testing.T, data []byte, into diff.Remote) {
	agents := map[string]remoteFile{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(&agents); err != nil {
		t.Fatal("remote.json: ", err)
	}
	for key, a := range agents {
		r := &diff.RemoteAgent{ID: a.ID, SeenAt: a.Seen, Fields: diff.FieldsOf(a.Fields)}
		for _, item := range a.Outcomes {
			r.Outcomes = append(r.Outcomes, diff.OutcomeItems.ItemOf(item))
		}
		for _, item := range a.Infields {
			r.Infields = append(r.Infields, diff.InfieldItems.ItemOf(item))
		}
		lines := map[string]string{} // by what stands for them
		for _, v := range a.Versions {
			version := diff.Version{Number: v.Version, Status: v.Status, IsCurrent: v.Live, Content: diff.ConfigOf(v.Content), Notes: v.Notes, UpdatedAt: v.Touched}
			r.Versions = append(r.Versions, version)
			lines[fmt.Sprintf("[ours as v%d]", v.Version)] = lineFrom(commitOfHead, &version)
		}
		for i := range r.Versions {
			v := &r.Versions[i]
			lines["[ours]"], lines["[branch's]"], lines["[unfetched]"] = lineFrom(commitOfHead, v), lineFrom(commitOfBranch, v), lineFrom(commitUnfetched, v)
			lines["[acme-old's]"] = strings.Replace(lineFrom(commitOfHead, v), "project=acme", "project=acme-old", 1)
			for short, line := range lines {
				v.Notes = strings.Replace(v.Notes, short, line, 1)
			}
			if v.IsCurrent {
				live := *v
				r.Current = &live
			}
		}
		into.Agents[key] = r
	}
}

// lineFrom is the line of an apply of this project that made v from commit.
func lineFrom(commit string, v *diff.Version) string {
	return diff.Provenance{Project: "acme", Environment: "default", Commit: commit, Config: diff.LiveDigest(spec.Agent{}, v)}.String()
}

// planText is a plan as these tests compare it: everything but digests.
func planText(p *diff.Plan, problems spec.Problems) string {
	var b strings.Builder
	for _, problem := range problems {
		fmt.Fprintf(&b, "problem %s\n", problem)
	}
	if p == nil {
		return b.String()
	}
	for _, a := range p.Agents {
		fmt.Fprintf(&b, "%s %q %s: %s", a.Name, a.AgentName, a.AgentID, a.Status)
		for _, section := range value.SortedKeys(a.Drift) {
			fmt.Fprintf(&b, ", %s %s", section, a.Drift[section])
		}
		if a.Unfinished {
			b.WriteString(", unfinished")
		}
		b.WriteString("\n")
		for _, step := range a.Steps {
			printStep(&b, a.Name, step)
		}
	}
	for _, r := range p.Refusals {
		fmt.Fprintf(&b, "refused (%s) %s: %s\n  hint: %s\n", r.Rule, r.Agent, r.Message, r.Hint)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning %s: %s\n  hint: %s\n", w.Agent, w.Message, w.Hint)
	}
	s := p.Summary
	fmt.Fprintf(&b, "%d create, %d update, %d delete, %d unchanged, %d orphan, %d steps\n", s.Create, s.Update, s.Delete, s.Unchanged, s.Orphan, s.Steps)
	return b.String()
}

func printStep(b *strings.Builder, agent string, step diff.Step) {
	fmt.Fprintf(b, "  %s %s", strings.TrimPrefix(step.ID, agent+"/"), step.Target)
	if step.From != nil {
		fmt.Fprintf(b, ", from v%d", *step.From)
	}
	if step.To != nil {
		fmt.Fprintf(b, ", to v%d", *step.To)
	}
	if len(step.Needs) > 0 {
		fmt.Fprintf(b, ", after %s", strings.ReplaceAll(strings.Join(step.Needs, " "), agent+"/", ""))
	}
	b.WriteString("\n")
	for _, c := range step.Changes {
		fmt.Fprintf(b, "    %s: %s → %s", c.Path, asJSON(c.Before), asJSON(c.After))
		for _, s := range c.Source {
			fmt.Fprintf(b, "  %s:%d", s.File, s.Line)
		}
		b.WriteString("\n")
	}
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
