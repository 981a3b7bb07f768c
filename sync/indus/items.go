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

// opsOf returns the endpoints of a kind: spec.SectionOutcomes or
// spec.SectionInfields. Another kind is a programmer's error.
func opsOf(kind string) itemOps {
	switch kind {
	case spec.SectionOutcomes:
		return itemOps{opListOutcomes, opCreateOutcome, opUpdateOutcome, opDeleteOutcome, diff.OutcomeItems}
	case spec.SectionInfields:
		return itemOps{opListInfields, opCreateInfield, opUpdateInfield, opDeleteInfield, diff.InfieldItems}
	}
	panic("indus: no items of kind " + kind)
}

// Items lists an agent's call outcomes or call infields with their documented
// fields (endpoints 21 and 25).
func (c *Client) Items(ctx context.Context, id, kind string) ([]value.Value, error) {
	ops := opsOf(kind)
	list, err := fetch(ctx, c, ops.list, input{args: []string{id}}, objects)
	if err != nil {
		return nil, err
	}
	items := make([]value.Value, len(list))
	for i, m := range list {
		items[i] = ops.kind.ItemOf(m)
	}
	return items, nil
}

// CreateItem makes an outcome or infield (endpoints 20 and 24).
func (c *Client) CreateItem(ctx context.Context, id, kind string, body map[string]any) error {
	return c.write(ctx, opsOf(kind).create, body, id)
}

// UpdateItem changes an outcome or infield (endpoints 22 and 26).
func (c *Client) UpdateItem(ctx context.Context, id, kind, name string, body map[string]any) error {
	return c.write(ctx, opsOf(kind).update, body, id, name)
}

// DeleteItem removes an outcome or infield (endpoints 23 and 27).
func (c *Client) DeleteItem(ctx context.Context, id, kind, name string) error {
	return c.write(ctx, opsOf(kind).remove, nil, id, name)
}
