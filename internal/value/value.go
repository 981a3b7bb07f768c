// Package value holds JSON values in one canonical form, so that what git says
// and what the platform answers can be compared without noise (reference.md,
// "Answers and errors"). A value is made canonical once, where it comes in: Of
// for an answer, NewPatch for a manifest. After that its type says so.
package value

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Value is a JSON value in canonical form. The zero Value is no value: null,
// "", [] and {} are all it. A Value is never changed; methods that change one
// return another.
//
// In canonical form
//
//   - numbers are in their shortest form, so that 5, 5.0 and 5e0 are one value;
//   - text has LF for CRLF, and no newlines at its end;
//   - null, "", empty lists and empty objects are no value, and a key of an
//     object that has no value is left out, at every depth. Items of a list stay,
//     so that positions hold.
type Value struct{ v any } // nil, bool, string, json.Number, []any or map[string]any

// Of returns v in canonical form, as a copy that shares nothing with v. v is
// what JSON can say: nil, bool, string, a number (json.Number, int, int64,
// uint64 or float64), []any, []string, map[string]any, or a Value, a []Value
// and a map[string]Value. Any other type is a programmer's error and panics.
func Of(v any) Value { return Value{canonical(v, false)} }

// canonical returns v in canonical form. With keepEmpty, the keys of objects
// stay even where they have no value: this is the form of a Patch.
func canonical(v any, keepEmpty bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			if c := canonical(item, keepEmpty); c != nil || keepEmpty {
				out[k] = c
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = canonical(item, keepEmpty)
		}
		return out
	case []string:
		return canonicalList(v)
	case []Value:
		return canonicalList(v)
	case map[string]Value:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = item.v
		}
		return canonical(out, keepEmpty)
	case Value:
		return v.v
	case string:
		if s := Text(v); s != "" {
			return s
		}
		return nil
	case nil, bool:
		return v
	default:
		return Number(v)
	}
}

func canonicalList[T any](list []T) any {
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = item
	}
	return canonical(out, false)
}

// compact drops what has no value from a tree whose texts and numbers are
// canonical. What is canonical already is returned as it is, not as a copy.
func compact(v any) any {
	out, _ := compacted(v, false)
	return out
}

// compacted is compact; with zeros, 0 and false are no values either.
func compacted(v any, zeros bool) (out any, changed bool) {
	switch v := v.(type) {
	case map[string]any:
		m := v
		for k, item := range v {
			c, changedBelow := compacted(item, zeros)
			if c != nil && !changedBelow {
				continue
			}
			if !changed {
				m, changed = maps.Clone(v), true
			}
			if m[k] = c; c == nil {
				delete(m, k)
			}
		}
		if len(m) == 0 {
			return nil, true
		}
		return m, changed
	case []any:
		list := v
		for i, item := range v {
			c, changedBelow := compacted(item, zeros)
			if !changedBelow {
				continue
			}
			if !changed {
				list, changed = slices.Clone(v), true
			}
			list[i] = c
		}
		if len(list) == 0 {
			return nil, true
		}
		return list, changed
	default:
		if v == "" || zeros && (v == false || v == zero) {
			return nil, true
		}
	}
	return v, false
}

var zero any = Number(0)

// IsEmpty reports whether v is no value.
func (v Value) IsEmpty() bool { return v.v == nil }

// Any returns v for an encoder or a printer: nil, bool, string, json.Number,
// []any or map[string]any. It is shared; callers must not change it.
func (v Value) Any() any { return v.v }

// Text returns the text that v is, and "" for anything else.
func (v Value) Text() string { s, _ := v.v.(string); return s }

// IsText reports whether v is a text.
func (v Value) IsText() bool { _, is := v.v.(string); return is }

// IsObject reports whether v is an object with at least one key.
func (v Value) IsObject() bool { _, is := v.v.(map[string]any); return is }

// Get returns the value of a key; no value where v is no object or lacks it.
func (v Value) Get(key string) Value {
	m, _ := v.v.(map[string]any)
	return Value{m[key]}
}

// Keys returns the keys of an object, sorted.
func (v Value) Keys() []string {
	m, _ := v.v.(map[string]any)
	return SortedKeys(m)
}

// List returns the items of a list; nil for anything else.
func (v Value) List() []Value {
	list, _ := v.v.([]any)
	out := make([]Value, len(list))
	for i, item := range list {
		out[i] = Value{item}
	}
	return out
}

// With returns the object v with key set to w, or without the key where w is
// no value. v must be an object or no value.
func (v Value) With(key string, w Value) Value {
	m, _ := v.v.(map[string]any)
	if w.v == nil {
		if _, has := m[key]; !has {
			return v
		}
	}
	out := make(map[string]any, len(m)+1)
	maps.Copy(out, m)
	if w.v == nil {
		delete(out, key)
	} else {
		out[key] = w.v
	}
	return object(out)
}

// object is a map whose values are canonical.
func object(m map[string]any) Value {
	if len(m) == 0 {
		return Value{}
	}
	return Value{m}
}

// Only returns the object v with no other keys than these.
func (v Value) Only(keys ...string) Value {
	m, _ := v.v.(map[string]any)
	out := make(map[string]any, len(keys))
	for _, key := range keys {
		if item, has := m[key]; has {
			out[key] = item
		}
	}
	return object(out)
}

// SortBy returns the list v with its objects sorted by the text under key: for
// lists that stand for a set of names. Anything else is returned as it is.
func (v Value) SortBy(key string) Value {
	list, _ := v.v.([]any)
	byKey := func(a, b any) int {
		return strings.Compare(Value{a}.Get(key).Text(), Value{b}.Get(key).Text())
	}
	if slices.IsSortedFunc(list, byKey) {
		return v
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, byKey)
	return Value{list}
}

// Equal reports whether a and b are the same value.
func Equal(a, b Value) bool { return equal(a.v, b.v) }

// Equal makes go-cmp compare values as Equal does.
func (v Value) Equal(w Value) bool { return Equal(v, w) }

func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	default:
		return a == b
	}
}

// Digest is the SHA-256 of v's canonical JSON (see JSON), as 64 hex digits.
func (v Value) Digest() string {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	writeJSON(buf, v.v)
	sum := sha256.Sum256(buf.Bytes())
	return hex.EncodeToString(sum[:])
}

// buffers are those of Digest: a plan takes a dozen digests of each agent's prompts, and
// a new buffer for each was a sixth of all that an apply allocates.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ShortDigest is the first 12 hex digits of Digest, as the lock file and the
// provenance line hold it.
func (v Value) ShortDigest() string { return v.Digest()[:12] }

// SortedKeys returns m's keys in order, so that no output depends on a map's.
func SortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
