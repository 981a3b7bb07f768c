package edit

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/schema"
)

// sequence makes a list say want, which has some item. Items that stay keep their
// lines, and of those that change only what must.
func (e *editor) sequence(p entry, row *schema.Field, want []any, depth int) error {
	n := p.value
	items, err := e.parts(n)
	if err != nil {
		return err
	}
	old := make([]any, len(items))
	for i, item := range items {
		old[i] = plain(item.value)
	}
	flow := n.Style&yaml.FlowStyle != 0
	var gone []int
	for _, h := range pairing(row, old, want) {
		both := min(h.Old.Len(), h.New.Len())
		for i := range both {
			item := items[h.Old.From+i]
			if err := e.value(item, row.Item(), want[h.New.From+i], e.column(item.start), depth+1, flow); err != nil {
				return err
			}
		}
		for i := h.Old.From + both; i < h.Old.To; i++ {
			gone = append(gone, i)
		}
		if fresh := want[h.New.From+both : h.New.To]; len(fresh) > 0 {
			e.insertItems(items, h.Old.From+both-1, row, fresh, flow)
		}
	}
	if len(gone) == len(items) { // new ones would have no place
		e.splices = nil
		e.replace(p, row, want, e.column(p.start), flow)
		return nil
	}
	e.remove(items, gone, flow)
	return nil
}

// pairing says which items become which: stretches of old ones, and what takes
// their place. Of a list that merges by name, that is by name, wherever it stands,
// and what is new comes last.
func pairing(row *schema.Field, old, want []any) []words.Hunk {
	if row != nil && row.MergeBy != "" {
		return byName(namesOf(row, old), namesOf(row, want))
	}
	texts := func(list []any) (out []string) {
		for _, v := range list {
			out = append(out, string(value.Of(v).JSON()))
		}
		return out
	}
	return words.Lines(texts(old), texts(want))
}

func namesOf(row *schema.Field, list []any) (out []string) {
	for _, v := range list {
		m, _ := v.(map[string]any)
		out = append(out, value.Of(m[row.MergeBy]).Text())
	}
	return out
}

func byName(old, want []string) []words.Hunk {
	var out []words.Hunk
	one := func(i int) words.Span { return words.Span{From: i, To: i + 1} }
	for i, name := range old {
		h := words.Hunk{Old: one(i)}
		if j := slices.Index(want, name); j >= 0 {
			h.New = one(j)
		}
		out = append(out, h)
	}
	for j, name := range want {
		if !slices.Contains(old, name) {
			out = append(out, words.Hunk{Old: words.Span{From: len(old), To: len(old)}, New: one(j)})
		}
	}
	return out
}

// insertItems adds items after one of a list, -1 for before the first. They are
// written as their neighbours are.
func (e *editor) insertItems(items []entry, before int, row *schema.Field, fresh []any, flow bool) {
	var texts, lines []string
	neighbour := items[max(before, 0)].value
	for _, v := range fresh {
		texts = append(texts, inline(row.Item(), v))
		if neighbour.Kind == yaml.MappingNode && neighbour.Style&yaml.FlowStyle != 0 {
			lines = append(lines, "- "+inline(row.Item(), v))
		} else {
			lines = append(lines, field("-", row.Item(), v)...)
		}
	}
	joined := strings.Join(texts, ", ")
	switch {
	case !flow:
		e.insertLines(items, before, lines)
	case before < 0:
		e.splice(items[0].start, items[0].start, joined+", ")
	default:
		e.splice(items[before].end, items[before].end, ", "+joined)
	}
}
