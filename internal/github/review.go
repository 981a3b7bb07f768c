package github

import (
	"cmp"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/value"
	api "github.com/google/go-github/v84/github"
)

// review is what was reviewed of a commit: a comment and the plan in it.
type review struct {
	sticky                  // its marker's digest is "" when nothing was reviewed
	pull   *api.PullRequest // nil when the commit came from no merged pull request
	commit string           // the one that was merged
	plan   *diff.Plan       // nil where the comment does not hold it

	// earlier are reviews of pull requests that were merged before this one and
	// not applied, newest first; used are those that covers needed.
	earlier, used []*review
}

// why says why there is no reviewed plan.
func (r *review) why() string {
	switch {
	case r.pull == nil:
		return "the commit " + cut12(r.commit) + " came from no merged pull request"
	case r.id == 0:
		return "the pull request has no plan of this environment"
	}
	return cmp.Or(map[state]string{
		planFailed:  "the pull request's last plan failed",
		planRefused: "policy forbade the pull request's last plan",
		offline:     "the pull request came from outside, and its plan was not compared with the platform",
		late:        "the pull request's plan was made after the merge",
	}[r.note.status.State], "the pull request's comment has no plan")
}

// planFor is the reviewed plan, of which only the part counts that a plan is of.
func (r *review) planFor(now *diff.Plan) *diff.Plan {
	if now.Shard == nil || r.plan == nil {
		return r.plan
	}
	part := r.plan.Part(*now.Shard)
	part.Digest = r.plan.Digest
	return part
}

// comparable is as much of a plan as can be compared with the reviewed one, which
// may be abridged, and have nothing of agents without steps.
func (r *review) comparable(now *diff.Plan) *diff.Plan {
	out := *now
	reviewed := r.planFor(now)
	out.Targets = reviewed.Targets // which follow from what other runs have applied
	out.Agents = slices.DeleteFunc(slices.Clone(now.Agents), func(a diff.AgentPlan) bool {
		return len(a.Steps) == 0 && agentOf(reviewed, a.Name) == nil
	})
	return abridgeAs(&out, reviewed)
}

// covers says whether doing the plan does nothing but what was reviewed:
//
// What was applied already covers nothing: somebody has changed it back since.
//
//  1. it is the reviewed plan, by its digest;
//  2. or by the digest of the agents that have steps: what became of the others
//     since changes nothing of what would be done; of a part of the fleet, by that of
//     the same part of a plan that was merged of as many;
//  3. or every agent's part is one that was reviewed, here or in an earlier pull
//     request, as the platform was then; what else was reviewed is done already;
//  4. or an apply of the reviewed plan, in a run of this very commit or of the one
//     that the plan was merged as, has begun and not ended: then an agent may
//     also be half done, as leftOf says.
//
// 3 and 4 need the reviewed plan itself, whole.
func (r *review) covers(now *diff.Plan) bool {
	reviewed := r.note.marker.Digest
	if reviewed != "" && r.note.status.State != applied && (reviewed == now.Digest || r.note.status.Steps == stepsDigest(now) || r.note.status.hasPart(now)) {
		return true
	}
	r.used = nil
	for _, agent := range withSteps(now) {
		i := slices.IndexFunc(r.earlier, func(one *review) bool { return one.has(agent, now, r.commit) })
		switch {
		case r.has(agent, now, r.commit):
		case i < 0:
			return false
		case !slices.Contains(r.used, r.earlier[i]):
			r.used = append(r.used, r.earlier[i])
		}
	}
	return true
}

// has says whether the agent's part of the plan is one that was reviewed, or
// what a run of the commit has left of it.
func (r *review) has(agent diff.AgentPlan, now *diff.Plan, commit string) bool {
	reviewed := agentOf(r.plan, agent.Name)
	if r.note.marker.Digest == "" || r.note.status.State == applied || reviewed == nil || digestOf(r.plan) != digestOf(now) { // of another scope, or abridged
		return false
	}
	s := r.note.status
	again := s.State.unfinished() && (s.Commit == commit || s.Commit == r.commit)
	return digestOf(r.plan, *reviewed) == digestOf(now, agent) || again && leftOf(*reviewed, agent)
}

// leftOf says whether what is planned for an agent is what an apply of the
// reviewed plan has left to do there: each step was reviewed, and each of its
// changes too, with the same value before and after. So nothing that somebody
// has changed on the platform since is overwritten, and no value is set that
// was not reviewed. A draft that the unfinished apply left may go. Any other
// step, as after a create whose agent was found again and must be adopted, was
// not reviewed.
func leftOf(reviewed, now diff.AgentPlan) bool {
	if now.AgentName != reviewed.AgentName || reviewed.AgentID != "" && now.AgentID != reviewed.AgentID ||
		now.Status == diff.Delete && reviewed.Status != diff.Delete {
		return false
	}
	for section, class := range now.Drift {
		if engine.Moved(class) && class != reviewed.Drift[section] {
			return false
		}
	}
	var config []diff.Change // which move to the publication when the draft is there
	for _, step := range reviewed.Steps {
		if aboutConfig(step.Action) {
			config = append(config, step.Changes...)
		}
	}
	for _, step := range now.Steps {
		if step.Action == diff.DeleteDraft && now.Unfinished {
			continue
		}
		i := slices.IndexFunc(reviewed.Steps, func(old diff.Step) bool {
			sameTo := old.To == nil || step.To == nil || *old.To == *step.To // nil was not known yet
			return old.ID == step.ID && old.Action == step.Action && sameTo
		})
		if i < 0 {
			return false
		}
		changes := reviewed.Steps[i].Changes
		if aboutConfig(step.Action) {
			changes = config
		}
		for _, change := range step.Changes {
			if !slices.ContainsFunc(changes, func(was diff.Change) bool {
				return was.Path == change.Path && value.Equal(was.After, change.After) && value.Equal(was.Before, change.Before)
			}) {
				return false
			}
		}
	}
	return true
}

func aboutConfig(action diff.Action) bool {
	return slices.Contains([]diff.Action{diff.CreateDraft, diff.UpdateDraft, diff.Publish, diff.Rollback}, action)
}
