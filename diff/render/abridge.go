package render

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
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

// abridgement reads from a plan's format version how far it is abridged. An
// abridged plan says so there, so that nothing takes it for a plan to apply.
func abridgement(version string) short {
	for s := shortValues; s <= shortest; s++ {
		if version == s.version() {
			return s
		}
	}
	return unabridged
}

func (s short) version() string { return fmt.Sprintf("%s/abridged-%d", diff.FormatVersion, s) }

// AbridgeAs gives p in the form that reviewed is in, as ParseReviewed gave it:
// as it is beside a whole plan, and abridged in the same way beside an abridged
// one, so that equal values stay equal and others do not. Agents' names, steps
// and paths are never abridged. p stays as it is.
func AbridgeAs(p, reviewed *diff.Plan) *diff.Plan {
	s := abridgement(reviewed.FormatVersion)
	if s == unabridged {
		return p
	}
	then := agentsByName(reviewed)
	return abridgeAgents(p, s, func(a *diff.AgentPlan) bool { return s < shortest || then[a.Name] != nil || !isQuiet(a) })
}

// abridge shortens a plan, for a comment that has no room for the whole. The
// plan may be abridged already, but less.
func abridge(p *diff.Plan, s short) *diff.Plan {
	return abridgeAgents(p, s, func(a *diff.AgentPlan) bool { return s < shortest || !isQuiet(a) })
}

// isQuiet says that a plan has nothing to say of the agent but its state.
func isQuiet(a *diff.AgentPlan) bool {
	return a.Status == diff.Unchanged && len(a.Steps) == 0 && len(a.Drift) == 0 && !a.Unfinished
}

// abridgeAgents goes from form to form, so that what is left of a plan does not
// depend on which forms it came through.
func abridgeAgents(p *diff.Plan, s short, keep func(*diff.AgentPlan) bool) *diff.Plan {
	if s > shortValues && abridgement(p.FormatVersion) < s-1 {
		p = abridgeAgents(p, s-1, func(*diff.AgentPlan) bool { return true })
	}
	out := normalize(p)
	out.FormatVersion, out.Warnings = s.version(), nil
	agents := out.Agents
	out.Agents = agents[:0]
	for _, a := range agents {
		if !keep(&a) {
			continue
		}
		if s >= shortAgents { // the fingerprint covers them
			a.AgentName, a.AgentID = "", ""
		}
		a.Fingerprint = s.digits(a.Fingerprint)
		for k := range a.Steps {
			changes := a.Steps[k].Changes
			for c := range changes {
				changes[c] = diff.Change{Path: changes[c].Path, Before: s.value(changes[c].Before), After: s.value(changes[c].After)}
			}
		}
		out.Agents = append(out.Agents, a)
	}
	for i := range out.Refusals {
		r := &out.Refusals[i]
		r.Message, r.Hint = shorten(r.Message, 2*maxInline), ""
	}
	return out
}

// digits are enough of a digest to tell two states of one agent apart.
func (s short) digits(digest string) string {
	n := 8
	if s >= shortAgents {
		n = 6
	}
	digest = strings.TrimPrefix(digest, "sha256:")
	return firstBytes(digest, n)
}

// value is a canonical value, or what stands for it where it is long:
// "‹38 lines, 4.1 KB, 3f2a9c1e›".
func (s short) value(v value.Value) value.Value {
	_, isList := v.Any().([]any)
	switch {
	case s == shortest, !v.IsText() && !isList && !v.IsObject(), s == shortAgents && len(v.JSON()) <= 12:
		return v
	case s == shortAgents:
		return stands(s.digits(v.Digest()))
	case v.IsText() && !isLong(v.Any()) || !v.IsText() && len(v.JSON()) <= maxInline:
		return v
	case v.IsText():
		return stands(size(v.Text()) + ", " + s.digits(v.Digest()))
	default:
		return stands(sizeOf(v.Any()) + ", " + s.digits(v.Digest()))
	}
}

func stands(text string) value.Value { return value.Of("‹" + text + "›") }

// isAbridged says whether a value stands for a longer one. A value that only
// looks so does no harm: it is shown without its quotes.
func isAbridged(v any) bool {
	text, ok := v.(string)
	return ok && strings.HasPrefix(text, "‹") && strings.HasSuffix(text, "›")
}

func sizeOf(v any) string {
	if list, ok := v.([]any); ok {
		return count(len(list), "item", "items")
	}
	return count(len(v.(map[string]any)), "field", "fields")
}
