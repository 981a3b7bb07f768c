package sandbox

import (
	"maps"
	"net/http"
)

// makeCurrent publishes v: it becomes the one current version, with copies of
// the agent's outcomes and infields, and the one before it is superseded.
func (c *call) makeCurrent(v *version) {
	v.Doc.merge(map[string]any{
		"call_outcomes": contents(c.agent.Outcomes),
		"call_infields": contents(c.agent.Infields),
	})
	c.point(v)
}

// point moves is_current to v.
func (c *call) point(v *version) {
	if old := c.agent.current(); old != nil && old != v {
		old.Doc.merge(map[string]any{"is_current": false, "status": c.s.opts.Superseded})
	}
	v.Doc.merge(map[string]any{"is_current": true, "status": "published"})
	v.WasLive = true
	c.touch(v)
}

// publish is endpoint 15, for drafts.
func publish(c *call) answer {
	v, a, ok := c.versionNamed()
	switch {
	case !ok:
		return a
	case v.status() != "draft":
		return detail(http.StatusBadRequest, "Version is not draft")
	}
	c.makeCurrent(v)
	return raw(v.Doc)
}

// rollback is endpoint 16, under the reading that Options.Rollback names.
func rollback(c *call) answer {
	v, a, ok := c.versionNamed()
	switch {
	case !ok:
		return a
	case !v.WasLive:
		return detail(http.StatusBadRequest, "Version was never published")
	}
	return raw(c.rollBack(v).Doc)
}

// rollBack makes the content of v live again and returns the version that is
// current then.
func (c *call) rollBack(v *version) *version {
	if c.s.opts.RestoreFields {
		c.agent.Outcomes = items(v.Doc.get("call_outcomes"))
		c.agent.Infields = items(v.Doc.get("call_infields"))
	}
	if c.s.opts.Rollback == "clone" {
		v = c.newVersion(maps.Clone(v.Doc.fields))
		c.makeCurrent(v)
		return v
	}
	if v != c.agent.current() {
		c.point(v)
	}
	return v
}
