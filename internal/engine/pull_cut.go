package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// tellUncommitted adds the agents whose files say what the platform has, while HEAD
// has them say something else. So a pull --commit that was cut off leaves the agent
// that it was at: written, so no drift any more, and in no commit. Whether it was
// that, or somebody who edited and applied, can't be told, so it is theirs to commit.
func (p *Planned) tellUncommitted(ctx context.Context, out *Pull) error {
	repo, head, err := openHead(ctx, p.project.opt.Dir)
	if err != nil {
		return nil // the commit tells
	}
	files := map[string][]string{} // by agent
	var all []string
	for _, plan := range p.Plan.Agents {
		if agent := manifestOf(p.in.Agents, plan.Name); agent != nil && plan.Status == diff.Unchanged {
			files[plan.Name] = filesOf(agent)
			all = append(all, files[plan.Name]...)
		}
	}
	slices.Sort(all)
	dirty, err := repo.Uncommitted(ctx, slices.Compact(all)...)
	if err != nil || len(dirty) == 0 {
		return err
	}
	was, _, err := p.project.opt.atCommit(ctx, repo, head, spec.LoadOptions{Past: true})
	if err != nil || was == nil {
		return err
	}
	changed := spec.Changed(was, p.project.Project)
	for _, plan := range p.Plan.Agents {
		its := slices.DeleteFunc(files[plan.Name], func(name string) bool { return !slices.Contains(dirty, name) })
		if len(its) > 0 && manifestOf(was.Agents, plan.Name) != nil && slices.Contains(changed, plan.Name) {
			out.Agents = append(out.Agents, PulledAgent{Name: plan.Name, AgentName: plan.AgentName, ID: plan.AgentID,
				Err: Errorf(Refused, "commit them: git add "+strings.Join(append(its, lock.FileName), " ")+" && git commit",
					"its files say already what the platform has, and are in no commit, as a pull that was cut off leaves them: %s", listed(its))})
		}
	}
	slices.SortStableFunc(out.Agents, func(a, b PulledAgent) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
