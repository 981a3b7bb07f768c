package github

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/value"
)

// short is how far a plan is abridged.
type short int

const (
	unabridged  short = iota
	shortValues       // long values are their size and a digest, fingerprints a few digits
	shortAgents       // all but the shortest values are digests, and agents have neither id nor title
	shortest          // unchanged agents are only counted
)

// version is the format version of a plan that is abridged so far. It says so,
// so that nothing takes the plan for one to apply.
func (s short) version() string {
	if s == unabridged {
		return diff.FormatVersion
	}
	return fmt.Sprintf("%s/abridged-%d", diff.FormatVersion, s)
}

// versions are those of all forms that a comment can keep a plan in.
func versions() []string {
	return []string{unabridged.version(), shortValues.version(), shortAgents.version(), shortest.version()}
}

// abridgeAs returns p in the form that reviewed is in, so that equal values stay
// equal and others do not. Agents' names, steps and paths are never abridged. p
// stays as it is.
func abridgeAs(p, reviewed *diff.Plan) *diff.Plan {
	for s := shortValues; s <= shortest; s++ {
		if reviewed.FormatVersion == s.version() {
			then := map[string]bool{}
			for _, a := range reviewed.Agents {
				then[a.Name] = true
			}
			return abridge(p, s, then)
		}
	}
	return p
}

// abridge returns a plan in short, with the agents that have something to say
// and those named.
func abridge(p *diff.Plan, s short, named map[string]bool) *diff.Plan {
	bare := planfile.Bare(p)
	out := *bare
	out.FormatVersion, out.Agents, out.Refusals = s.version(), nil, nil
	for _, a := range bare.Agents {
		quiet := a.Status == diff.Unchanged && len(a.Steps) == 0 && len(a.Drift) == 0 && !a.Unfinished
		if s == shortest && quiet && !named[a.Name] {
			continue
		}
		if s >= shortAgents { // the fingerprint covers them
			a.AgentName, a.AgentID = "", ""
		}
		a.Fingerprint = s.digits(a.Fingerprint)
		for _, step := range a.Steps {
			for i, c := range step.Changes {
				step.Changes[i].Before, step.Changes[i].After = s.value(c.Before), s.value(c.After)
			}
		}
		out.Agents = append(out.Agents, a)
	}
	for _, r := range p.Refusals {
		r.Message, r.Hint = cut(r.Message, 200), ""
		out.Refusals = append(out.Refusals, r)
	}
	return &out
}

// digits are enough of a digest to tell two states of one agent apart.
func (s short) digits(digest string) string {
	n := 8
	if s >= shortAgents {
		n = 6
	}
	return render.FirstBytes(strings.TrimPrefix(digest, "sha256:"), n)
}

// value is a value, or what stands for it where it is long:
// "‹38 lines, 4.1 KB, 3f2a9c1e›", and only "‹3f2a9c›" where there is less room.
func (s short) value(v value.Value) value.Value {
	if s > shortValues {
		v = shortValues.value(v)
		if isScalar(v) || len(v.JSON()) <= 12 {
			return v
		}
		return value.Of("‹" + s.digits(v.Digest()) + "›")
	}
	if isScalar(v) || v.IsText() && !render.IsLong(v.Any()) || !v.IsText() && len(v.JSON()) <= 60 {
		return v
	}
	size := render.Size(v.Text())
	switch {
	case v.IsObject():
		size = render.Count(len(v.Keys()), "field")
	case !v.IsText():
		size = render.Count(len(v.List()), "item")
	}
	return value.Of("‹" + size + ", " + s.digits(v.Digest()) + "›")
}

// isScalar says whether a value is a number, a truth value or none.
func isScalar(v value.Value) bool { return !v.IsText() && !v.IsObject() && v.List() == nil }
