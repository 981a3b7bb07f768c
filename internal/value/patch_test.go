package value

import (
	"encoding/json"
	"slices"
	"testing"
)

func patch(t *testing.T, text string) Patch {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return NewPatch(fields)
}

// TestOver holds the rules of design section 2 for what a manifest says over
// what the platform has.
func TestOver(t *testing.T) {
	for name, tt := range map[string]struct{ base, patch, want string }{
		"left out stays":                      {`5`, `{}`, `5`},
		"a value replaces":                    {`5`, `{"k":6}`, `6`},
		"a list replaces":                     {`[1,2]`, `{"k":[3]}`, `[3]`},
		"null empties":                        {`5`, `{"k":null}`, `null`},
		"an empty text empties":               {`"a"`, `{"k":""}`, `null`},
		"an empty list empties":               {`[1]`, `{"k":[]}`, `null`},
		"an empty object empties":             {`{"a":1}`, `{"k":{}}`, `null`},
		"objects merge":                       {`{"a":1,"b":2}`, `{"k":{"b":3,"c":4}}`, `{"a":1,"b":3,"c":4}`},
		"at every depth":                      {`{"a":{"b":1,"c":2}}`, `{"k":{"a":{"c":3}}}`, `{"a":{"b":1,"c":3}}`},
		"a key is emptied":                    {`{"a":1,"b":2}`, `{"k":{"a":null}}`, `{"b":2}`},
		"an object over a text":               {`"a"`, `{"k":{"a":1}}`, `{"a":1}`},
		"a text over an object":               {`{"a":1}`, `{"k":"a"}`, `"a"`},
		"over nothing":                        {`null`, `{"k":{"a":1,"b":null}}`, `{"a":1}`},
		"emptied where nothing is":            {`null`, `{"k":null}`, `null`},
		"null leaves a zero":                  {`0`, `{"k":null}`, `0`},
		"null leaves false":                   {`false`, `{"k":null}`, `false`},
		"null leaves an object of zeros":      {`{"a":0,"b":false}`, `{"k":null}`, `{"a":0,"b":false}`},
		"nulls leave zeros":                   {`{"a":0,"b":1}`, `{"k":{"a":null}}`, `{"a":0,"b":1}`},
		"nulls alone leave zeros":             {`{"a":0}`, `{"k":{"b":null}}`, `{"a":0}`},
		"a value goes over zeros":             {`{"a":0}`, `{"k":{"b":1}}`, `{"a":0,"b":1}`},
		"what is more than zeros is emptied":  {`{"a":0,"b":1}`, `{"k":null}`, `null`},
		"zeros in a list are not filled in":   {`[0]`, `{"k":null}`, `null`},
		"true is emptied":                     {`true`, `{"k":null}`, `null`},
		"zeros in the manifest are its value": {`5`, `{"k":0}`, `0`},
	} {
		t.Run(name, func(t *testing.T) {
			base, p := parse(t, tt.base), patch(t, tt.patch)
			if !p.Has("k") { // left out: callers ask for what it has
				hold(t, base, tt.want)
				return
			}
			hold(t, p.Over("k", base), tt.want)
			hold(t, base, string(parse(t, tt.base).JSON()))
		})
	}
}

