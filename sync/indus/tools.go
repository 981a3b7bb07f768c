package indus

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
)

// Enhance asks for better prompts (endpoint 17). body is as for CreateDraft.
// The answer's fields are undocumented.
func (c *Client) Enhance(ctx context.Context, id string, body map[string]any) (map[string]any, error) {
	return c.tool(ctx, opEnhance, input{args: []string{id}, body: body})
}

// RenderInput says what Render renders. Version 0 is the current config;
// prompts that are given stand in for the version's.
type RenderInput struct {
	Version                            int
	Values                             map[string]any // metadata, by name
	SystemPrompt, StartingInstructions string
}

// Render fills the placeholders of the prompts (endpoint 18):
// rendered_system_prompt, rendered_starting_instructions and errors.
func (c *Client) Render(ctx context.Context, id string, in RenderInput) (map[string]any, error) {
	query := url.Values{}
	if in.Version != 0 {
		query.Set("version", strconv.Itoa(in.Version))
	}
	for key, prompt := range map[string]string{"system_prompt": in.SystemPrompt, "starting_instructions": in.StartingInstructions} {
		if prompt != "" {
			query.Set(key, prompt)
		}
	}
	return c.tool(ctx, opRender, input{args: []string{id}, query: query, body: orEmpty(in.Values)})
}

// Validate checks metadata values against the current config's schema
// (endpoint 19): valid and errors.
func (c *Client) Validate(ctx context.Context, id string, values map[string]any) (map[string]any, error) {
	return c.tool(ctx, opValidate, input{args: []string{id}, body: orEmpty(values)})
}

// Click2Call makes a real call (endpoint 30): call_id and status. It is never
// sent twice unless the platform has surely not acted.
func (c *Client) Click2Call(ctx context.Context, body map[string]any) (map[string]any, error) {
	return c.tool(ctx, opClick2Call, input{body: body})
}

// Transcript reads what is known of a call (endpoint 31): transcript_status
// and transcript.
func (c *Client) Transcript(ctx context.Context, callID string) (map[string]any, error) {
	return c.tool(ctx, opTranscript, input{args: []string{callID}})
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
