package schema

import (
	"cmp"
	"slices"
	"strings"
)

// Field is a row of the registry: all that agentsync knows about one field of a
// manifest. The JSON Schemas are generated from the rows, and the check, the
// merge and the bodies of requests read them. Rows are shared: nobody changes
// them.
type Field struct {
	Name string // as manifests and the API write it; "" for an entry of a list, "*" for one of a table
	Type *Type
	Doc  string // for people who write manifests; its first sentence is a hint

	Values []string          // of a Choice and of a Constant: what may stand there
	Meant  map[string]string // of a Choice: what people write, in capitals, in the place of which value
	Fields []*Field          // of a Map and of a Prompt: its fields, in the order that plans show
	Items  *Field            // of a List, Paths and a Table: what each entry is
	Keys   *Type             // of a Table: what its keys are

	Required bool   // the map must have the field
	NotNull  bool   // null may not stand there; entries of a list and names are never null
	Unique   bool   // of a List of texts: none may be there twice
	MergeBy  string // of a List that merges by name: the field that names its entries; maps merge, all else replaces

	MinItems, MaxItems int      // 0: no limit
	Min, Max           *float64 // an Integer has both

	// The rest says what the API does with a field of an agent, of its config,
	// and of an outcome or infield (reference.md, endpoints 5 to 28).

	AtCreation   bool     // endpoint 5 takes the field
	CreationOnly bool     // no later request changes it
	Default      any      // what is sent when the field's owner is made and the manifest leaves it out
	Filled       any      // what the platform fills in where nobody said anything: import does not write it
	Service      bool     // a section that endpoint 28 can change in place
	Spoken       bool     // {name} in it is replaced during a call
	EmptyIsNull  bool     // emptied by null, though it is a list
	Ours         bool     // agentsync's own: no field of that name is sent
	Server       []string // of a Map: what the platform adds to it; never sent, never compared
}

// Type is what kind of value a field takes.
type Type struct {
	json    []string // JSON types of its values, null aside; none stands for any
	notNull bool     // null never stands there
	pattern string   // of its text
	want    string   // the hint for text that does not match the pattern
	oneLine bool
	filled  bool // not empty
}

// Patterns of what is safe to show; Unsafe says the same with a better message.
const (
	unsafeInLine = "\\x00-\\x1f\\x7f-\\x9f\u2028-\u202e\u2066-\u2069\ufeff"
	linePattern  = "^[^" + unsafeInLine + "]*$"
	textPattern  = `^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$`
	wantLine     = "want one line without control characters"
	wantText     = "want text without control characters"
)

var text = []string{kindText}

// The types.
var (
	// Any is whatever JSON can say.
	Any = &Type{pattern: textPattern, want: wantText}
	// Text has any number of lines, Line one, and a Name is a Line that is not
	// empty.
	Text = &Type{json: text, pattern: textPattern, want: wantText}
	Line = &Type{json: text, pattern: linePattern, want: wantLine, oneLine: true}
	Name = &Type{json: text, pattern: linePattern, want: wantLine, oneLine: true, filled: true, notNull: true}
	// Prompt is text, or a map that names files; Paths is one path or a list.
	Prompt = &Type{json: []string{kindText, kindMap}, pattern: textPattern, want: wantText}
	Paths  = &Type{json: []string{kindText, kindList}, pattern: linePattern, want: wantLine, oneLine: true, filled: true, notNull: true}
	// Choice is one of Values, and Constant the one of Values.
	Choice   = &Type{json: text}
	Constant = &Type{json: text, notNull: true}
	Bool     = &Type{json: []string{kindBool}}
	Number   = &Type{json: []string{kindNumber}}
	Integer  = &Type{json: []string{kindInteger}}
	List     = &Type{json: []string{kindList}}
	// Map has the names of Fields, and no others; Table has the writer's own.
	Map   = &Type{json: []string{kindMap}}
	Table = &Type{json: []string{kindMap}}
	// Member is text or a map of anything.
	Member = &Type{json: []string{kindMap, kindText}, notNull: true, pattern: textPattern, want: wantText}
	// PathName is a name that stands in the API's paths.
	PathName = &Type{json: text, notNull: true, oneLine: true, filled: true,
		pattern: strings.ReplaceAll("^[^X]*[^X.][^X]*$", "X", unsafeInLine+`/\\`),
		want:    wantLine + " and slashes, and not dots alone: the name stands in the API's paths",
	}
	// Key is a key of this repository.
	Key = &Type{json: text, notNull: true, oneLine: true,
		pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
		want:    "want lower-case letters, digits and dashes, at most 63, not beginning with a dash",
	}
	// Duration is a time with its units, as Go writes it: 10m, 1h30m, 90s.
	Duration = &Type{json: text, oneLine: true, filled: true,
		pattern: "^([0-9]{1,3}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$",
		want:    "want hours, minutes or seconds with their unit, such as 10m, 1h30m or 90s",
	}
	// Variable is the name of an environment variable that a credential or the
	// number of a call is read from. What a manifest names is sent to the platform,
	// so it must not be another tool's secret: the name begins with INDUSLABS_.
	Variable = &Type{json: text, notNull: true, oneLine: true,
		pattern: "^INDUSLABS_[A-Z0-9_]{1,118}$",
		want: "want a variable that is there for this alone: a name that begins with INDUSLABS_, such as INDUSLABS_STAGING_TOKEN, " +
			"in capital letters, digits and underscores",
	}
)

// anything is the row of each value below one that may be anything.
var anything = &Field{Type: Any}

// Below returns the row of a field of f, or nil where f is no map or does not
// know the name. f may be nil.
func (f *Field) Below(name string) *Field {
	if f == nil {
		return nil
	}
	switch f.Type {
	case Table:
		return f.Items
	case Any, Member:
		return anything
	}
	for _, below := range f.Fields {
		if below.Name == name {
			return below
		}
	}
	return nil
}

// Item returns the row of f's entries, or nil where f is no list. f may be nil.
func (f *Field) Item() *Field {
	switch {
	case f == nil:
		return nil
	case f.Type == Any:
		return anything
	case f.Type == List, f.Type == Paths:
		return f.Items
	}
	return nil
}

// Empty returns the value that empties the field in a request: "", [], {} or
// null. f may be nil: what the registry does not know is emptied by null.
func (f *Field) Empty() any {
	if f == nil || f.EmptyIsNull {
		return nil
	}
	switch f.Type {
	case Text, Line, Name, PathName, Prompt:
		return ""
	case List:
		return []any{}
	case Map:
		return map[string]any{}
	}
	return nil
}

// IsServer reports whether the platform itself adds the name to the map f.
func (f *Field) IsServer(name string) bool { return slices.Contains(f.Server, name) }

// open reports whether f is a map whose writer may choose the names.
func (f *Field) open() bool { return f.Type == Any || f.Type == Table || f.Type == Member }

// keys returns the row of the names in an open map.
func (f *Field) keys() *Field { return &Field{Type: cmp.Or(f.Keys, Line)} }

// null reports whether null may stand in place of f's value.
func (f *Field) null() bool {
	return f.Type == Any || !f.Type.notNull && f.Name != "" && !f.NotNull
}
