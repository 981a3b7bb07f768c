package indus

import (
	"context"
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
	if in.SystemPrompt != "" {
		query.Set("system_prompt", in.SystemPrompt)
	}
	if in.StartingInstructions != "" {
		query.Set("starting_instructions", in.StartingInstructions)
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

func (c *Client) tool(ctx context.Context, o op, in input) (map[string]any, error) {
	v, err := c.do(ctx, o, in)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		_, err := object(v)
		return nil, c.unexpected(o, in.args, err)
	}
	return m, nil
}

// orEmpty keeps a nil map from being sent as null.
func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
