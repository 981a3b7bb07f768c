package diff

import "github.com/agentsync/agentsync/internal/value"

// classifier says of single differences who moved, and of a section what they
// come to together (design section 4, "Provenance").
type classifier struct{ pending, drift, both, unknown bool }

func (c *classifier) add(class Class) {
	switch class {
	case Pending:
		c.pending = true
	case Drift:
		c.drift = true
	case Both:
		c.both = true
	case Unknown:
		c.unknown = true
	}
}

func (c classifier) class() (Class, bool) {
	switch {
	case c.both || c.drift && c.pending:
		return Both, true
	case c.drift:
		return Drift, true
	case c.unknown:
		return Unknown, true
	case c.pending:
		return Pending, true
	default:
		return "", false
	}
}

// classifyItem judges one agent field, outcome or infield that differs:
// remembered is its digest in the lock ("" for none), known says whether the
// lock remembers the agent at all. remote and wanted are digests, "" for gone.
func (p *agentPlanner) classifyItem(remembered, remote, wanted string) Class {
	switch {
	case p.memory.Unfinished:
		return Pending
	case p.adopting:
		return Drift
	case !p.remembered:
		return Unknown
	case remembered == remote:
		return Pending
	case remembered == wanted:
		return Drift
	case remembered == "" && wanted == "":
		return Drift // somebody added it on the platform
	default:
		return Both
	}
}

func (p *agentPlanner) agentClass(changes []Change) (Class, bool) {
	var c classifier
	for _, change := range changes {
		remembered, managed := p.memory.Agent[change.Path]
		if p.remembered && !managed && !p.memory.Unfinished && !p.adopting {
			c.add(Pending) // git has only now begun to manage the field
			continue
		}
		c.add(p.classifyItem(remembered, value.ShortDigest(change.Before), value.ShortDigest(change.After)))
	}
	return c.class()
}

// configClass judges a config that differs from what is live.
func (p *agentPlanner) configClass() Class {
	live := p.remote.Current
	switch {
	case p.adopting:
		return Drift
	case !p.policy.Provenance:
		return Unknown
	case live == nil || p.isOurs(live):
		return Pending
	}
	if base := p.lastApplied(); base != nil {
		if value.Equal(base.config(), overlayConfig(base.Content, p.want)) {
			return Drift
		}
		return Both
	}
	if _, line, ok := ParseNotes(live.Notes); ok && line.Config != p.wanted.ConfigDigest {
		return Both
	}
	return Drift
}

// isOurs says whether the live version is what agentsync last left live.
//
// Its digest in the lock settles it, and so does a provenance line that still
// matches, unless the version is older than the one the lock remembers, or
// repeats an older one: then somebody has rolled back on the platform.
func (p *agentPlanner) isOurs(live *Version) bool {
	content := live.config()
	digest := configDigest(content, passthroughKeys(p.want))
	if p.memory.Config == digest || p.memory.Unfinished && contains(p.memory.Expect, digest) {
		return true
	}
	if !vouched(live, p.want) {
		return false
	}
	if p.memory.Version == 0 || p.memory.Unfinished {
		return true
	}
	return live.Number >= p.memory.Version && !p.repeatsOlder(live, content)
}

func (p *agentPlanner) repeatsOlder(live *Version, content map[string]any) bool {
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		if v.Number < live.Number && !v.IsDraft() && v.Notes == live.Notes &&
			value.EqualCanonical(v.config(), content) {
			return true
		}
	}
	return false
}

// lastApplied is what git wanted before the platform moved: a published
// version, other than the live one, with an intact provenance line. Where the
// live version is an edit of one of ours, it is the version that has the same
// line, which after a rollback is not the newest; else the newest.
func (p *agentPlanner) lastApplied() *Version {
	live := p.remote.Current
	_, line, marked := ParseNotes(live.Notes)
	edited := marked && !vouched(live, p.want)
	for i := range p.remote.Versions {
		v := &p.remote.Versions[i]
		if v.Number == live.Number || v.IsDraft() || !vouched(v, p.want) {
			continue
		}
		if _, own, _ := ParseNotes(v.Notes); !edited || own.Config == line.Config {
			return v
		}
	}
	return nil
}

// carriesProvenance says whether any version that was read has our line.
func carriesProvenance(r *RemoteAgent) bool {
	if r.Current != nil {
		if _, _, ok := ParseNotes(r.Current.Notes); ok {
			return true
		}
	}
	for i := range r.Versions {
		if _, _, ok := ParseNotes(r.Versions[i].Notes); ok {
			return true
		}
	}
	return false
}
