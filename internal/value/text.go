package value

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Text returns s as agentsync compares and sends it: LF line ends, and no
// newlines at its end (design section 2).
func Text(s string) string {
	for strings.Contains(s, "\r\n") { // more than once for \r\r\n: the result has none left
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return strings.TrimRight(s, "\n")
}

// Number returns a Go number or json.Number in its shortest form: 5.0 and 5e0
// become 5. What is out of a float64's range stays as written. A value that is
// no number is a programmer's error and panics.
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
	switch {
	case err != nil:
		return json.Number(s)
	case f == 0:
		return "0"
	case f == math.Trunc(f) && f >= math.MinInt64 && f < math.MaxInt64:
		return json.Number(strconv.FormatInt(int64(f), 10))
	default:
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
}

func isPlainInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 1 && digits[0] == '0' || s == "-0" {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
