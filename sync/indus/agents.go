package indus

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
)

const pageSize = 100 // the most that endpoints 4 and 10 give at once

// ListAgents gives all agents of the account by the legacy listing when there
// is an API key (endpoint 3), else by endpoint 4. ok is false when the
// platform serves neither; that is asked once in the client's life.
func (c *Client) ListAgents(ctx context.Context) (agents []diff.RemoteAgent, ok bool, err error) {
	if c.noListing.Load() {
		return nil, false, nil
	}
	if key := c.opt.Credentials.APIKey; !key.IsZero() {
		agents, err := c.listLegacy(ctx)
		if err == nil {
			return agents, true, nil
		}
		if !absent(err) {
			return nil, false, err
		}
	}
	objects, err := c.pages(ctx, opListAgents, nil, func(m map[string]any) string { return str(m["agent_id"]) })
	switch {
	case err == nil:
		agents, err := c.toAgents(opListAgents, objects)
		return agents, err == nil, err
	case absent(err):
		c.noListing.Store(true)
		c.logf("%v; going on without a listing", err)
		return nil, false, nil
	}
	return nil, false, err
}

func (c *Client) listLegacy(ctx context.Context) ([]diff.RemoteAgent, error) {
	v, err := c.do(ctx, opListLegacy, input{body: map[string]string{"api_key": c.opt.Credentials.APIKey.Reveal()}})
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			switch e.Status {
			case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
				e.Message += " (check " + c.opt.Vars.APIKey + ")"
			}
		}
		return nil, err
	}
	list, err := objects(v)
	if err != nil {
		return nil, c.unexpected(opListLegacy, nil, err)
	}
	return c.toAgents(opListLegacy, list)
}

// pages reads a list page by page, until a short page, or one that brings
// nothing new (a server that ignores skip). Objects are told apart by key, and
// each is given once.
func (c *Client) pages(ctx context.Context, o op, args []string, key func(map[string]any) string) ([]map[string]any, error) {
	var all []map[string]any
	seen := map[string]bool{}
	for skip := 0; ; {
		query := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(pageSize)}}
		v, err := c.do(ctx, o, input{args: args, query: query})
		if err != nil {
			return nil, err
		}
		page, err := objects(v)
		if err != nil {
			return nil, c.unexpected(o, args, err)
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
	args := []string{id}
	v, err := c.do(ctx, opGetAgent, input{args: args})
	if err != nil {
		return diff.RemoteAgent{}, err
	}
	m, err := object(v, "agent_id", "agent_name")
	if err == nil && str(m["agent_id"]) == "" && str(m["agent_name"]) == "" {
		err = errors.New("no agent in the answer")
	}
	if err != nil {
		return diff.RemoteAgent{}, c.unexpected(opGetAgent, args, err)
	}
	agent := toAgent(m)
	if agent.ID == "" {
		agent.ID = id
	}
	return agent, nil
}

// CreateAgent makes an agent and its first config version (endpoint 5). An
// answer without an agent_id is an error that MayHaveActed.
func (c *Client) CreateAgent(ctx context.Context, body map[string]any) (diff.RemoteAgent, error) {
	v, err := c.do(ctx, opCreateAgent, input{body: body})
	if err != nil {
		return diff.RemoteAgent{}, err
	}
	m, err := object(v, "agent_id", "agent_name")
	if err == nil && str(m["agent_id"]) == "" {
		err = errors.New("no agent_id in the answer")
	}
	if err != nil {
		return diff.RemoteAgent{}, c.unexpected(opCreateAgent, nil, err)
	}
	return toAgent(m), nil
}

// UpdateAgent changes the fields in body (endpoint 7).
func (c *Client) UpdateAgent(ctx context.Context, id string, body map[string]any) error {
	_, err := c.do(ctx, opUpdateAgent, input{args: []string{id}, body: body})
	return err
}

// DeleteAgent deletes an agent (endpoint 8).
func (c *Client) DeleteAgent(ctx context.Context, id string) error {
	_, err := c.do(ctx, opDeleteAgent, input{args: []string{id}})
	return err
}

func (c *Client) toAgents(o op, list []map[string]any) ([]diff.RemoteAgent, error) {
	agents := make([]diff.RemoteAgent, len(list))
	for i, m := range list {
		agents[i] = toAgent(m)
		if agents[i].ID == "" {
			return nil, c.unexpected(o, nil, errors.New("an agent without agent_id in the list"))
		}
	}
	return agents, nil
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

// unexpected is the error of an answer that is JSON but not what the endpoint
// gives. A write may have acted all the same.
func (c *Client) unexpected(o op, args []string, reason error) *Error {
	ep := &endpoints[o]
	path, err := ep.expand(args)
	if err != nil {
		path = ep.path
	}
	return &Error{
		Op: ep.method + " " + path, Message: "unexpected answer", Detail: clean(c.scrub.clean(reason.Error()), messageLimit),
		tries: 1, acted: ep.class != read,
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
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
