package diff

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// A fleet can be planned and applied in parts, each by a runner of its own. What
// one agent's plan is depends on no other agent, but for names and for the policies
// that count over the fleet; each part therefore knows of the others' agents what
// the manifests, the lock and one listing say (Input.Others, Remote.Others). So
// the parts of a plan put together are the plan of the whole, with its digest, and
// the other way round a part can be cut out of the plan of the whole.

// Shard is one part of a fleet.
type Shard struct {
	Index int `json:"index"` // from 1 to Of
	Of    int `json:"of"`
	// Commit is the one that was checked out (40 or 64 hex digits), "" where that is
	// not known: parts of two commits are not put together. It is no part of the digest.
	Commit string `json:"commit,omitempty"`
}

// MaxShards is how many parts there may be: as many as a workflow's matrix has jobs.
const MaxShards = 256

var shardForm = regexp.MustCompile(`^([1-9][0-9]{0,2})/([1-9][0-9]{0,2})$`)

// ParseShard reads "3/8".
func ParseShard(s string) (Shard, error) {
	var out Shard
	if found := shardForm.FindStringSubmatch(s); found != nil {
		out.Index, _ = strconv.Atoi(found[1]) // three digits
		out.Of, _ = strconv.Atoi(found[2])
	}
	if err := out.check(); err != nil {
		return Shard{}, fmt.Errorf("want a part such as 1/8, with at most %d parts, got %q", MaxShards, s)
	}
	return out, nil
}

func (s Shard) check() error {
	if s.Index < 1 || s.Index > s.Of || s.Of > MaxShards {
		return fmt.Errorf("shard %d/%d is no part", s.Index, s.Of)
	}
	return nil
}

// Valid reports whether it is one of at most MaxShards parts.
func (s Shard) Valid() bool { return s.check() == nil }

// String is "3/8".
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// Has says whether a key, or the id of an agent that has none yet, falls into the
// part: the first eight bytes of its SHA-256, as one big-endian number, modulo Of,
// are Index-1. Other agents that come or go play no role.
func (s Shard) Has(key string) bool { return partOf(key, s.Of) == s.Index }

func partOf(key string, of int) int {
	sum := sha256.Sum256([]byte(key))
	return int(binary.BigEndian.Uint64(sum[:8])%uint64(of)) + 1
}

// Part cuts a part out of the plan of a whole fleet. But for Digest, and for what no
// digest covers, it is the plan that is made of the part alone.
func (p *Plan) Part(s Shard) *Plan {
	out := *p
	out.Shard, out.Digest = &s, ""
	out.Agents = slices.DeleteFunc(slices.Clone(p.Agents), func(a AgentPlan) bool { return !s.Has(a.Name) })
	out.Refusals = slices.DeleteFunc(slices.Clone(p.Refusals), func(r Refusal) bool { return r.Agent != "" && !s.Has(r.Agent) })
	out.Warnings = slices.DeleteFunc(slices.Clone(p.Warnings), func(w Warning) bool { return w.Agent != "" && !s.Has(w.Agent) })
	out.Count()
	return &out
}

// JoinParts puts the parts of one plan together, without its digest. files name
// them in errors, which say all that keeps them from being one plan: the parts of
// a plan are all there, each once, of one commit, and agree in what they are about.
func JoinParts(files []string, parts []*Plan) (*Plan, []error) {
	if errs := partErrors(files, parts); len(errs) > 0 {
		return nil, errs
	}
	out := *parts[0]
	out.Shard, out.Digest = nil, ""
	out.Agents, out.Refusals, out.Warnings = nil, nil, nil
	for _, part := range parts {
		out.Agents = append(out.Agents, part.Agents...)
		for _, r := range part.Refusals {
			if r.Agent != "" || !slices.Contains(out.Refusals, r) { // what is about the fleet, each part says
				out.Refusals = append(out.Refusals, r)
			}
		}
		for _, w := range part.Warnings {
			if w.Agent != "" || !slices.Contains(out.Warnings, w) {
				out.Warnings = append(out.Warnings, w)
			}
		}
	}
	sort.Slice(out.Agents, func(i, j int) bool { return out.Agents[i].Name < out.Agents[j].Name })
	sort.SliceStable(out.Refusals, func(i, j int) bool { return out.Refusals[i].Agent < out.Refusals[j].Agent })
	sort.SliceStable(out.Warnings, func(i, j int) bool { return out.Warnings[i].Agent < out.Warnings[j].Agent })
	out.Count()
	return &out, nil
}

