package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// newVersion makes a draft with this content; what content leaves out is empty.
func (c *call) newVersion(content map[string]any) *version {
	a, now := c.agent, naive(c.now)
	a.Highest = c.nextVersion()
	fields := emptyConfig()
	maps.Copy(fields, content)
	maps.Copy(fields, map[string]any{
		"_id":        c.st.id("config", 24),
		"agent_id":   a.Doc.text("agent_id"),
		"version":    a.Highest,
		"status":     "draft",
		"is_current": false,
		"created_at": now,
		"updated_at": now,
		"created_by": c.actor,
		"updated_by": c.actor,
	})
	v := &version{Doc: newDoc(fields)}
	a.Versions = append(a.Versions, v)
	return v
}

// nextVersion is one more than the highest number there is, or ever was.
func (c *call) nextVersion() int {
	if c.s.opts.Numbers == "once" {
		return c.agent.Highest + 1
	}
	highest := 0
	for _, v := range c.agent.Versions {
		highest = max(highest, v.number())
	}
	return highest + 1
}

// overlaid makes a draft that is the current config, else the latest version,
// else an empty one, with fields laid over it: a section is replaced whole.
func (c *call) overlaid(fields map[string]any) *version {
	base := map[string]any{}
	from := c.agent.current()
	if from == nil {
		from = c.agent.latest()
	}
	if from != nil {
		base = maps.Clone(from.Doc.fields)
	}
	maps.Copy(base, fields)
	return c.newVersion(base)
}

// touch marks a version as changed now by the one who acts.
func (c *call) touch(v *version) {
	v.Doc.merge(map[string]any{"updated_at": naive(c.now), "updated_by": c.actor})
}

// versionNamed is the version in the path; ok is false when a answers 404.
func (c *call) versionNamed() (v *version, a answer, ok bool) {
	n, _ := strconv.Atoi(c.params["version"])
	if v = c.agent.version(n); v == nil {
		return nil, tracedDetail(http.StatusNotFound, "Version not found"), false
	}
	return v, answer{}, true
}

// createDraft is endpoint 9.
func createDraft(c *call) answer {
	v := c.overlaid(c.body)
	if booleans[strings.ToLower(c.r.URL.Query().Get("publish"))] {
		c.makeCurrent(v)
	}
	return raw(v.Doc)
}

// listConfigs is endpoint 10: newest version first.
func listConfigs(c *call) answer {
	filter := c.r.URL.Query().Get("status_filter")
	var docs []*doc
	for _, v := range slices.Backward(c.agent.Versions) {
		if filter == "" || v.status() == filter {
			docs = append(docs, v.Doc)
		}
	}
	return rawList("configs", pageOf(c, docs))
}

// getCurrent is endpoint 11.
func getCurrent(c *call) answer {
	v := c.agent.current()
	if v == nil {
		return noCurrent()
	}
	return raw(v.Doc)
}

func noCurrent() answer { return tracedDetail(http.StatusNotFound, "No current config found") }

// getVersion is endpoint 12.
func getVersion(c *call) answer {
	v, a, ok := c.versionNamed()
	if !ok {
		return a
	}
	return raw(v.Doc)
}

// updateDraft is endpoint 13.
func updateDraft(c *call) answer {
	v, a, ok := c.versionNamed()
	switch {
	case !ok:
		return a
	case v.status() != "draft":
		return detail(http.StatusBadRequest, "Version is not draft")
	}
	v.Doc.merge(c.body)
	c.touch(v)
	return raw(v.Doc)
}

// deleteDraft is endpoint 14.
func deleteDraft(c *call) answer {
	v, a, ok := c.versionNamed()
	switch {
	case !ok:
		return a
	case v.status() != "draft":
		return detail(http.StatusBadRequest, "Version is not draft")
	}
	c.agent.Versions = slices.DeleteFunc(c.agent.Versions, func(w *version) bool { return w == v })
	return raw(map[string]any{"message": "Draft config deleted"})
}

// updateService is endpoint 28: one section of the current config, in place.
func updateService(c *call) answer {
	service := c.params["service_type"]
	section, known := sections[service]
	if !known {
		return detail(http.StatusBadRequest, "Invalid service type: "+service)
	}
	p := &parser{strict: c.s.opts.Strict, extra: c.s.opts.Extra}
	value := section(p, []any{"body"}, c.body)
	if len(p.problems) > 0 {
		first := p.problems[0]
		if first.Type == "extra_forbidden" {
			return invalid(p.problems...)
		}
		return detail(http.StatusBadRequest, fmt.Sprintf("Invalid payload for %s: %v: %s", service, first.Loc[1:], first.Msg))
	}
	v := c.agent.current()
	if v == nil {
		return noCurrent()
	}
	v.Doc.set(service, value)
	c.touch(v)
	return raw(v.Doc)
}
