package indus

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
)

const pageSize = 100 // the most that endpoints 4 and 10 return at once

// ListAgents returns all agents of the account by the legacy listing when there
// is an API key (endpoint 3), else by endpoint 4. ok is false when the
// platform serves neither; that is asked once in the client's life.
func (c *Client) ListAgents(ctx context.Context) (agents []diff.RemoteAgent, ok bool, err error) {
	if c.noListing.Load() {
		return nil, false, nil
	}
	var e *Error
	if key := c.opt.Credentials.APIKey; !key.IsZero() {
		list, err := fetch(ctx, c, opListLegacy, input{body: map[string]string{"api_key": key.Reveal()}}, objects)
		if errors.As(err, &e) {
			e.advise(c.opt.Vars.APIKey)
		}
		if !e.absent() {
			return c.toAgents(opListLegacy, list, err)
		}
	}
	list, err := c.pages(ctx, opListAgents, nil, func(m map[string]any) string { return str(m["agent_id"]) })
	if errors.As(err, &e) && e.absent() {
		c.noListing.Store(true)
		c.logf("%v; going on without a listing", err)
		return nil, false, nil
	}
	return c.toAgents(opListAgents, list, err)
}

// toAgents reads a listing, unless it failed. ok is false when there is none.
func (c *Client) toAgents(ep *endpoint, list []map[string]any, err error) (agents []diff.RemoteAgent, ok bool, _ error) {
	if err != nil {
		return nil, false, err
	}
	agents = make([]diff.RemoteAgent, len(list))
	for i, m := range list {
		agents[i] = toAgent(m)
		if agents[i].ID == "" {
			return nil, false, c.unexpected(ep, nil, errors.New("an agent without agent_id in the list"))
		}
	}
	return agents, true, nil
}

// pages reads a list page by page, until a short page, or one that brings
// nothing new (a server that ignores skip). Objects with the same key are
// returned once.
func (c *Client) pages(ctx context.Context, ep *endpoint, args []string, key func(map[string]any) string) ([]map[string]any, error) {
	var all []map[string]any
	seen := map[string]bool{}
	for skip := 0; ; {
		query := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(pageSize)}}
		page, err := fetch(ctx, c, ep, input{args: args, query: query}, objects)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, m := range page {
			if k := key(m); k == "" || !seen[k] {
				seen[k] = true
				all = append(all, m)
			}
		}
		if len(page) < pageSize || len(all) == before {
			return all, nil
		}
		skip += len(page)
	}
}

// Agent reads one agent's fields (endpoint 6).
func (c *Client) Agent(ctx context.Context, id string) (diff.RemoteAgent, error) {
	return fetch(ctx, c, opGetAgent, input{args: []string{id}}, func(answer any) (diff.RemoteAgent, error) {
		agent, err := readAgent(answer)
		if err == nil && agent.ID == "" && agent.Fields.Get("agent_name").Text() == "" {
			err = errors.New("no agent in the answer")
		}
		if agent.ID == "" {
			agent.ID = id
		}
		return agent, err
	})
}

// CreateAgent makes an agent and its first config version (endpoint 5). An
// answer without an agent_id is an error that MayHaveActed.
func (c *Client) CreateAgent(ctx context.Context, body map[string]any) (diff.RemoteAgent, error) {
	return fetch(ctx, c, opCreateAgent, input{body: body}, func(answer any) (diff.RemoteAgent, error) {
		agent, err := readAgent(answer)
		if err == nil && agent.ID == "" {
			err = errors.New("no agent_id in the answer")
		}
		return agent, err
	})
}

// UpdateAgent changes the fields in body (endpoint 7).
func (c *Client) UpdateAgent(ctx context.Context, id string, body map[string]any) error {
	return c.write(ctx, opUpdateAgent, body, id)
}

// DeleteAgent deletes an agent (endpoint 8).
func (c *Client) DeleteAgent(ctx context.Context, id string) error {
	return c.write(ctx, opDeleteAgent, nil, id)
}

func readAgent(answer any) (diff.RemoteAgent, error) {
	m, err := object(answer, "agent_id", "agent_name")
	return toAgent(m), err
}

// toAgent keeps the documented fields alone: agent objects carry LiveKit's
// keys, which are secrets.
func toAgent(m map[string]any) diff.RemoteAgent {
	return diff.RemoteAgent{
		ID:        str(m["agent_id"]),
		Fields:    diff.FieldsOf(m),
		UpdatedAt: timestamp(m["updated_at"]),
		UpdatedBy: str(m["updated_by"]),
	}
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// timestamp reads a time with or without a zone; without one it is UTC. What
// is absent or malformed is the zero time.
func timestamp(v any) time.Time {
	s := strings.Replace(str(v), " ", "T", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
