package value

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A value is what JSON can say: nil, bool, string, json.Number, []any and
// map[string]any. This file gives values one canonical form, so that what git
// says and what the platform answers can be compared without noise
// (reference.md, "Answers and errors").

// Canonical gives v in canonical form, as a copy that shares nothing with v:
//
//   - numbers of every kind become a json.Number in shortest form, so that 5
//     and 5.0 are one value;
//   - text has CRLF turned into LF and its trailing newlines dropped;
//   - nil, "", empty lists and empty maps become nil, and a map key whose value
//     is nil is dropped, at every depth. List items stay, so that positions hold.
func Canonical(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			if c := Canonical(item); c != nil {
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
			out[i] = Canonical(item)
		}
		return out
	case []string:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = item
		}
		return Canonical(out)
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

// Text gives s as agentsync compares and sends it: LF line ends, and no
// trailing newlines (design section 2).
func Text(s string) string {
	for strings.Contains(s, "\r\n") { // more than once for \r\r\n: the result has none left
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return strings.TrimRight(s, "\n")
}

// Number gives a Go number or json.Number in shortest canonical form: 5.0 and
// 5e0 become 5. A value that is no number panics: it is a programmer's error.
func Number(v any) json.Number {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = string(v)
	case int:
		return json.Number(strconv.Itoa(v))
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case uint64:
		return json.Number(strconv.FormatUint(v, 10))
	case float64:
		s = strconv.FormatFloat(v, 'g', -1, 64)
	default:
		panic(fmt.Sprintf("value.Number: %T is no number", v))
	}
	if isPlainInt(s) {
		return json.Number(s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return json.Number(s) // out of range: kept as written
	}
	if f == 0 {
		return "0"
	}
	if f == math.Trunc(f) && f >= math.MinInt64 && f < math.MaxInt64 {
		return json.Number(strconv.FormatInt(int64(f), 10))
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

func isPlainInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 1 && digits[0] == '0' || s == "-0" {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// Empty says whether v counts as no value: nil, "", [] or {} after Canonical.
func Empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, item := range v {
			if !Empty(item) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	case []string:
		return len(v) == 0
	case string:
		return strings.Trim(v, "\r\n") == "" && Text(v) == ""
	default:
		return false
	}
}

// Equal says whether a and b are the same value in canonical form.
func Equal(a, b any) bool { return equalCanonical(Canonical(a), Canonical(b)) }

// EqualCanonical is Equal for values that are in canonical form already.
func EqualCanonical(a, b any) bool { return equalCanonical(a, b) }

func equalCanonical(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equalCanonical(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalCanonical(a[i], b[i]) {
				return false
			}
		}
		return true
	default:
		return a == b
	}
}

// CanonicalJSON gives v's canonical form as JSON: keys sorted, no white space,
// no HTML escapes. It is what digests are taken over.
func CanonicalJSON(v any) []byte {
	var buf bytes.Buffer
	if !writeJSON(&buf, v) {
		buf.WriteString("null")
	}
	return buf.Bytes()
}

// writeJSON writes v as Canonical has it, without making that copy. For what
// is nil there it writes nothing, and gives false.
func writeJSON(buf *bytes.Buffer, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		separator := byte('{')
		for _, k := range SortedKeys(v) {
			before := buf.Len()
			buf.WriteByte(separator)
			writeString(buf, k)
			buf.WriteByte(':')
			if writeJSON(buf, v[k]) {
				separator = ','
			} else {
				buf.Truncate(before)
			}
		}
		if separator == '{' {
			return false
		}
		buf.WriteByte('}')
	case []any:
		if len(v) == 0 {
			return false
		}
		separator := byte('[')
		for _, item := range v {
			buf.WriteByte(separator)
			if !writeJSON(buf, item) {
				buf.WriteString("null")
			}
			separator = ','
		}
		buf.WriteByte(']')
	case string:
		s := Text(v)
		if s == "" {
			return false
		}
		writeString(buf, s)
	case bool:
		buf.WriteString(strconv.FormatBool(v))
	case nil:
		return false
	case []string:
		return writeJSON(buf, Canonical(v))
	default:
		buf.WriteString(string(Number(v)))
	}
	return true
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

// Digest is the SHA-256 of v's canonical JSON, as 64 hex digits.
func Digest(v any) string {
	sum := sha256.Sum256(CanonicalJSON(v))
	return hex.EncodeToString(sum[:])
}

// ShortDigest is the first 12 hex digits of Digest, as the lock file and the
// provenance line hold it.
func ShortDigest(v any) string { return Digest(v)[:12] }

// SortedKeys gives m's keys in order, so that no output depends on a map's.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Clone copies v deeply without changing it.
func Clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = Clone(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = Clone(item)
		}
		return out
	default:
		return v
	}
}
