package indus

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

// Render fills in the prompts of a version, or those in ask.Texts over it, with
// the values of a call (endpoint 18).
func (c *Client) Render(ctx context.Context, id string, ask checks.Ask) (checks.Rendered, error) {
	query := versionQuery(ask.Version)
	for field, text := range ask.Texts {
		query.Set(field, text)
	}
	in := input{args: []string{id}, query: query, body: orEmpty(ask.Values)}
	return fetch(ctx, c, opRender, in, func(answer any) (checks.Rendered, error) {
		fields := spec.SpokenFields()
		m, err := object(answer, "rendered_"+fields[0])
		if err != nil {
			return checks.Rendered{}, err
		}
		out := checks.Rendered{Texts: map[string]string{}, Errors: c.texts(m["errors"])}
		for _, field := range fields {
			text, there := m["rendered_"+field]
			if !there {
				return checks.Rendered{}, errors.New("no rendered_" + field + " in the answer")
			}
			out.Texts[field] = str(text)
		}
		return out, nil
	})
}

// Validate holds the values of a call against a version's metadata schema
// (endpoint 19), and returns what the platform complains of; none when it finds
// them valid. The reference gives the endpoint no version: a platform may look
// at the live version's schema, whatever version is asked for.
func (c *Client) Validate(ctx context.Context, id string, version int, values map[string]any) (complaints []string, err error) {
	in := input{args: []string{id}, query: versionQuery(version), body: orEmpty(values)}
	return fetch(ctx, c, opValidate, in, func(answer any) ([]string, error) {
		m, err := object(answer, "valid")
		if err != nil {
			return nil, err
		}
		valid, is := m["valid"].(bool)
		if !is {
			return nil, errors.New("the answer does not say whether the values are valid")
		}
		complaints := c.texts(m["errors"])
		if !valid && len(complaints) == 0 {
			complaints = []string{"the platform does not say why"}
		}
		if valid {
			complaints = nil
		}
		return complaints, nil
	})
}

// versionQuery asks for a version; 0 is the live one.
func versionQuery(version int) url.Values {
	query := url.Values{}
	if version != 0 {
		query.Set("version", strconv.Itoa(version))
	}
	return query
}

// texts are the entries of a list, each as one line.
func (c *Client) texts(v any) []string {
	list, isList := v.([]any)
	if !isList && v != nil {
		list = []any{v}
	}
	var out []string
	for _, entry := range list {
		if text := c.scrub.line(textOf(entry), messageLimit); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// orEmpty keeps a nil map from being sent as null.
func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
