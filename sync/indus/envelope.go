package indus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep an answer's lists and objects may nest; no documented
// answer needs more than a few levels.
const maxDepth = 1000

// parse reads one JSON value that is all of body, numbers as they are written.
// Of a field that is there twice the last one counts, and bytes that are no
// UTF-8 become U+FFFD, as encoding/json has it; that package takes twice as
// long, which a plan of many agents feels.
func parse(body []byte) (any, error) {
	var v any
	err := jsonv2.Unmarshal(body, &v, parseOptions)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, io.ErrUnexpectedEOF // without the position, which says nothing
	}
	return v, err
}

var parseOptions = jsonv2.JoinOptions(
	jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true),
	jsonv2.WithUnmarshalers(jsonv2.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) error {
		switch {
		case dec.StackDepth() > maxDepth:
			return fmt.Errorf("nested deeper than %d levels", maxDepth)
		case dec.PeekKind() != jsontext.KindNumber:
			*v = nil                     // of a field that is there twice, nothing stays of the first
			return errors.ErrUnsupported // so the package reads it its own way
		}
		number, err := dec.ReadValue()
		*v = json.Number(number)
		return err
	})),
)

// openEnvelope takes the payload out of {"status_code", "message", "error",
// "data"} (reference.md, "Answers and errors"). failed is true when the
// envelope says so, by its status or by its error; status is 0 when it has no
// number. What is no envelope, such as an object that merely has a field named
// data or error, is a payload itself.
func openEnvelope(v any) (payload any, status int, failed bool) {
	m, _ := v.(map[string]any)
	code, isNumber := m["status_code"].(json.Number)
	data, hasData := m["data"]
	problem, hasError := m["error"]
	if !isNumber || !hasData && !hasError {
		return v, 0, false
	}
	status, _ = number(code)
	return data, status, status >= 400 || textOf(problem, 0) != ""
}

// listKeys are the names under which a list has been seen wrapped.
var listKeys = []string{"data", "agents", "configs", "call_outcomes", "call_infields", "versions", "outcomes", "infields", "items", "results"}

// objects returns the list in an answer, bare or wrapped. null and {} are the
// empty list; anything else that contains no list is an error.
func objects(v any) ([]map[string]any, error) {
	for range 4 {
		switch t := v.(type) {
		case nil:
			return nil, nil
		case []any:
			return asObjects(t)
		case map[string]any:
			if len(t) == 0 {
				return nil, nil
			}
			inner, ok := firstOf(t, listKeys)
			if !ok {
				return nil, errors.New("no list in the answer")
			}
			v = inner
		default:
			return nil, fmt.Errorf("%s instead of a list", kindOf(v))
		}
	}
	return nil, errors.New("no list in the answer")
}

func asObjects(list []any) ([]map[string]any, error) {
	out := make([]map[string]any, len(list))
	for i, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s in the list instead of an object", kindOf(item))
		}
		out[i] = m
	}
	return out, nil
}

// object returns the object in an answer, bare or wrapped. A field of known that
// is no object says that this one is meant, whatever else it contains.
func object(v any, known ...string) (map[string]any, error) {
	for range 4 {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s instead of an object", kindOf(v))
		}
		for _, key := range known {
			if v, ok := m[key]; ok && kindOf(v) != "an object" {
				return m, nil
			}
		}
		inner, ok := firstOf(m, []string{"data", "agent", "config", "version"})
		if !ok {
			return m, nil
		}
		if _, ok := inner.(map[string]any); !ok {
			return m, nil
		}
		v = inner
	}
	return nil, errors.New("no object in the answer")
}

func firstOf(m map[string]any, keys []string) (any, bool) {
	for _, key := range keys {
		if v, ok := m[key]; ok {
			return v, true
		}
	}
	return nil, false
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// number reads a whole number that came as 5, 5.0 or "5".
func number(v any) (int, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = string(v)
	case string:
		s = v
	default:
		return 0, false
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != float64(int32(f)) {
		return 0, false
	}
	return int(f), true
}
