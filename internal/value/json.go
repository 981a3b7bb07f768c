package value

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// JSON returns v as JSON with sorted keys, no white space and no HTML escapes:
// what digests are taken over. No value is null.
func (v Value) JSON() []byte {
	var buf bytes.Buffer
	writeJSON(&buf, v.v)
	return buf.Bytes()
}

// MarshalJSON implements json.Marshaler with JSON's bytes.
func (v Value) MarshalJSON() ([]byte, error) { return v.JSON(), nil }

// UnmarshalJSON implements json.Unmarshaler: any JSON, made canonical.
func (v *Value) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var raw any
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	*v = Of(raw)
	return nil
}

// IsZero makes omitzero leave out no value.
func (v Value) IsZero() bool { return v.IsEmpty() }

func writeJSON(buf *bytes.Buffer, v any) {
	switch v := v.(type) {
	case nil:
		buf.WriteString("null")
	case map[string]any:
		separator := byte('{')
		for _, k := range SortedKeys(v) {
			buf.WriteByte(separator)
			writeString(buf, k)
			buf.WriteByte(':')
			writeJSON(buf, v[k])
			separator = ','
		}
		buf.WriteByte('}')
	case []any:
		separator := byte('[')
		for _, item := range v {
			buf.WriteByte(separator)
			writeJSON(buf, item)
			separator = ','
		}
		buf.WriteByte(']')
	case string:
		writeString(buf, v)
	case bool:
		buf.WriteString(strconv.FormatBool(v))
	case json.Number:
		buf.WriteString(string(v))
	}
}

// writeString writes s in quotes, escaped as encoding/json does it.
func writeString(buf *bytes.Buffer, s string) {
	start := buf.Len()
	buf.Grow(len(s) + len(s)/32 + 2)
	buf.WriteByte('"')
	from := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n', c == '"', c == '\\':
			buf.WriteString(s[from:i])
			buf.WriteByte('\\')
			if c == '\n' {
				c = 'n'
			}
			buf.WriteByte(c)
			from = i + 1
		case c < ' ' || c >= utf8.RuneSelf:
			buf.Truncate(start)
			writeAnyString(buf, s)
			return
		}
	}
	buf.WriteString(s[from:])
	buf.WriteByte('"')
}

// writeAnyString is writeString for text that is more than plain ASCII.
func writeAnyString(buf *bytes.Buffer, s string) {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	buf.Truncate(buf.Len() - 1) // Encode ends with a newline
}
