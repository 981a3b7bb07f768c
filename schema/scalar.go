package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Kinds of value, by JSON Schema's names and two of our own.
const (
	kindNull    = "null"
	kindBool    = "boolean"
	kindNumber  = "number"
	kindInteger = "integer"
	kindText    = "string"
	kindList    = "array"
	kindMap     = "object"
	kindDate    = "date"    // a YAML timestamp: no JSON value
	kindInvalid = "invalid" // a scalar that stands for no value
)

// decimal is how a number is written. YAML's other forms (0x1f, 017, 1_000)
// are read differently by different versions of YAML, so they are refused.
var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*|[0-9]*\.[0-9]+|(0|[1-9][0-9]*)\.)([eE][-+]?[0-9]+)?$`)

// Scalar returns the value of a YAML scalar: nil, bool, string or json.Number.
// It is false for one that stands for no JSON value: a date, a number that is
// not decimal or not finite, an unknown tag.
func Scalar(n *yaml.Node) (any, bool) {
	v, _, problem := scalar(n)
	return v, problem == ""
}

// scalar returns the value, its kind, and what is wrong with it.
func scalar(n *yaml.Node) (v any, kind, problem string) {
	switch n.Tag {
	case "!!str":
		return n.Value, kindText, ""
	case "!!null":
		switch n.Value {
		case "", "~", "null", "Null", "NULL":
			return nil, kindNull, ""
		}
		return nil, kindInvalid, fmt.Sprintf("%s is not null", Quote(n.Value))
	case "!!bool":
		switch n.Value {
		case "true", "True", "TRUE":
			return true, kindBool, ""
		case "false", "False", "FALSE":
			return false, kindBool, ""
		}
		return nil, kindInvalid, fmt.Sprintf("%s is neither true nor false", Quote(n.Value))
	case "!!int", "!!float":
		return number(n.Value)
	case "!!timestamp":
		return nil, kindDate, "a date is no value of its own"
	default:
		return nil, kindInvalid, fmt.Sprintf("the tag %s is not known", Quote(n.Tag))
	}
}

func number(s string) (v any, kind, problem string) {
	s = strings.TrimPrefix(s, "+")
	if !decimal.MatchString(s) {
		if strings.Contains(strings.ToLower(s), "inf") || strings.Contains(strings.ToLower(s), "nan") {
			return nil, kindInvalid, fmt.Sprintf("%s is no finite number", Clip(s))
		}
		return nil, kindInvalid, fmt.Sprintf("the number %s is not in decimal form", Clip(s))
	}
	if strings.ContainsAny(s, ".eE") {
		if f, err := strconv.ParseFloat(s, 64); err != nil || math.IsInf(f, 0) {
			return nil, kindInvalid, fmt.Sprintf("the number %s is too large", Clip(s))
		}
	} else if _, err := strconv.ParseInt(s, 10, 64); err != nil {
		return nil, kindInvalid, fmt.Sprintf("the number %s is too large", Clip(s))
	}
	return json.Number(s), kindNumber, ""
}

// Unsafe finds the first character of s that could do harm on a terminal or in
// a log: a control character other than newline and tab (a carriage return
// counts as one unless a newline follows), and with oneLine also newline, tab,
// and the marks that reorder text. It returns -1 when there is none, else the
// character and its byte offset.
func Unsafe(s string, oneLine bool) (rune, int) {
	for i := 0; i < len(s); i++ {
		b := s[i]
		switch {
		case b >= 0x20 && b < 0x7f:
		case b == '\n' || b == '\t':
			if oneLine {
				return rune(b), i
			}
		case b == '\r' && !oneLine && i+1 < len(s) && s[i+1] == '\n':
		case b < utf8.RuneSelf:
			return rune(b), i
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r < 0xa0 || r == utf8.RuneError && size == 1 || oneLine && reorders(r) {
				return r, i
			}
			i += size - 1
		}
	}
	return -1, -1
}

// reorders says that r is a line separator or changes the direction of the
// text after it, so that a name would show as another one.
func reorders(r rune) bool {
	return r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// Clip shortens s to what fits in a message.
func Clip(s string) string { return clip(s, 60) }

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Quote returns what a manifest says for use in a message: in double quotes, on
// one line, with control characters escaped, and not too long.
func Quote(s string) string { return strconv.Quote(Clip(s)) }
