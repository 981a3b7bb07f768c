package indus

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

// CurrentVersion reads the version that is live (endpoint 11). It is nil
// without an error when the platform answers 404: nothing is published, or the
// agent is gone, which Agent tells apart.
func (c *Client) CurrentVersion(ctx context.Context, id string) (*diff.Version, error) {
	v, err := c.readVersion(ctx, opCurrentConfig, []string{id})
	var e *Error
	if errors.As(err, &e) && e.NotFound() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v.IsCurrent = true
	if v.Status == "" {
		v.Status = "published"
	}
	return &v, nil
}

// Version reads version n (endpoint 12).
func (c *Client) Version(ctx context.Context, id string, n int) (diff.Version, error) {
	return c.readVersion(ctx, opGetConfig, []string{id, strconv.Itoa(n)})
}

func (c *Client) readVersion(ctx context.Context, o op, args []string) (diff.Version, error) {
	v, err := c.do(ctx, o, input{args: args})
	if err != nil {
		return diff.Version{}, err
	}
	return c.decodeVersion(o, args, v)
}

// decodeVersion takes an answer that must be a numbered version.
func (c *Client) decodeVersion(o op, args []string, answer any) (diff.Version, error) {
	m, err := object(answer, "version", "system_prompt")
	if err != nil {
		return diff.Version{}, c.unexpected(o, args, err)
	}
	v, err := toVersion(m)
	if err != nil {
		return diff.Version{}, c.unexpected(o, args, err)
	}
	return v, nil
}

// Versions reads all versions, every page, newest first (endpoint 10).
func (c *Client) Versions(ctx context.Context, id string) ([]diff.Version, error) {
	args := []string{id}
	list, err := c.pages(ctx, opListConfigs, args, func(m map[string]any) string {
		n, _ := number(m["version"])
		return strconv.Itoa(n)
	})
	if err != nil {
		return nil, err
	}
	versions := make([]diff.Version, len(list))
	for i, m := range list {
		if versions[i], err = toVersion(m); err != nil {
			return nil, c.unexpected(opListConfigs, args, err)
		}
	}
	slices.SortStableFunc(versions, func(a, b diff.Version) int { return b.Number - a.Number })
	return versions, nil
}

// CreateDraft makes a new version of the current config and body over it, and
// does not publish it (endpoint 9). An answer without a version number is an
// error that MayHaveActed.
func (c *Client) CreateDraft(ctx context.Context, id string, body map[string]any) (diff.Version, error) {
	args := []string{id}
	answer, err := c.do(ctx, opCreateConfig, input{args: args, body: body, query: url.Values{"publish": {"false"}}})
	if err != nil {
		return diff.Version{}, err
	}
	return c.decodeVersion(opCreateConfig, args, answer)
}

// UpdateDraft changes fields of a draft (endpoint 13).
func (c *Client) UpdateDraft(ctx context.Context, id string, version int, body map[string]any) error {
	_, err := c.do(ctx, opUpdateConfig, input{args: []string{id, strconv.Itoa(version)}, body: body})
	return err
}

// DeleteDraft deletes a draft (endpoint 14).
func (c *Client) DeleteDraft(ctx context.Context, id string, version int) error {
	_, err := c.do(ctx, opDeleteConfig, input{args: []string{id, strconv.Itoa(version)}})
	return err
}

// Publish makes a version current (endpoint 15). It is not repeated when its
// fate is unknown: the platform may refuse to publish what is published.
func (c *Client) Publish(ctx context.Context, id string, version int) error {
	_, err := c.do(ctx, opPublish, input{args: []string{id, strconv.Itoa(version)}})
	return err
}

// Rollback makes a version current that was published before (endpoint 16).
func (c *Client) Rollback(ctx context.Context, id string, version int) error {
	_, err := c.do(ctx, opRollback, input{args: []string{id, strconv.Itoa(version)}})
	return err
}

// UpdateService replaces one section of the current version (endpoint 28).
// service is one of spec.ServiceFields.
func (c *Client) UpdateService(ctx context.Context, id, service string, body any) error {
	_, err := c.do(ctx, opUpdateService, input{args: []string{id, service}, body: body})
	return err
}

// toVersion splits a config object into the platform's own fields, the notes
// and the content. An object without a version number is an error.
func toVersion(m map[string]any) (diff.Version, error) {
	n, ok := number(m["version"])
	if !ok {
		return diff.Version{}, errors.New("no version number in the answer")
	}
	v := diff.Version{
		Number:    n,
		Status:    strings.ToLower(str(m["status"])),
		Notes:     str(m["notes"]),
		UpdatedAt: timestamp(m["updated_at"]),
		UpdatedBy: str(m["updated_by"]),
		CreatedAt: timestamp(m["created_at"]),
		Content:   diff.ConfigOf(m),
	}
	v.IsCurrent, _ = m["is_current"].(bool)
	if v.Status == "" && v.IsCurrent {
		v.Status = "published"
	}
	return v, nil
}
