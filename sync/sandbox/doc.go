package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"sync/atomic"
)

// doc is one JSON object of the platform under the API's own names. Values
// inside are never changed in place, only replaced through set, so that copies
// may share them and the encoded form can be kept.
type doc struct {
	fields map[string]any
	enc    atomic.Pointer[[]byte]
}

func newDoc(fields map[string]any) *doc { return &doc{fields: fields} }

func (d *doc) get(key string) any { return d.fields[key] }

// text is the field as a string, "" when it is none.
func (d *doc) text(key string) string {
	s, _ := d.fields[key].(string)
	return s
}

// flag is the field as a boolean, false when it is none.
func (d *doc) flag(key string) bool {
	b, _ := d.fields[key].(bool)
	return b
}

func (d *doc) set(key string, v any) {
	d.fields[key] = v
	d.enc.Store(nil)
}

// merge sets every field that is in m.
func (d *doc) merge(m map[string]any) {
	maps.Copy(d.fields, m)
	d.enc.Store(nil)
}

func (d *doc) clone() *doc { return newDoc(maps.Clone(d.fields)) }

// MarshalJSON gives the object with its keys sorted.
func (d *doc) MarshalJSON() ([]byte, error) {
	if b := d.enc.Load(); b != nil {
		return *b, nil
	}
	b, err := encode(d.fields)
	if err != nil {
		return nil, err
	}
	d.enc.Store(&b)
	return b, nil
}

func (d *doc) UnmarshalJSON(b []byte) error {
	v, err := decode(b)
	if err != nil {
		return err
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("not an object: %.20s", b)
	}
	d.fields = fields
	d.enc.Store(nil)
	return nil
}

// encode is JSON without HTML escapes and without a trailing newline.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// mustEncode is encode for values that are JSON by construction.
func mustEncode(v any) []byte {
	b, err := encode(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: encode: %v", err))
	}
	return b
}

// decode reads exactly one JSON value and keeps numbers as they are written.
func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return v, nil
}
