package sandbox

import (
	"sync"
	"time"
)

// past is what the state was before recent writes, for a platform whose reads
// do not show a write at once.
type past struct {
	lag time.Duration

	mu      sync.Mutex
	moments []moment // oldest first
}

// moment is the state as it was until a write.
type moment struct {
	until time.Time
	state *state
}

// keep remembers the state that a write is about to change.
func (p *past) keep(st *state, now time.Time) {
	if p.lag == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moments = append(p.moments, moment{now, st.clone()})
}

// seen is the state that a read shows: as it was a lag ago.
func (p *past) seen(present *state, now time.Time) *state {
	if p.lag == 0 {
		return present
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.moments) > 0 && !p.moments[0].until.After(now.Add(-p.lag)) {
		p.moments = p.moments[1:]
	}
	if len(p.moments) > 0 {
		return p.moments[0].state
	}
	return present
}

func (st *state) clone() *state {
	out := &state{seed: st.seed, sequence: st.sequence, agents: make(map[string]*agent, len(st.agents)), calls: cloneCalls(st.calls)}
	for id, a := range st.agents {
		c := &agent{Doc: a.Doc.clone(), Owner: a.Owner, Born: a.Born, Highest: a.Highest, Outcomes: cloneDocs(a.Outcomes), Infields: cloneDocs(a.Infields)}
		for _, v := range a.Versions {
			c.Versions = append(c.Versions, &version{Doc: v.Doc.clone(), WasLive: v.WasLive})
		}
		out.agents[id] = c
	}
	return out
}

func cloneDocs(docs []*doc) []*doc {
	out := make([]*doc, len(docs))
	for i, d := range docs {
		out[i] = d.clone()
	}
	return out
}
