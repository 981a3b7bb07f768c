package diff

import (
	"testing"

	"github.com/agentsync/agentsync/spec"
)

const line = "[agentsync project=acme env=default commit=0123456789ab config=ba9876543210]"

func TestParseNotes(t *testing.T) {
	for name, tt := range map[string]struct {
		notes, text string
		ok          bool
	}{
		"none":               {"", "", false},
		"a person's alone":   {"Quieter\n", "Quieter", false},
		"a line alone":       {line, "", true},
		"below a person's":   {"Quieter\n" + line, "Quieter", true},
		"below a blank line": {"Quieter\n\n" + line + "\r\n", "Quieter", true},
		"not at the end":     {line + "\nand more", line + "\nand more", false},
		"within a line":      {"see " + line, "see " + line, false},
		"other digits":       {"[agentsync commit=0123456789AB config=ba9876543210]", "[agentsync commit=0123456789AB config=ba9876543210]", false},
		"a commit and more":  {"[agentsync commit=0123456789ab++ config=ba9876543210]", "[agentsync commit=0123456789ab++ config=ba9876543210]", false},
		"a name of its own":  {"[agentsync project=Acme commit=0123456789ab config=ba9876543210]", "[agentsync project=Acme commit=0123456789ab config=ba9876543210]", false},
		"the last of two":    {line + "\n" + line, line, true},
	} {
		t.Run(name, func(t *testing.T) {
			text, p, ok := ParseNotes(tt.notes)
			if text != tt.text || ok != tt.ok {
				t.Errorf("got %q, %v", text, ok)
			}
			if want := (Provenance{"acme", "default", "0123456789ab", "ba9876543210"}); ok && p != want || !ok && p != (Provenance{}) {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// TestProvenanceLine holds each form of the line, and that what is written is
// read as what it was.
func TestProvenanceLine(t *testing.T) {
	for text, p := range map[string]Provenance{
		"[agentsync project=acme env=eu.west commit=0123456789ab config=ba9876543210]": {"acme", "eu.west", "0123456789ab", "ba9876543210"},
		"[agentsync project=acme commit=0123456789ab config=ba9876543210]":             {"acme", "", "0123456789ab", "ba9876543210"},
		"[agentsync env=default commit=0123456789ab+ config=ba9876543210]":             {"", "default", "0123456789ab+", "ba9876543210"},
		"[agentsync env=default commit=none config=ba9876543210]":                      {"", "default", NoCommit, "ba9876543210"},
		"[agentsync commit=0123456789ab config=ba9876543210]":                          {"", "", "0123456789ab", "ba9876543210"},
	} {
		if got := p.String(); got != text {
			t.Errorf("%+v is written %q, want %q", p, got, text)
		}
		if before, got, ok := ParseNotes(text); !ok || got != p || before != "" {
			t.Errorf("%q is read as %+v, %v", text, got, ok)
		}
	}
}

func TestNotes(t *testing.T) {
	on, off := spec.Policy{Provenance: true}, spec.Policy{}
	for name, tt := range map[string]struct {
		config string
		policy spec.Policy
		want   string
	}{
		"the line alone":                   {`{}`, on, line},
		"the manifest's":                   {`{"notes":"Louder"}`, on, "Louder\n" + line},
		"the manifest's are empty":         {`{"notes":""}`, on, line},
		"without provenance":               {`{}`, off, ""},
		"without provenance, a manifest's": {`{"notes":"Louder"}`, off, "Louder"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Notes(manifest(t, tt.config), Provenance{"acme", "default", "0123456789ab", "ba9876543210"}, tt.policy); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestLiveDigest holds what a digest covers: documented fields and those under
// passthrough, without what platforms fill in (design section 4).
func TestLiveDigest(t *testing.T) {
	plain, extra := manifest(t, `{}`), manifest(t, `{}`)
	extra.Passthrough = patchOf(t, `{"speed":2}`)
	for name, tt := range map[string]struct {
		want spec.Agent
		a, b string
		same bool
	}{
		"another prompt":             {plain, `{"system_prompt":"One."}`, `{"system_prompt":"Two."}`, false},
		"zeros and false":            {plain, `{"llm_config":{"temperature":0,"x":false,"y":1}}`, `{"llm_config":{"y":1}}`, true},
		"a metadata field's type":    {plain, `{"metadata_schema":[{"name":"x","type":"string"}]}`, `{"metadata_schema":[{"name":"x"}]}`, true},
		"another type":               {plain, `{"metadata_schema":[{"name":"x","type":"number"}]}`, `{"metadata_schema":[{"name":"x"}]}`, false},
		"the order of a schema":      {plain, `{"metadata_schema":[{"name":"x"},{"name":"y"}]}`, `{"metadata_schema":[{"name":"y"},{"name":"x"}]}`, true},
		"a further field":            {plain, `{"speed":1}`, `{"speed":2}`, true},
		"a further field of git's":   {extra, `{"speed":1}`, `{"speed":2}`, false},
		"what the server adds":       {plain, `{"version":1,"is_current":true}`, `{}`, true},
		"guidelines in their order":  {plain, `{"guidelines":["a","b"]}`, `{"guidelines":["b","a"]}`, false},
		"LiveKit's keys are no part": {plain, `{"livekit_api_key":"a"}`, `{}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			digest := func(config string) string { return LiveDigest(tt.want, &Version{Content: ConfigOf(fields(t, config))}) }
			if same := digest(tt.a) == digest(tt.b); same != tt.same {
				t.Errorf("%s and %s: the same %v, want %v", tt.a, tt.b, same, tt.same)
			}
		})
	}
}

// TestVouched holds that a line counts only over the content that it names,
// whichever further fields were managed when it was written.
func TestVouched(t *testing.T) {
	extra := manifest(t, `{}`)
	extra.Passthrough = patchOf(t, `{"speed":1}`)
	other := manifest(t, `{}`)
	other.Passthrough = patchOf(t, `{"pitch":1}`)
	content := object(t, `{"system_prompt":"One.","speed":1,"color":"x"}`)
	for name, tt := range map[string]struct {
		covered []string // what the line's digest covers beside the documented fields
		reader  spec.Agent
		want    bool
	}{
		"documented fields":              {nil, manifest(t, `{}`), true},
		"the manifest's further fields":  {[]string{"speed"}, extra, true},
		"from before they were managed":  {nil, extra, true},
		"all that the version has":       {[]string{"speed", "color"}, other, true},
		"further fields of another time": {[]string{"speed"}, other, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := Version{Content: content, Notes: "[agentsync commit=0123456789ab config=" + configDigest(content, tt.covered) + "]"}
			if got := vouched(&v, tt.reader); got != tt.want {
				t.Errorf("got %v", got)
			}
			v.Content = content.With("system_prompt", object(t, `{"p":"Two."}`).Get("p"))
			if vouched(&v, tt.reader) {
				t.Error("an edit is vouched for")
			}
			v.Notes = ""
			if vouched(&v, tt.reader) {
				t.Error("no line vouches")
			}
		})
	}
}