func partErrors(files []string, parts []*Plan) (errs []error) {
	failed := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	var first *Plan
	from := "" // its file
	fileOf := map[int]string{}
	for i, p := range parts {
		if p.Shard == nil {
			failed("%s: the plan of a whole fleet, and no part of one", files[i])
			continue
		}
		if first == nil {
			first, from = p, files[i]
		}
		if other := fileOf[p.Shard.Index]; other != "" {
			failed("%s: part %s, as %s is", files[i], p.Shard, other)
		}
		fileOf[p.Shard.Index] = files[i]
		for _, fact := range [][3]string{
			{"parts", strconv.Itoa(p.Shard.Of), strconv.Itoa(first.Shard.Of)},
			{"commit", p.Shard.Commit, first.Shard.Commit},
			{"environment", p.Environment, first.Environment},
			{"base_url", p.BaseURL, first.BaseURL},
			{"base", p.Base, first.Base},
			{"prune", strconv.FormatBool(p.Prune), strconv.FormatBool(first.Prune)},
			{"targets", targetsText(p.Targets), targetsText(first.Targets)},
		} {
			if fact[1] != fact[2] {
				failed("%s: %s %s, and in %s %s", files[i], fact[0], fact[1], from, fact[2])
			}
		}
		for _, a := range p.Agents {
			if !p.Shard.Has(a.Name) {
				failed("%s: the agent %s is not of part %s", files[i], a.Name, p.Shard)
			}
		}
	}
	var missing []string
	for i := 1; first != nil && i <= first.Shard.Of; i++ {
		if fileOf[i] == "" {
			missing = append(missing, fmt.Sprintf("%d/%d", i, first.Shard.Of))
		}
	}
	if len(missing) > 0 {
		failed("parts are missing: %s", strings.Join(missing, ", "))
	}
	return errs
}

// targetsText is for people, and tells all agents from none.
func targetsText(targets []string) string {
	switch {
	case targets == nil:
		return "all"
	case len(targets) == 0:
		return "none"
	}
	return strings.Join(targets, ",")
}

// gone says of an agent of another part that is there whether the plan of the
// whole deletes it; want is nil for an orphan.
func (in Input) gone(want *spec.Agent) bool {
	if want == nil {
		return in.Prune
	}
	return want.Lifecycle.Absent
}

// othersDeleted is how many agents the other parts delete.
func (in Input) othersDeleted() (n int) {
	for key := range in.Remote.Others {
		if want, other := in.Others[key]; other && in.gone(want) {
			n++
		}
	}
	return n
}

// otherOrphans is how many orphans of the other parts are there.
func (in Input) otherOrphans() (n int) {
	for key := range in.Remote.Others {
		if want, other := in.Others[key]; other && want == nil {
			n++
		}
	}
	return n
}

// refuseAcross refuses to take a name that an agent of another part gives up: parts
// do not wait for one another.
func (p *Plan) refuseAcross(in Input) {
	freed := map[string]string{}
	for _, key := range value.SortedKeys(in.Remote.Others) {
		want, other := in.Others[key]
		name := in.Remote.Others[key]
		if other && (in.gone(want) || want != nil && want.AgentName != name) {
			freed[name] = key
		}
	}
	for i := range p.Agents {
		n := p.Agents[i].names(in.Remote.Agents[p.Agents[i].Name])
		from, across := freed[n.takes]
		if n.takeStep == "" || !across {
			continue
		}
		p.Refusals = append(p.Refusals, Refusal{
			Agent: p.Agents[i].Name, Rule: "names",
			Message: fmt.Sprintf("it takes the name %q, which %s of part %d/%d gives up, and no part waits for another",
				n.takes, from, partOf(from, p.Shard.Of), p.Shard.Of),
			Hint: "let the name become free with one apply, and take it with the next; or apply without parts",
		})
	}
}
