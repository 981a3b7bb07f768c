package indus

import (
	"context"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// itemOps are the four endpoints of one kind of item, and its fields.
type itemOps struct {
	list, create, update, remove *endpoint
	kind                         diff.ItemKind
}

// items has the endpoints of each kind.
var items = map[string]itemOps{
	spec.SectionOutcomes: {opListOutcomes, opCreateOutcome, opUpdateOutcome, opDeleteOutcome, diff.OutcomeItems},
	spec.SectionInfields: {opListInfields, opCreateInfield, opUpdateInfield, opDeleteInfield, diff.InfieldItems},
}

// Items lists an agent's call outcomes or call infields with their documented
// fields (endpoints 21 and 25). In all methods here, kind is
// spec.SectionOutcomes or spec.SectionInfields.
func (c *Client) Items(ctx context.Context, id, kind string) ([]value.Value, error) {
	read := pageOf(func(m map[string]any) (value.Value, error) {
		c.tellUnknown(id, kind, m)
		return items[kind].kind.ItemOf(m), nil
	})
	list, err := fetch(ctx, c, items[kind].list, input{args: []string{id}}, read)
	return list.items, err
}

// CreateItem makes an outcome or infield (endpoints 20 and 24).
func (c *Client) CreateItem(ctx context.Context, id, kind string, body map[string]any) error {
	return c.write(ctx, items[kind].create, body, id)
}

// UpdateItem changes an outcome or infield (endpoints 22 and 26).
func (c *Client) UpdateItem(ctx context.Context, id, kind, name string, body map[string]any) error {
	return c.write(ctx, items[kind].update, body, id, name)
}

// DeleteItem removes an outcome or infield (endpoints 23 and 27).
func (c *Client) DeleteItem(ctx context.Context, id, kind, name string) error {
	return c.write(ctx, items[kind].remove, nil, id, name)
}
