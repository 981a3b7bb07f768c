package value

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatAValueIs(t *testing.T) {
	for name, tt := range map[string]struct {
		json                 string
		empty, text, object  bool
		words, keys, members string
	}{
		"nothing": {`null`, true, false, false, "", "", ""},
		"a text":  {`"a"`, false, true, false, "a", "", ""},
		"a list":  {`["a","b"]`, false, false, false, "", "", "a b"},
		"a map":   {`{"k":"a","j":1}`, false, false, true, "", "j k", ""},
		"a bool":  {`false`, false, false, false, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := parse(t, tt.json)
			if v.IsEmpty() != tt.empty || v.IsZero() != tt.empty || v.IsText() != tt.text || v.IsObject() != tt.object {
				t.Errorf("empty %v, text %v, object %v", v.IsEmpty(), v.IsText(), v.IsObject())
			}
			var members []string
			for _, item := range v.List() {
				members = append(members, item.Text())
			}
			if v.Text() != tt.words || strings.Join(v.Keys(), " ") != tt.keys || strings.Join(members, " ") != tt.members {
				t.Errorf("text %q, keys %q, members %q", v.Text(), v.Keys(), members)
			}
			if (v.Any() == nil) != tt.empty {
				t.Errorf("Any is %v", v.Any())
			}
		})
	}
}

func TestWith(t *testing.T) {
	object := parse(t, `{"a":1,"b":2}`)
	hold(t, object.Get("b"), `2`)
	hold(t, object.Get("c"), `null`)
	hold(t, Of("text").Get("a"), `null`)
	hold(t, object.With("b", Of(3)), `{"a":1,"b":3}`)
	hold(t, object.With("c", Of(3)), `{"a":1,"b":2,"c":3}`)
	hold(t, object.With("b", Value{}), `{"a":1}`)
	hold(t, object.With("c", Value{}), `{"a":1,"b":2}`)
	hold(t, parse(t, `{"a":1}`).With("a", Value{}), `null`)
	hold(t, Value{}.With("a", Of(1)), `{"a":1}`)
	hold(t, Value{}.With("a", Value{}), `null`)
	hold(t, object, `{"a":1,"b":2}`) // no value is ever changed
}

func TestOnly(t *testing.T) {
	object := parse(t, `{"a":1,"b":2,"c":3}`)
	hold(t, object.Only("c", "a", "x"), `{"a":1,"c":3}`)
	hold(t, object.Only("x"), `null`)
	hold(t, object.Only(), `null`)
	hold(t, Of("text").Only("a"), `null`)
}

func TestSortBy(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"by name":                 {`[{"n":"b"},{"n":"a"}]`, `[{"n":"a"},{"n":"b"}]`},
		"sorted already":          {`[{"n":"a"},{"n":"b"}]`, `[{"n":"a"},{"n":"b"}]`},
		"equal ones keep places":  {`[{"n":"b"},{"n":"a","x":2},{"n":"a","x":1}]`, `[{"n":"a","x":2},{"n":"a","x":1},{"n":"b"}]`},
		"sorted, with equal ones": {`[{"n":"a","x":2},{"n":"a","x":1}]`, `[{"n":"a","x":2},{"n":"a","x":1}]`},
		"those without a name":    {`[{"n":"a"},{"x":1}]`, `[{"x":1},{"n":"a"}]`},
		"no list":                 {`{"n":"b"}`, `{"n":"b"}`},
		"nothing":                 {`null`, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			in := parse(t, tt.in)
			before := string(in.JSON())
			hold(t, in.SortBy("n"), tt.want)
			hold(t, in, before)
		})
	}
}

func TestEqual(t *testing.T) {
	for name, tt := range map[string]struct {
		a, b string
		want bool
	}{
		"two forms of a number":   {`5.0`, `5`, true},
		"number and text":         {`5`, `"5"`, false},
		"false and nothing":       {`false`, `null`, false},
		"objects":                 {`{"a":[1,{"b":2}],"c":null}`, `{"a":[1,{"b":2.0}]}`, true},
		"one key more":            {`{"a":1}`, `{"a":1,"b":2}`, false},
		"another key":             {`{"a":1}`, `{"b":1}`, false},
		"the order of a list":     {`[1,2]`, `[2,1]`, false},
		"one item more":           {`[1]`, `[1,null]`, false},
		"an object and a list":    {`{"a":1}`, `[1]`, false},
		"a list and an object":    {`[1]`, `{"a":1}`, false},
		"a list and a text":       {`["a"]`, `"a"`, false},
		"a text and its own copy": {`"a\r\n"`, `"a"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := parse(t, tt.a), parse(t, tt.b)
			if Equal(a, b) != tt.want || b.Equal(a) != tt.want {
				t.Errorf("%s and %s: want %v", tt.a, tt.b, tt.want)
			}
			if (a.Digest() == b.Digest()) != tt.want {
				t.Errorf("the digests of %s and %s say otherwise", tt.a, tt.b)
			}
		})
	}
}

// TestDigestStays holds the digest of a value for good: it stands in lock files
// and in the notes of versions.
func TestDigestStays(t *testing.T) {
	v := parse(t, `{"b":[1,true,null],"a":"x"}`)
	const want = "5b71bebbe6b3c09ca542ef17e30971a66ce4bd625875f2d4bb4dc9ed3271197a"
	if v.Digest() != want || v.ShortDigest() != want[:12] {
		t.Errorf("got %s and %s", v.Digest(), v.ShortDigest())
	}
}

// TestCompact holds that it does to a tree what Of does to one, and copies
// nothing that is canonical already.
func TestCompact(t *testing.T) {
	below := map[string]any{"k": "a"}
	whole := map[string]any{"a": below, "b": []any{nil, "x"}}
	got, changed := compacted(whole, false)
	if changed {
		t.Errorf("%v was copied as %v", whole, got)
	}
	for name, tt := range map[string]struct {
		in   any
		want string
	}{
		"an empty text":        {"", `null`},
		"an empty list":        {[]any{}, `null`},
		"an empty object":      {map[string]any{}, `null`},
		"a key without value":  {map[string]any{"a": nil, "b": below}, `{"b":{"k":"a"}}`},
		"two keys without":     {map[string]any{"a": nil, "b": "", "c": below}, `{"c":{"k":"a"}}`},
		"deep down":            {map[string]any{"a": map[string]any{"b": map[string]any{"c": ""}}}, `null`},
		"beside what stays":    {map[string]any{"a": map[string]any{"b": "", "c": "x"}, "d": below}, `{"a":{"c":"x"},"d":{"k":"a"}}`},
		"items keep places":    {[]any{"", "x", map[string]any{}, "y"}, `[null,"x",null,"y"]`},
		"inside of an item":    {[]any{"x", map[string]any{"a": "", "b": "y"}}, `["x",{"b":"y"}]`},
		"an item after change": {[]any{"", below}, `[null,{"k":"a"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			before := Of([]any{tt.in}).Digest()
			hold(t, Value{compact(tt.in)}, tt.want)
			if !Equal(Value{compact(tt.in)}, Of(tt.in)) {
				t.Errorf("Of makes %s of it", Of(tt.in).JSON())
			}
			if Of([]any{tt.in}).Digest() != before {
				t.Error("what went in was changed")
			}
		})
	}
	if !slices.Equal(SortedKeys(below), []string{"k"}) {
		t.Error("what went in was changed")
	}
}
