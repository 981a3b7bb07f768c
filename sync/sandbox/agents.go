package sandbox

import (
	"fmt"
	"net/http"
)

// legacyList is endpoint 3: all agents of the API key's account, without pages.
func legacyList(c *call) answer {
	key, _ := c.body["api_key"].(string)
	switch {
	case key == "":
		return refused(http.StatusBadRequest, "api_key is required")
	case !equal(key, c.s.opts.APIKey):
		return refused(http.StatusBadRequest, "Invalid API key")
	}
	list := []*doc{}
	for _, a := range c.st.newestFirst(c.s.owner) {
		d := a.Doc.clone()
		delete(d.fields, "livekit_api_secret")
		list = append(list, d)
	}
	return enveloped(http.StatusOK, "Agents fetched", map[string]any{"agents": list})
}

// listAgents is endpoint 4.
func listAgents(c *call) answer {
	var docs []*doc
	for _, a := range pageOf(c, c.st.newestFirst(c.s.owner)) {
		docs = append(docs, a.Doc)
	}
	return rawList("agents", docs)
}

// pageOf is the page of a list that a request asks for.
func pageOf[T any](c *call, list []T) []T {
	list = list[min(c.number("skip", 0), len(list)):]
	limit := c.number("limit", 100)
	if most := c.s.opts.Page; most > 0 {
		limit = min(limit, most)
	}
	return list[:min(limit, len(list))]
}

// createAgent is endpoint 5.
func createAgent(c *call) answer {
	in, _ := c.body["agent_in"].(map[string]any)
	config, _ := c.body["agent_config"].(map[string]any)
	name, _ := in["agent_name"].(string)
	if c.st.named(c.s.owner, name, nil) {
		return detail(http.StatusBadRequest, "Agent with this name already exists")
	}
	a := c.newAgent(c.s.owner, in)
	c.agent = a
	if item, ok := c.body["call_outcome"].(map[string]any); ok {
		a.Outcomes = append(a.Outcomes, c.newItem(&outcomes, item))
	}
	if item, ok := c.body["call_infield"].(map[string]any); ok {
		a.Infields = append(a.Infields, c.newItem(&infields, item))
	}
	v := c.newVersion(config)
	if c.s.opts.CreatePublishes {
		c.makeCurrent(v)
	}
	return raw(a.Doc)
}

// newAgent puts an agent with the given fields and no config into the state.
func (c *call) newAgent(owner string, in map[string]any) *agent {
	id := c.st.agentID()
	now := naive(c.now)
	team := []any{}
	members, _ := in["team"].([]any)
	for _, m := range members {
		member, _ := m.(map[string]any)
		team = append(team, map[string]any{"user_id": member["user_id"], "role": member["role"], "added_at": now})
	}
	secret := fmt.Sprintf("LK-SECRET-%d-%s", c.s.opts.Seed, id)
	d := newDoc(map[string]any{
		"agent_description":  nil,
		"is_active":          true,
		"whatsapp_enabled":   false,
		"is_auto":            false,
		"agent_cost":         pyFloat(5),
		"livekit_api_key":    secret + "-key",
		"livekit_api_secret": secret + "-secret",
		"livekit_host_url":   "wss://" + secret + "-host.invalid",
	})
	d.merge(in)
	d.merge(map[string]any{
		"id":              c.st.id("agent object", 24),
		"agent_id":        id,
		"user_id":         owner,
		"organization_id": userID(c.s.opts.Seed, "organization of "+owner),
		"team":            team,
		"team_size":       len(team),
		"created_at":      now,
		"updated_at":      now,
	})
	a := &agent{Doc: d, Owner: owner, Born: c.st.sequence, Versions: []*version{}, Outcomes: []*doc{}, Infields: []*doc{}}
	c.st.agents[id] = a
	return a
}

// getAgent is endpoint 6.
func getAgent(c *call) answer { return raw(c.agent.Doc) }

// updateAgent is endpoint 7: the fields that are given.
func updateAgent(c *call) answer {
	if name, ok := c.body["agent_name"].(string); ok && c.st.named(c.s.owner, name, c.agent) {
		return detail(http.StatusBadRequest, "Agent with this name already exists")
	}
	c.agent.Doc.merge(c.body)
	c.agent.Doc.set("updated_at", naive(c.now))
	return raw(c.agent.Doc)
}

// deleteAgent is endpoint 8.
func deleteAgent(c *call) answer {
	delete(c.st.agents, c.agent.Doc.text("agent_id"))
	return raw(map[string]any{"message": "Agent deleted successfully"})
}
