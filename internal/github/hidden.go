package github

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/value"
)

const (
	reviewedStart = `<!-- agentsync:reviewed gzip="`
	reviewedEnd   = `" -->`
	maxPacked     = 4 << 20 // bytes that are unpacked: anybody may have written a comment
)

// hide returns a plan as a hidden line for a comment of budget bytes, without a
// line end, so that an apply after the merge can say what has changed since the
// review and not only that something has. It is the whole plan; else its agents
// with steps, which are what an apply holds its own plan against; else an
// abridged plan, more abridged the less room there is; else "". The line holds
// nothing that GitHub would show or read.
func hide(p *diff.Plan, budget int) string {
	few := *p
	few.Agents = withSteps(p)
	whole := min(hiddenBudget, budget/3)
	for _, form := range []struct {
		plan  *diff.Plan
		limit int
	}{
		{planfile.Bare(p), whole},
		{planfile.Seal(planfile.Bare(&few)), whole}, // a kept plan has the digest of its content
		{abridge(p, shortValues, nil), budget / 6},
		{abridge(p, shortAgents, nil), budget / 4},
		{abridge(p, shortest, nil), budget / 4},
	} {
		if line := pack(form.plan, form.limit); line != "" {
			return line
		}
	}
	return ""
}

// pack writes a plan as a hidden line; "" where that takes more than limit.
func pack(p *diff.Plan, limit int) string {
	data, err := json.Marshal(p)
	if err != nil || len(data) > min(maxPacked, 64*limit) { // text never packs better
		return ""
	}
	var packed bytes.Buffer                                      // takes everything
	zip, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // a valid level
	_, _ = zip.Write(data)
	_ = zip.Close()
	line := reviewedStart + base64.StdEncoding.EncodeToString(packed.Bytes()) + reviewedEnd
	if len(line) > limit {
		return ""
	}
	return line
}

// findHidden reads the plan back that hide wrote, from a document whose last
// line it is, blank lines aside. A whole plan has the digest of its content; an
// abridged one has the digest of the plan that it stands for, which nothing can
// prove, and is good for naming differences alone. ok is false for all else.
func findHidden(body string) (plan *diff.Plan, abridged, ok bool) {
	body = strings.TrimRight(body, " \r\n")
	line := body[strings.LastIndexByte(body, '\n')+1:]
	packed, isStart := strings.CutPrefix(line, reviewedStart)
	packed, isEnd := strings.CutSuffix(packed, reviewedEnd)
	zip, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding.Strict(), strings.NewReader(packed)))
	if !isStart || !isEnd || err != nil {
		return nil, false, false
	}
	data, err := io.ReadAll(io.LimitReader(zip, maxPacked)) // what is cut off is no plan
	if err == nil {
		plan, err = planfile.Decode(data, versions...)
	}
	if err != nil {
		return nil, false, false
	}
	abridged = plan.FormatVersion != diff.FormatVersion
	return plan, abridged, abridged || planfile.Digest(plan) == plan.Digest
}

// short is how far a plan is abridged.
type short int

const (
	unabridged  short = iota
	shortValues       // long values are their size and a digest, fingerprints a few digits
	shortAgents       // all but the shortest values are digests, and agents have neither id nor title
	shortest          // unchanged agents are only counted
)

// versions are their format versions, so that nothing takes one for a plan to apply.
var versions = []string{
	diff.FormatVersion, diff.FormatVersion + "/abridged-1", diff.FormatVersion + "/abridged-2", diff.FormatVersion + "/abridged-3",
}

// abridgeAs returns p in the form that reviewed is in, so that equal values stay
// equal and others do not. Agents' names, steps and paths are never abridged.
func abridgeAs(p, reviewed *diff.Plan) *diff.Plan {
	if s := slices.Index(versions, reviewed.FormatVersion); s > 0 {
		return abridge(p, short(s), reviewed)
	}
	return p
}

// abridge returns a plan in short, with the agents that have something to say
// and those of the reviewed plan, which may be nil.
func abridge(p *diff.Plan, s short, reviewed *diff.Plan) *diff.Plan {
	out := planfile.Bare(p)
	out.FormatVersion = versions[s]
	out.Agents = slices.DeleteFunc(out.Agents, func(a diff.AgentPlan) bool {
		quiet := a.Status == diff.Unchanged && len(a.Steps) == 0 && len(a.Drift) == 0 && !a.Unfinished
		return s == shortest && quiet && agentOf(reviewed, a.Name) == nil
	})
	for i := range out.Agents {
		a := &out.Agents[i]
		if s >= shortAgents { // the fingerprint covers them
			a.AgentName, a.AgentID = "", ""
		}
		a.Fingerprint = s.digits(a.Fingerprint)
		for _, step := range a.Steps {
			for i, c := range step.Changes {
				step.Changes[i].Before, step.Changes[i].After = s.value(c.Before), s.value(c.After)
			}
		}
	}
	for i := range out.Refusals {
		r := &out.Refusals[i]
		r.Message, r.Hint = cut(r.Message, 200), ""
	}
	return out
}

// agentOf is a plan's agent of that name, nil for none.
func agentOf(p *diff.Plan, name string) *diff.AgentPlan {
	for i := 0; p != nil && i < len(p.Agents); i++ {
		if p.Agents[i].Name == name {
			return &p.Agents[i]
		}
	}
	return nil
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
	long, size := len(v.JSON()) > 60, ""
	switch {
	case v.IsText():
		long, size = render.IsLong(v.Any()), render.Size(v.Text())
	case v.IsObject():
		size = render.Count(len(v.Keys()), "field")
	default:
		size = render.Count(len(v.List()), "item")
	}
	if long {
		v = value.Of("‹" + size + ", " + shortValues.digits(v.Digest()) + "›")
	}
	if s > shortValues && len(v.JSON()) > 12 {
		v = value.Of("‹" + s.digits(v.Digest()) + "›")
	}
	return v
}
