package spec

// merger merges specs (design section 2): maps merge, the lists of named merge
// by name, everything else replaces, and an explicit null, "", [] or {}
// replaces by empty. Trees are shared, never changed.
type merger struct{ budget *budget }

// spec merges two specs; either may be nil. extends is not passed on.
func (m *merger) spec(base, over *node) *node {
	switch {
	case over == nil || len(over.fields) == 0:
		return base
	case base == nil:
		base = &node{kind: mapKind, pos: over.pos}
	}
	out := m.fields("", base, over)
	for i := range out.fields {
		if out.fields[i].key == "extends" {
			out.fields = append(out.fields[:i:i], out.fields[i+1:]...)
			break
		}
	}
	return out
}

// value merges the values of one field. path is that of the map around them.
func (m *merger) value(path, key string, base, over *node) *node {
	if base.isEmpty() || over.isEmpty() || base.kind != over.kind {
		return over
	}
	switch over.kind {
	case mapKind:
		return m.fields(join(path, key), base, over)
	case listKind:
		if by := nameKey(path, key); by != "" {
			return m.byName(by, base, over)
		}
	}
	return over
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (m *merger) fields(path string, base, over *node) *node {
	out := &node{kind: mapKind, pos: over.pos}
	if !m.budget.takeWork(len(base.fields) + len(over.fields)) {
		return out
	}
	out.fields = append(make([]field, 0, len(base.fields)+len(over.fields)), base.fields...)
	at := indexFields(base)
	for _, f := range over.fields {
		if i, ok := at(f.key); ok {
			out.fields[i] = field{f.key, f.pos, m.value(path, f.key, base.fields[i].node, f.node)}
		} else {
			out.fields = append(out.fields, f)
		}
	}
	return out
}

// indexFields finds fields by key: small maps by looking, large ones by a map.
func indexFields(n *node) func(string) (int, bool) {
	if len(n.fields) <= 16 {
		return func(key string) (int, bool) {
			for i := range n.fields {
				if n.fields[i].key == key {
					return i, true
				}
			}
			return 0, false
		}
	}
	index := make(map[string]int, len(n.fields))
	for i, f := range n.fields {
		index[f.key] = i
	}
	return func(key string) (int, bool) {
		i, ok := index[key]
		return i, ok
	}
}

// byName merges two lists whose items are known by the field key, in the order
// of their first appearance.
func (m *merger) byName(key string, base, over *node) *node {
	out := &node{kind: listKind, pos: over.pos}
	if !m.budget.takeWork(len(base.items) + len(over.items)) {
		return out
	}
	out.items = append(make([]*node, 0, len(base.items)+len(over.items)), base.items...)
	at := make(map[string]int, len(base.items))
	for i, item := range base.items {
		if name := item.get(key).text(); name != "" {
			at[name] = i
		}
	}
	for _, item := range over.items {
		i, ok := at[item.get(key).text()]
		if !ok || item.kind != mapKind || base.items[i].kind != mapKind {
			out.items = append(out.items, item)
			continue
		}
		out.items[i] = m.fields("item", base.items[i], item)
	}
	return out
}
