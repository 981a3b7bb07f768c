package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/sync/lock"
)

// LeftOut is a value that can't be taken, such as one that no manifest can say,
// while the rest of its agent is.
type LeftOut struct {
	Path string // with its section
	Err  error
}

// pulling is what an agent is taken from.
type pulling struct {
	want   spec.Agent
	seen   *diff.RemoteAgent
	moves  []diff.Move
	memory diff.Remembered // before
}

// take is the agent's manifest with the moves, and its entry in the lock.
func (t pulling) take(moves []diff.Move) (spec.Agent, *lock.Entry) {
	after := diff.Take(t.want, t.seen, moves)
	entry := diff.Remember(t.memory, after, t.seen)
	entry.Smoke = t.memory.Smoke // void by itself where what is released was taken
	for _, move := range t.moves {
		if !slices.Contains(moves, move) {
			t.forget(&entry, move)
		}
	}
	out := lock.Entry(entry)
	return after, &out
}

// forget makes an entry remember what was there before a move that isn't taken, so
// that it is drift still.
func (t pulling) forget(entry *diff.Remembered, move diff.Move) {
	was, now := t.memory.Agent, entry.Agent
	switch move.Section {
	case spec.SectionConfig:
		entry.Version, entry.Config, entry.Newest = t.memory.Version, t.memory.Config, t.memory.Newest
		return
	case spec.SectionOutcomes:
		was, now = t.memory.Outcomes, entry.Outcomes
	case spec.SectionInfields:
		was, now = t.memory.Infields, entry.Infields
	}
	if digest, had := was[move.Path]; had {
		now[move.Path] = digest
	} else {
		delete(now, move.Path)
	}
}

// inPart finds what of an agent that can't be taken whole can be taken: value by
// value, as far as they go together. Nothing is, where a prompt is among what is
// left: half of what somebody changed in one go would speak to callers.
func (p *Project) inPart(ctx context.Context, from pulling) (moves []diff.Move, left []LeftOut, err error) {
	for _, move := range from.moves {
		after, _ := from.take(append(slices.Clone(moves), move))
		results, _, err := p.Want(ctx, []spec.Agent{after}, false)
		switch row := schema.Spec().Below(move.Section).Below(move.Path); {
		case err != nil:
			return nil, nil, err
		case results[0].Err == nil:
			moves = append(moves, move)
		case row != nil && row.Type == schema.Prompt:
			return nil, nil, nil
		default:
			left = append(left, LeftOut{move.Section + "." + move.Path, results[0].Err})
		}
	}
	return moves, left, nil
}

// edit makes the files want what is taken, of the agents by their names.
func (u *Pull) edit(ctx context.Context, from map[string]pulling) error {
	for first := true; ; first = false {
		var wanted []spec.Agent
		for i := range u.Agents {
			agent := &u.Agents[i]
			if t, there := from[agent.Name]; there && agent.Taken() {
				after, entry := t.take(agent.moves)
				wanted, agent.entry = append(wanted, after), entry
			}
		}
		results, files, err := u.project.Want(ctx, wanted, u.opt.Commit)
		if err != nil {
			return err
		}
		again := false
		for _, result := range results {
			i := slices.IndexFunc(u.Agents, func(a PulledAgent) bool { return a.Name == result.Agent })
			agent := &u.Agents[i]
			agent.Files, agent.Notes, agent.Err = result.Files, result.Notes, result.Err
			if others := u.notAsked(result.Parted); len(others) > 0 {
				agent.Notes = append(agent.Notes, fmt.Sprintf("%s: where %s changed in the same way on the platform, name them too, or pull --all: what all want alike is changed once, and stays shared",
					agent.Name, listed(others)))
			}
			if result.Err == nil || !first || len(agent.moves) < 2 {
				continue
			}
			moves, left, err := u.project.inPart(ctx, from[agent.Name])
			if err != nil {
				return err
			}
			if agent.Left = left; len(moves) > 0 {
				agent.take(moves)
				agent.Err, again = nil, true
			}
		}
		if u.Files = files; !again {
			return nil
		}
	}
}

// notAsked are those of the agents that this pull has not looked at.
func (u *Pull) notAsked(agents []string) []string {
	if len(u.opt.Names) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(slices.Values(agents)), func(name string) bool { return slices.Contains(u.opt.Names, name) })
}

// take notes which values are taken.
func (a *PulledAgent) take(moves []diff.Move) {
	a.moves, a.Paths = moves, nil
	for _, move := range moves {
		a.Paths = append(a.Paths, move.Section+"."+move.Path)
	}
}
