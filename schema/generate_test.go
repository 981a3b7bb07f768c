package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the schemas anew from the registry (go generate)")

// TestSchemas holds the schemas that are checked in, and embedded, to those
// that the registry makes.
func TestSchemas(t *testing.T) {
	for _, kind := range Kinds() {
		want := generate(t, kind)
		if *update {
			if err := os.WriteFile(kind+".schema.json", want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, _ := JSON(kind); !bytes.Equal(want, got) {
			t.Errorf("%s.schema.json is stale: run go generate ./schema\n%s", kind, cmp.Diff(string(got), string(want)))
		}
	}
}

// object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

func (o *object) add(key string, value any) { *o = append(*o, member{key, value}) }

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		for j, part := range []any{m.key, m.value} {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(part); err != nil {
				return nil, err
			}
			if j == 1 {
				out = append(out, ':')
			}
			out = append(out, bytes.TrimSpace(b.Bytes())...)
		}
	}
	return append(out, '}'), nil
}

// definitions are the types that a schema defines once, by name.
var definitions = []struct {
	name string
	row  *Field
}{
	{"key", &Field{Type: Key, Doc: "A key of this repository: lower-case letters, digits and dashes."}},
	{"line", &Field{Name: "*", Type: Line, Doc: "Text of one line, without control characters."}},
	{"name", &Field{Type: Name, Doc: "A name of one line that is not empty, without control characters."}},
	{"pathName", &Field{Type: PathName, Doc: "A name that stands in the API's paths: one line, not empty, without a slash."}},
	{"text", &Field{Name: "*", Type: Text, Doc: "Text of any number of lines, without control characters."}},
	{"variable", &Field{Type: Variable, Doc: "The name of an environment variable that is there for this alone; it begins with INDUSLABS_."}},
	{"prompt", &Field{Name: "*", Type: Prompt, Fields: promptFile,
		Doc: "Text, {file: path} or {file: [a.md, b.md]}; several files are joined by a blank line."}},
	{"anything", &Field{Type: Any, Doc: "Whatever JSON can say, in text and names without control characters."}},
}

func defined(row *Field) (name string, ok bool) {
	for _, d := range definitions {
		if d.row.Type == row.Type {
			return d.name, true
		}
	}
	return "", false
}

func generate(t *testing.T, kind string) []byte {
	t.Helper()
	root := roots[kind]
	var out object
	out.add("$schema", "http://json-schema.org/draft-07/schema#")
	out.add("$id", "https://agentsync.dev/schema/v1/"+kind+".schema.json")
	out.add("title", "agentsync "+root.Below("kind").Values[0])
	out = append(out, shape(root)...)
	var defs object
	for _, d := range definitions {
		defs.add(d.name, shape(d.row))
	}
	out.add("definitions", defs)
	data, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(indented.Bytes(), '\n')
}

// ref is the schema of a row: where its type is defined, a reference to it.
func ref(row *Field) object {
	name, ok := defined(row)
	if !ok {
		return shape(row)
	}
	out := object{{"$ref", "#/definitions/" + name}}
	if !row.Type.notNull && row.Type != Any && !row.null() {
		// Draft-07 reads nothing that stands beside a $ref.
		out = object{{"allOf", []any{out}}, {"type", row.Type.json[0]}}
	}
	if row.Doc != "" {
		out.add("description", row.Doc)
	}
	return out
}

// shape is the schema of a row, written out.
func shape(row *Field) object {
	var out object
	form := row.Type
	out.add("description", row.Doc)
	types := slices.Clone(row.Type.json)
	if row.null() && len(types) > 0 {
		types = append(types, kindNull)
	}
	switch {
	case row.Type == Constant:
		out.add("const", row.Values[0])
	case row.Type == Choice:
		values := make([]any, 0, len(row.Values)+1)
		for _, v := range row.Values {
			values = append(values, v)
		}
		if row.null() {
			values = append(values, nil)
		}
		out.add("enum", values)
	case len(types) == 1:
		out.add("type", types[0])
	case len(types) > 1:
		out.add("type", types)
	}
	if form.filled {
		out.add("minLength", 1)
	}
	if form.pattern != "" {
		out.add("pattern", form.pattern)
		out.add("patternErrorMessage", form.want)
	}
	if row.Min != nil {
		out.add("minimum", *row.Min)
	}
	if m := row.Max; m != nil {
		out.add("maximum", *m)
	}
	out = append(out, entries(row)...)
	return append(out, fields(row)...)
}

// entries are the keywords of a list, and of a map with names of its own.
func entries(row *Field) object {
	var out object
	if row.MinItems > 0 {
		out.add("minItems", row.MinItems)
	}
	if row.MaxItems > 0 {
		out.add("maxItems", row.MaxItems)
	}
	if row.Unique {
		out.add("uniqueItems", true)
	}
	if item := row.Item(); item != nil {
		out.add("items", ref(item))
	}
	if row.open() {
		out.add("propertyNames", ref(row.keys()))
		out.add("additionalProperties", ref(row.Below("")))
	}
	return out
}

// fields are the keywords of a map that has the fields of its row and no others.
func fields(row *Field) object {
	if row.Type != Map && row.Type != Prompt {
		return nil
	}
	var required []string
	var properties object
	for _, below := range row.Fields {
		if below.Required {
			required = append(required, below.Name)
		}
		properties.add(below.Name, ref(below))
	}
	var out object
	if required != nil {
		out.add("required", required)
	}
	out.add("additionalProperties", false)
	out.add("properties", properties)
	return out
}
