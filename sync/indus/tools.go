package indus

import (
	"context"
	"fmt"
)

// Enhance asks for better prompts (endpoint 17). body is as for CreateDraft.
// The answer's fields are undocumented.
func (c *Client) Enhance(ctx context.Context, id string, body map[string]any) (map[string]any, error) {
	return c.tool(ctx, opEnhance, input{args: []string{id}, body: body})
}

// tool calls an endpoint whose answer is an object that is shown as it comes.
func (c *Client) tool(ctx context.Context, ep *endpoint, in input) (map[string]any, error) {
	return fetch(ctx, c, ep, in, func(answer any) (map[string]any, error) {
		m, ok := answer.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s instead of an object", kindOf(answer))
		}
		return m, nil
	})
}

// orEmpty keeps a nil map from being sent as null.
func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
