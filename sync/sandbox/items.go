package sandbox

import (
	"net/http"
	"slices"
)

// itemKind is what call outcomes and call infields have in common
// (reference.md, endpoints 20 to 27).
type itemKind struct {
	path  string // in URLs, and the field of a config version
	noun  string // in messages
	name  string // the fields
	typ   string
	enum  string
	body  check // a whole item
	patch check // some of its fields
	of    func(*agent) *[]*doc
}

var outcomes = newItemKind("call_outcomes", "Call outcome", "outcome_", outcomeFields,
	func(a *agent) *[]*doc { return &a.Outcomes })

var infields = newItemKind("call_infields", "Call infield", "field_", infieldFields,
	func(a *agent) *[]*doc { return &a.Infields })

func newItemKind(path, noun, prefix string, fields []field, of func(*agent) *[]*doc) itemKind {
	k := itemKind{path: path, noun: noun, name: prefix + "name", typ: prefix + "type", enum: prefix + "enum", of: of}
	whole := object(path, fields, drop)
	k.body = func(p *parser, loc []any, v any) any {
		before := len(p.problems)
		out := whole(p, loc, v)
		if m, ok := out.(map[string]any); ok && len(p.problems) == before {
			k.checkEnum(p, loc, m)
		}
		return out
	}
	k.patch = object(path, partial(fields), drop)
	return k
}

// checkEnum holds that an enum goes with FIXED and with nothing else.
func (k *itemKind) checkEnum(p *parser, loc []any, item map[string]any) {
	choices, _ := item[k.enum].([]any)
	switch fixed := item[k.typ] == "FIXED"; {
	case fixed && len(choices) == 0:
		p.fail(loc, "value_error", "Value error, "+k.enum+" is required when "+k.typ+" is FIXED")
	case !fixed && len(choices) > 0:
		p.fail(loc, "value_error", "Value error, "+k.enum+" is only allowed when "+k.typ+" is FIXED")
	}
}

// newItem is an item of the agent at hand as the platform stores it.
func (c *call) newItem(k *itemKind, fields map[string]any) *doc {
	now := naive(c.now)
	d := newDoc(map[string]any{k.enum: nil})
	d.merge(fields)
	d.merge(map[string]any{
		"_id":        c.st.id(k.path, 24),
		"agent_id":   c.agent.Doc.text("agent_id"),
		"created_at": now,
		"updated_at": now,
	})
	return d
}

func (k *itemKind) find(a *agent, name string) *doc {
	for _, d := range *k.of(a) {
		if d.text(k.name) == name {
			return d
		}
	}
	return nil
}

// create is endpoints 20 and 24.
func (k *itemKind) create(c *call) answer {
	name, _ := c.body[k.name].(string)
	if k.find(c.agent, name) != nil {
		return refused(http.StatusBadRequest, k.noun+" with this name already exists")
	}
	d := c.newItem(k, c.body)
	list := k.of(c.agent)
	*list = append(*list, d)
	return enveloped(http.StatusCreated, k.noun+" created successfully", d)
}

// list is endpoints 21 and 25. The order is not that of creation, so that no
// client relies on one.
func (k *itemKind) list(c *call) answer {
	docs := slices.Clone(*k.of(c.agent))
	slices.Reverse(docs)
	if docs == nil {
		docs = []*doc{}
	}
	return enveloped(http.StatusOK, k.noun+"s fetched", docs)
}

// update is endpoints 22 and 26: the fields that are given.
func (k *itemKind) update(c *call) answer {
	d := k.find(c.agent, c.params["name"])
	if d == nil {
		return refused(http.StatusNotFound, k.noun+" not found")
	}
	if name, ok := c.body[k.name].(string); ok && name != d.text(k.name) && k.find(c.agent, name) != nil {
		return refused(http.StatusBadRequest, k.noun+" with this name already exists")
	}
	merged := d.clone()
	merged.merge(c.body)
	p := &parser{}
	k.checkEnum(p, []any{"body"}, merged.fields)
	if len(p.problems) > 0 {
		return invalid(p.problems...)
	}
	d.merge(c.body)
	d.set("updated_at", naive(c.now))
	return enveloped(http.StatusOK, k.noun+" updated successfully", d)
}

// remove is endpoints 23 and 27.
func (k *itemKind) remove(c *call) answer {
	d := k.find(c.agent, c.params["name"])
	if d == nil {
		return refused(http.StatusNotFound, k.noun+" not found")
	}
	list := k.of(c.agent)
	*list = slices.DeleteFunc(*list, func(e *doc) bool { return e == d })
	return enveloped(http.StatusOK, k.noun+" deleted successfully", nil)
}
