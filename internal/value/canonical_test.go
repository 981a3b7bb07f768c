package value

import (
	"encoding/json"
	"testing"
)

// parse reads JSON as an answer's body is read.
func parse(t *testing.T, text string) Value {
	t.Helper()
	var v Value
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// hold compares a value with JSON, byte for byte.
func hold(t *testing.T, got Value, want string) {
	t.Helper()
	if text := string(got.JSON()); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

// TestOneValueOneForm holds what reference.md says of answers: 5, 5.0 and 5e0
// are one number, and an absent field, null, "", [] and {} one value.
func TestOneValueOneForm(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"a whole number":             {`5.0`, `5`},
		"with an exponent":           {`5e0`, `5`},
		"a fraction":                 {`0.450`, `0.45`},
		"a negative one":             {`-3.0`, `-3`},
		"minus nothing":              {`-0`, `0`},
		"nothing with a fraction":    {`0.0`, `0`},
		"large, as written":          {`12345678901234567890`, `12345678901234567890`},
		"the largest whole one":      {`9223372036854775807`, `9223372036854775807`},
		"larger than an int64":       {`9223372036854775808.0`, `9.223372036854776e+18`},
		"the smallest int64":         {`-9223372036854775808.0`, `-9223372036854775808`},
		"beyond a float64":           {`1e400`, `1e400`},
		"CRLF":                       {`"a\r\nb"`, `"a\nb"`},
		"CR CRLF":                    {`"a\r\r\nb"`, `"a\nb"`},
		"a lone CR stays":            {`"a\rb"`, `"a\rb"`},
		"newlines at the end":        {`"a\n\r\n"`, `"a"`},
		"white space stays":          {`" a "`, `" a "`},
		"newlines alone":             {`"\n"`, `null`},
		"no text":                    {`""`, `null`},
		"an empty list":              {`[]`, `null`},
		"an empty object":            {`{}`, `null`},
		"keys without a value":       {`{"a":null,"b":"","c":[],"d":{},"e":1}`, `{"e":1}`},
		"an object of nothing":       {`{"a":{"b":{"c":null}}}`, `null`},
		"items stay in their places": {`[null,"",[],{"a":null},1]`, `[null,null,null,null,1]`},
		"false is a value":           {`{"a":false}`, `{"a":false}`},
		"keys are sorted":            {`{"b":1,"a":[{"d":2,"c":3}]}`, `{"a":[{"c":3,"d":2}],"b":1}`},
	} {
		t.Run(name, func(t *testing.T) { hold(t, parse(t, tt.in), tt.want) })
	}
}

// TestOfTakesGoValues holds the types that Of's comment lists.
func TestOfTakesGoValues(t *testing.T) {
	one := Of("one\n")
	for name, tt := range map[string]struct {
		in   any
		want string
	}{
		"int":          {7, `7`},
		"int64":        {int64(-7), `-7`},
		"uint64":       {uint64(1<<64 - 1), `18446744073709551615`},
		"float64":      {2.5, `2.5`},
		"a whole one":  {2.0, `2`},
		"json.Number":  {json.Number("2.50"), `2.5`},
		"zeros before": {json.Number("007"), `7`},
		"zeros alone":  {json.Number("00"), `0`},
		"[]string":     {[]string{"a\r\n", ""}, `["a",null]`},
		"no []string":  {[]string{}, `null`},
		"Value":        {one, `"one"`},
		"[]Value":      {[]Value{one, {}}, `["one",null]`},
		"map of Value": {map[string]Value{"a": one, "b": {}}, `{"a":"one"}`},
		"values below": {map[string]any{"a": []any{one}, "b": Value{}}, `{"a":["one"]}`},
		"nil":          {nil, `null`},
	} {
		t.Run(name, func(t *testing.T) { hold(t, Of(tt.in), tt.want) })
	}
}

func TestOfRefusesOtherTypes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a struct was taken for a JSON value")
		}
	}()
	Of(struct{}{})
}

func TestOfSharesNothing(t *testing.T) {
	list, below := []any{"a"}, map[string]any{"k": "a"}
	v := Of(map[string]any{"list": list, "below": below})
	list[0], below["k"] = "changed", "changed"
	hold(t, v, `{"below":{"k":"a"},"list":["a"]}`)
}

func TestJSONEscapesAsEncodingJSON(t *testing.T) {
	for in, want := range map[string]string{
		"a\"b\\c\nd":  `"a\"b\\c\nd"`,
		"a b":         `"a b"`,
		"<&>":         `"<&>"`,
		"\x1f":        `"\u001f"`,
		"\u2028":      `"\u2028"`,
		"नमस्ते":      `"नमस्ते"`,
		"\x80":        `"\ufffd"`,
		"\"é\n":       `"\"é"`,
		"a\tb":        `"a\tb"`,
		"\x7f":        "\"\x7f\"",
		"\\\n\"x\"\\": `"\\\n\"x\"\\"`,
	} {
		t.Run(want, func(t *testing.T) { hold(t, Of(in), want) })
	}
}

func TestUnmarshalRefusesWhatIsNoJSON(t *testing.T) {
	var v Value
	if err := v.UnmarshalJSON([]byte(`{"a":`)); err == nil || !v.IsEmpty() {
		t.Errorf("got %s, %v", v.JSON(), err)
	}
}

func TestNoValueIsLeftOut(t *testing.T) {
	type doc struct {
		A Value `json:"a,omitzero"`
		B Value `json:"b,omitzero"`
	}
	got, err := json.Marshal(doc{A: Of(false)})
	if err != nil || string(got) != `{"a":false}` {
		t.Errorf("got %s, %v", got, err)
	}
}
