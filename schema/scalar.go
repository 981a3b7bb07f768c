package schema

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decimal is how a number is written. YAML's other forms (0x1f, 017, 1_000)
// are read differently by different versions of YAML, so they are refused.
var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*|[0-9]*\.[0-9]+|(0|[1-9][0-9]*)\.)([eE][-+]?[0-9]+)?$`)

// scalar returns the kind of a YAML scalar, and why it has no JSON value.
func scalar(tag, raw string) (kind, flaw string) {
	switch tag {
	case "!!str":
		return kindText, ""
	case "!!null":
		if slices.Contains([]string{"", "~", "null", "Null", "NULL"}, raw) {
			return kindNull, ""
		}
		return kindInvalid, Quote(raw) + " is not null"
	case "!!bool":
		if slices.Contains([]string{"true", "True", "TRUE", "false", "False", "FALSE"}, raw) {
			return kindBool, ""
		}
		return kindInvalid, Quote(raw) + " is neither true nor false"
	case "!!int", "!!float":
		return number(raw)
	case "!!timestamp":
		return kindDate, "a date is no value of its own"
	default:
		return kindInvalid, unknownTag(tag)
	}
}

func unknownTag(tag string) string { return "the tag " + Quote(tag) + " is not known" }

func number(s string) (kind, flaw string) {
	s = strings.TrimPrefix(s, "+")
	if !decimal.MatchString(s) {
		if lower := strings.ToLower(s); strings.Contains(lower, "inf") || strings.Contains(lower, "nan") {
			return kindOdd, Clip(s) + " is no finite number"
		}
		return kindOdd, "the number " + Clip(s) + " is not in decimal form"
	}
	var err error
	if strings.ContainsAny(s, ".eE") {
		_, err = strconv.ParseFloat(s, 64)
	} else {
		_, err = strconv.ParseInt(s, 10, 64)
	}
	if err != nil {
		return kindOdd, "the number " + Clip(s) + " is too large"
	}
	return kindNumber, ""
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
