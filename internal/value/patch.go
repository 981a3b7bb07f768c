package value

import "maps"

// Patch is an object of a manifest: what it says about one of the platform's.
// Its texts and numbers are canonical. A key that is left out leaves the
// platform's value as it is; a key whose value is null, "", [] or {} empties it.
type Patch struct{ fields map[string]any }

// NewPatch returns a patch of these fields, which are what Of takes. It shares
// nothing with them.
func NewPatch(fields map[string]any) Patch {
	patch, _ := canonical(fields, true).(map[string]any)
	return Patch{patch}
}

// Len is the number of keys at the top.
func (p Patch) Len() int { return len(p.fields) }

// Keys returns the keys at the top, sorted.
func (p Patch) Keys() []string { return SortedKeys(p.fields) }

// Has reports whether the patch says anything about a key.
func (p Patch) Has(key string) bool { _, has := p.fields[key]; return has }

// Get returns what a key is to be; no value where it is to be empty.
func (p Patch) Get(key string) Value { return Value{compact(p.fields[key])} }

// Sub returns the object under a key as a patch of its own.
func (p Patch) Sub(key string) Patch {
	m, _ := p.fields[key].(map[string]any)
	return Patch{m}
}

// With returns the patch with a key set.
func (p Patch) With(key string, v Value) Patch {
	out := maps.Clone(p.fields)
	if out == nil {
		out = map[string]any{}
	}
	out[key] = v.v
	return Patch{out}
}

// Without returns the patch with no word about a key.
func (p Patch) Without(key string) Patch {
	if !p.Has(key) {
		return p
	}
	out := maps.Clone(p.fields)
	delete(out, key)
	return Patch{out}
}

// Sort returns the patch with the list under key sorted by the text that its
// members have under nameKey.
func (p Patch) Sort(key, nameKey string) Patch {
	if !p.Has(key) {
		return p
	}
	return p.With(key, Value{p.fields[key]}.SortBy(nameKey))
}

// Equal reports whether two patches say the same. A key that is left out and
// one that is emptied are two things.
func (p Patch) Equal(q Patch) bool { return maps.EqualFunc(p.fields, q.fields, equal) }

// ShortDigest is a digest of what the patch says, as Value.ShortDigest. Patches
// that are Equal have the same one.
func (p Patch) ShortDigest() string { return Value{p.fields}.ShortDigest() }

// Over lays what the patch says about a key over the platform's value of it,
// and returns the whole value that is then wanted: objects merge, anything
// else replaces. An empty value over zeros (0, false, or an object of nothing
// else) leaves them, since platforms fill zeros in for null.
func (p Patch) Over(key string, base Value) Value {
	return Value{compact(over(base.v, p.fields[key]))}
}

// OverNamed is Over for a list that stands for a set of objects with a name
// under nameKey: its members are the patch's, and each keeps what it leaves
// out from the platform's member of the same name.
func (p Patch) OverNamed(key, nameKey string, base Value) Value {
	members, isList := p.fields[key].([]any)
	if !isList {
		return p.Over(key, base)
	}
	was := map[string]any{}
	for _, member := range base.List() {
		was[member.Get(nameKey).Text()] = member.v
	}
	out := make([]any, len(members))
	for i, member := range members {
		out[i] = over(was[Value{member}.Get(nameKey).Text()], member)
	}
	return Value{compact(out)}
}

func over(base, patch any) any {
	if compact(patch) == nil && WithoutZeros(Value{base}).IsEmpty() {
		return base
	}
	b, baseIs := base.(map[string]any)
	p, patchIs := patch.(map[string]any)
	if !baseIs || !patchIs {
		return patch
	}
	out := maps.Clone(b)
	for key, item := range p {
		out[key] = over(b[key], item)
	}
	return out
}

// WithoutZeros returns v without what platforms fill in for null: numbers that
// are 0, and false. Items of a list stay, so that positions hold.
func WithoutZeros(v Value) Value {
	out, _ := compacted(v.v, true)
	return Value{out}
}

// Any returns what the patch says, for an encoder or a printer; what it empties
// is nil. It is shared; callers must not change it.
func (p Patch) Any() map[string]any { return p.fields }
