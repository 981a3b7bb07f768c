package indus

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// CurrentVersion reads the version that is live (endpoint 11). It is nil
// without an error when the platform answers 404: nothing is published, or the
// agent is gone; Agent shows which.
func (c *Client) CurrentVersion(ctx context.Context, id string) (*diff.Version, error) {
	v, err := fetch(ctx, c, opCurrentConfig, input{args: []string{id}}, c.readVersion)
	var e *Error
	if errors.As(err, &e) && e.NotFound() {
		return nil, nil
	}
	if err == nil {
		v.IsCurrent = true
		v.Status = cmp.Or(v.Status, "published")
		v.Outcomes, v.Infields = nil, nil
	}
	return v, err
}

// Version reads the version of that number (endpoint 12). Where there is none,
// the error is one that is NotFound.
func (c *Client) Version(ctx context.Context, id string, number int) (*diff.Version, error) {
	return fetch(ctx, c, opGetConfig, input{args: []string{id, strconv.Itoa(number)}}, c.readVersion)
}

// Versions reads versions page by page, newest first (endpoint 10): until enough
// is true for those that are read so far, or all of them where it is nil. A
// short page that has version 1 is the last: versions count from 1.
func (c *Client) Versions(ctx context.Context, id string, enough func(versions []diff.Version) bool) ([]diff.Version, error) {
	key := func(v diff.Version) string { return strconv.Itoa(v.Number) }
	last := func(all []diff.Version, short bool) bool {
		slices.SortStableFunc(all, func(a, b diff.Version) int { return b.Number - a.Number })
		return short && len(all) > 0 && all[len(all)-1].Number == 1 || enough != nil && enough(all)
	}
	return pages(ctx, c, opListConfigs, []string{id}, nil, c.toVersion, key, last)
}

// Drafts reads the versions that are not published, the highest number first
// (endpoint 10, filtered): one request where there are none.
func (c *Client) Drafts(ctx context.Context, id string) ([]diff.Version, error) {
	key := func(v diff.Version) string { return strconv.Itoa(v.Number) }
	last := func([]diff.Version, bool) bool { return false }
	list, err := pages(ctx, c, opListConfigs, []string{id}, url.Values{"status_filter": {"draft"}}, c.toVersion, key, last)
	list = slices.DeleteFunc(list, func(v diff.Version) bool { return !v.IsDraft() })
	slices.SortStableFunc(list, func(a, b diff.Version) int { return b.Number - a.Number })
	return list, err
}

// CreateDraft makes a new version of the current config and body over it, and
// does not publish it (endpoint 9). An answer without a version number is an
// error that MayHaveActed.
func (c *Client) CreateDraft(ctx context.Context, id string, body map[string]any) (diff.Version, error) {
	in := input{args: []string{id}, body: body, query: url.Values{"publish": {"false"}}}
	v, err := fetch(ctx, c, opCreateConfig, in, c.readVersion)
	if err != nil {
		return diff.Version{}, err
	}
	return *v, nil
}

// UpdateDraft changes fields of a draft (endpoint 13).
func (c *Client) UpdateDraft(ctx context.Context, id string, version int, body map[string]any) error {
	return c.write(ctx, opUpdateConfig, body, id, strconv.Itoa(version))
}

// DeleteDraft deletes a draft (endpoint 14).
func (c *Client) DeleteDraft(ctx context.Context, id string, version int) error {
	return c.write(ctx, opDeleteConfig, nil, id, strconv.Itoa(version))
}

// Publish makes a version current (endpoint 15). It is not repeated when its
// fate is unknown: the platform may refuse to publish what is published.
func (c *Client) Publish(ctx context.Context, id string, version int) error {
	return c.write(ctx, opPublish, nil, id, strconv.Itoa(version))
}

// Rollback makes a version current that was published before (endpoint 16).
func (c *Client) Rollback(ctx context.Context, id string, version int) error {
	return c.write(ctx, opRollback, nil, id, strconv.Itoa(version))
}

// UpdateService replaces one section of the current version (endpoint 28).
// service is a field of the config whose row says Service.
func (c *Client) UpdateService(ctx context.Context, id, service string, body any) error {
	return c.write(ctx, opUpdateService, body, id, service)
}

// readVersion reads an answer that must be a numbered version.
func (c *Client) readVersion(answer any) (*diff.Version, error) {
	m, err := object(answer, "version", "system_prompt")
	if err != nil {
		return nil, err
	}
	v, err := c.toVersion(m)
	return &v, err
}

// toVersion splits a config object into the platform's own fields, the notes
// and the content. An object without a version number is an error.
func (c *Client) toVersion(m map[string]any) (diff.Version, error) {
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
		CreatedBy: str(m["created_by"]),
		Content:   diff.ConfigOf(m),
	}
	v.IsCurrent, _ = m["is_current"].(bool)
	if v.Status == "" && v.IsCurrent {
		v.Status = "published"
	}
	if c.opt.VersionItems && !v.IsDraft() {
		v.Outcomes, v.Infields = itemsOf(diff.OutcomeItems, m), itemsOf(diff.InfieldItems, m)
	}
	return v, nil
}

// itemsOf are the outcomes or infields that a version was published with; nil
// where the platform does not say.
func itemsOf(kind diff.ItemKind, m map[string]any) []value.Value {
	list, ok := m[kind.Section].([]any)
	if !ok {
		return nil
	}
	out := make([]value.Value, 0, len(list))
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			out = append(out, kind.ItemOf(object))
		}
	}
	return out
}
