package engine

import (
	"errors"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// takePart leaves in a plan's input the agents of a part, and notes the others. nil
// takes all.
func takePart(in diff.Input, shard *diff.Shard) diff.Input {
	if shard == nil {
		return in
	}
	in.Shard = &diff.Shard{Index: shard.Index, Of: shard.Of}
	in.Others = map[string]*spec.Agent{}
	in.Agents = slices.DeleteFunc(in.Agents, func(a spec.Agent) bool {
		if !shard.Has(a.Name) {
			in.Others[a.Name] = &a
		}
		return !shard.Has(a.Name)
	})
	var orphans []string
	for _, key := range in.Orphans {
		if shard.Has(key) {
			orphans = append(orphans, key)
		} else {
			in.Others[key] = nil
		}
	}
	in.Orphans = orphans
	return in
}

// allOrphans are the orphans of all parts: a file that may hold the manifest of one
// keeps each of them from pruning.
func allOrphans(in diff.Input) []string {
	orphans := slices.Clone(in.Orphans)
	for _, key := range value.SortedKeys(in.Others) {
		if in.Others[key] == nil {
			orphans = append(orphans, key)
		}
	}
	return orphans
}

// MergePlans makes one plan of the parts of a fleet's: with its digest, it is the
// plan of the whole. files name the parts in errors.
func MergePlans(files []string, parts []*diff.Plan) (*diff.Plan, error) {
	p, errs := diff.JoinParts(files, parts)
	if len(errs) > 0 {
		return nil, Errorf(Stale, "plan all the parts of one commit: agentsync plan --shard 1/N --out FILE, and so on",
			"these plans are not the parts of one:\n%w", errors.Join(errs...))
	}
	return planfile.Seal(p), nil
}

// PartOf is the part of a saved plan that a scope asks for, to hold a new plan
// against: the plan itself, where it asks for all of it.
func PartOf(saved *diff.Plan, scope Scope) *diff.Plan {
	if scope.Shard == nil || saved.Shard != nil {
		return saved
	}
	return planfile.Seal(saved.Part(diff.Shard{Index: scope.Shard.Index, Of: scope.Shard.Of}))
}