// TestOverNamed holds that lists of named things merge by name, and that the
// manifest says which there are and in which order.
func TestOverNamed(t *testing.T) {
	for name, tt := range map[string]struct{ base, patch, want string }{
		"a member keeps what is left out": {`[{"n":"a","x":1},{"n":"b","x":2}]`, `{"k":[{"n":"b","y":3}]}`, `[{"n":"b","x":2,"y":3}]`},
		"the manifest's order":            {`[{"n":"a","x":1},{"n":"b"}]`, `{"k":[{"n":"b"},{"n":"a"}]}`, `[{"n":"b"},{"n":"a","x":1}]`},
		"a new member":                    {`[{"n":"a"}]`, `{"k":[{"n":"a"},{"n":"c","x":1}]}`, `[{"n":"a"},{"n":"c","x":1}]`},
		"a field is emptied":              {`[{"n":"a","x":1}]`, `{"k":[{"n":"a","x":null}]}`, `[{"n":"a"}]`},
		"none may be there":               {`[{"n":"a"}]`, `{"k":[]}`, `null`},
		"null is none":                    {`[{"n":"a"}]`, `{"k":null}`, `null`},
		"nothing was there":               {`null`, `{"k":[{"n":"a"}]}`, `[{"n":"a"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			hold(t, patch(t, tt.patch).OverNamed("k", "n", parse(t, tt.base)), tt.want)
		})
	}
}

func TestWithoutZeros(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":0,"b":0.0,"c":false,"d":null}`: `null`,
		`{"a":1,"b":true,"c":"x","d":0}`:     `{"a":1,"b":true,"c":"x"}`,
		`{"a":{"b":{"c":0}},"d":"x"}`:        `{"d":"x"}`,
		`[0,1,false]`:                        `[null,1,null]`,
		`"0"`:                                `"0"`,
		`0`:                                  `null`,
		`true`:                               `true`,
	} {
		t.Run(in, func(t *testing.T) { hold(t, WithoutZeros(parse(t, in)), want) })
	}
}

// TestPatchSaysWhatItEmpties holds that a key that is emptied and one that is
// left out are two things, unlike in a Value.
func TestPatchSaysWhatItEmpties(t *testing.T) {
	p := patch(t, `{"b":null,"a":"x\r\n","c":{"d":"","e":5.0}}`)
	if p.Len() != 3 || !slices.Equal(p.Keys(), []string{"a", "b", "c"}) {
		t.Errorf("keys %v", p.Keys())
	}
	if !p.Has("b") || p.Has("d") {
		t.Errorf("it has b: %v, d: %v", p.Has("b"), p.Has("d"))
	}
	hold(t, p.Get("a"), `"x"`)
	hold(t, p.Get("b"), `null`)
	hold(t, p.Get("c"), `{"e":5}`)
	below := p.Sub("c")
	if !below.Has("d") || below.Len() != 2 {
		t.Errorf("below c: %v", below.Keys())
	}
	if p.Sub("a").Len() != 0 || p.Sub("x").Len() != 0 {
		t.Error("a text and nothing are taken for objects")
	}
	if got, _ := json.Marshal(p.Any()); string(got) != `{"a":"x","b":null,"c":{"d":null,"e":5}}` {
		t.Errorf("it says %s", got)
	}
	for other, same := range map[string]bool{
		`{"a":"x","b":"","c":{"d":[],"e":5}}`:   true,
		`{"a":"x","c":{"d":"","e":5}}`:          false,
		`{"a":"x","b":null,"c":{"e":5}}`:        false,
		`{"a":"y","b":null,"c":{"d":"","e":5}}`: false,
	} {
		if q := patch(t, other); p.Equal(q) != same || q.Equal(p) != same {
			t.Errorf("%s: want the same %v", other, same)
		}
	}
}

func TestPatchIsNeverChanged(t *testing.T) {
	p := patch(t, `{"a":1,"list":[{"n":"b"},{"n":"a"}]}`)
	hold(t, p.With("b", Of(2)).Get("b"), `2`)
	hold(t, Patch{}.With("b", Of(2)).Get("b"), `2`)
	if q := p.Without("a"); q.Has("a") || !q.Has("list") {
		t.Errorf("without a: %v", q.Keys())
	}
	if q := p.Without("x"); !q.Equal(p) {
		t.Errorf("without x: %v", q.Keys())
	}
	hold(t, p.Sort("list", "n").Get("list"), `[{"n":"a"},{"n":"b"}]`)
	if q := p.Sort("x", "n"); !q.Equal(p) {
		t.Errorf("sorted by what it lacks: %v", q.Keys())
	}
	if !p.Equal(patch(t, `{"a":1,"list":[{"n":"b"},{"n":"a"}]}`)) {
		t.Errorf("it was changed to %v", p.Any())
	}
}
