package indus

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
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
		in := input{body: map[string]string{"api_key": key.Reveal()}}
		list, err := fetch(ctx, c, opListLegacy, in, pageOf(c.listedAgent))
		if errors.As(err, &e) {
			e.advise(c.opt.Vars.APIKey)
		}
		if !e.absent() {
			return list.items, err == nil, err
		}
	}
	id := func(agent diff.RemoteAgent) string { return agent.ID }
	never := func([]diff.RemoteAgent, bool) bool { return false }
	agents, err = pages(ctx, c, opListAgents, nil, nil, c.listedAgent, id, never)
	if errors.As(err, &e) && e.absent() {
		c.noListing.Store(true)
		c.logf("%v; going on without a listing", err)
		return nil, false, nil
	}
	return agents, err == nil, err
}

// listedAgent reads an agent in a listing.
func (c *Client) listedAgent(m map[string]any) (diff.RemoteAgent, error) {
	agent := c.toAgent(m)
	if agent.ID == "" {
		return agent, errors.New("an agent without agent_id in the list")
	}
	return agent, nil
}

// pages reads a list page by page, with the parameters of filter, and returns each item once. The last page is
// an empty one, one that brings nothing new (a server that ignores skip), the
// one that reaches the total in the answer, or the one after which last is true
// for all that is read so far. A short page is no sign of the end (reference.md,
// "is a page as long as was asked"), but last may draw conclusions from it.
func pages[T any](ctx context.Context, c *Client, ep *endpoint, args []string, filter url.Values, read func(map[string]any) (T, error),
	key func(T) string, last func(all []T, short bool) bool) ([]T, error) {
	all := []T{}
	seen := map[string]bool{}
	for skip := 0; ; {
		query := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(pageSize)}}
		maps.Copy(query, filter)
		list, err := fetch(ctx, c, ep, input{args: args, query: query}, pageOf(read))
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, item := range list.items {
			if k := key(item); !seen[k] {
				seen[k] = true
				all = append(all, item)
			}
		}
		skip += len(list.items)
		if last(all, len(list.items) < pageSize) || len(all) == before || list.total > 0 && skip >= list.total {
			return all, nil
		}
	}
}

// Agent reads one agent's fields (endpoint 6).
func (c *Client) Agent(ctx context.Context, id string) (diff.RemoteAgent, error) {
	return fetch(ctx, c, opGetAgent, input{args: []string{id}}, func(answer any) (diff.RemoteAgent, error) {
		agent, err := c.readAgent(answer)
		if err == nil && agent.ID == "" && agent.Fields.Get("agent_name").Text() == "" {
			err = errors.New("no agent in the answer")
		}
		agent.ID = cmp.Or(agent.ID, id)
		return agent, err
	})
}

// CreateAgent makes an agent and its first config version (endpoint 5). An
// answer without an agent_id is an error that MayHaveActed.
func (c *Client) CreateAgent(ctx context.Context, body map[string]any) (diff.RemoteAgent, error) {
	return fetch(ctx, c, opCreateAgent, input{body: body}, func(answer any) (diff.RemoteAgent, error) {
		agent, err := c.readAgent(answer)
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

func (c *Client) readAgent(answer any) (diff.RemoteAgent, error) {
	m, err := object(answer, "agent_id", "agent_name")
	return c.toAgent(m), err
}

// toAgent keeps the documented fields alone: agent objects carry LiveKit's
// keys, which are secrets.
func (c *Client) toAgent(m map[string]any) diff.RemoteAgent {
	c.tellUnknown(str(m["agent_id"]), spec.SectionAgent, m)
	return diff.RemoteAgent{
		ID:        str(m["agent_id"]),
		Fields:    diff.FieldsOf(m),
		UpdatedAt: timestamp(m["updated_at"]),
		UpdatedBy: str(m["updated_by"]),
	}
}

func (c *Client) tellUnknown(id, section string, object map[string]any) {
	if c.opt.Unknown == nil {
		return
	}
	if names := diff.UnknownOf(section, object); len(names) > 0 {
		c.opt.Unknown(id, section, names)
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
