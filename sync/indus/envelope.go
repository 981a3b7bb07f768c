package indus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep an answer's lists and objects may nest; no documented
// answer needs more than a few levels.
const maxDepth = 1000

// parse reads one JSON value that is all of body, numbers as they are written.
// Of a field that is there twice the last one counts, and bytes that are no
// UTF-8 become U+FFFD, as encoding/json has it; that package takes three times
// as long, which a plan of many agents feels.
func parse(body []byte) (any, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := parseValue(dec)
	if err == nil {
		_, err = dec.ReadToken()
		switch err {
		case io.EOF:
			return v, nil
		case nil:
			err = errors.New("more than one JSON value")
		}
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.ErrUnexpectedEOF // without the position, which says nothing
	}
	return nil, err
}

func parseValue(dec *jsontext.Decoder) (any, error) {
	if dec.StackDepth() > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	if dec.PeekKind() == jsontext.KindNumber {
		number, err := dec.ReadValue()
		return json.Number(number), err
	}
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case jsontext.KindBeginObject:
		return parseObject(dec)
	case jsontext.KindBeginArray:
		return parseList(dec)
	case jsontext.KindString:
		return token.String(), nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

// parseObject reads an object from behind its brace on.
func parseObject(dec *jsontext.Decoder) (any, error) {
	object := map[string]any{}
	for dec.PeekKind() != jsontext.KindEndObject {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String() // before the next read, after which the token is void
		if object[name], err = parseValue(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return object, err
}

// parseList reads a list from behind its bracket on.
func parseList(dec *jsontext.Decoder) (any, error) {
	list := []any{}
	for dec.PeekKind() != jsontext.KindEndArray {
		item, err := parseValue(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	_, err := dec.ReadToken()
	return list, err
}

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
	return data, status, status >= 400 || textOf(problem) != ""
}

// listKeys are the names under which a list has been seen wrapped.
var listKeys = []string{"data", "agents", "configs", "call_outcomes", "call_infields", "versions", "outcomes", "infields", "calls", "items", "results"}

// page is a list out of an answer. total is 0 when the answer has none.
type page[T any] struct {
	items []T
	total int
}

// pageOf returns a function that reads the list in an answer, bare or wrapped.
// null and {} are the empty list; anything else that contains no list of objects
// is an error.
func pageOf[T any](read func(map[string]any) (T, error)) func(answer any) (page[T], error) {
	return func(v any) (p page[T], err error) {
		for range 3 {
			m, isObject := v.(map[string]any)
			if !isObject {
				break
			}
			if total, ok := number(m["total"]); ok {
				p.total = total
			}
			inner, ok := firstOf(m, listKeys)
			if !ok && len(m) > 0 {
				return p, errors.New("no list in the answer")
			}
			v = inner
		}
		list, isList := v.([]any)
		if !isList && v != nil {
			return p, fmt.Errorf("%s instead of a list", kindOf(v))
		}
		p.items = make([]T, len(list))
		for i, item := range list {
			m, isObject := item.(map[string]any)
			if !isObject {
				return p, fmt.Errorf("%s in the list instead of an object", kindOf(item))
			}
			if p.items[i], err = read(m); err != nil {
				return p, err
			}
		}
		return p, nil
	}
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
		inner, _ := firstOf(m, []string{"data", "agent", "config", "version"})
		if kindOf(inner) != "an object" {
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
	f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	return int(f), err == nil && f == float64(int32(f))
}
