package checks_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec/checks"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// table has prompts, and what a call with these values speaks.
var table = []struct {
	name, prompt, want string
}{
	{"English", "Hello {customer_name}, from {city}.", "Hello Rahul, from Mumbai."},
	{"two braces", "Hello {{customer_name}}, from {{ city }}.", "Hello Rahul, from Mumbai."},
	{"Hindi", "नमस्ते {customer_name}, क्या आप {शहर} में हैं?", "नमस्ते Rahul, क्या आप मुंबई में हैं?"},
	{"Hindi, two braces", "{{शहर}} {{customer_name}}", "मुंबई Rahul"},
	{"Tamil", "வணக்கம் {பெயர்}, {city} எப்படி இருக்கிறது?", "வணக்கம் ராகுல், Mumbai எப்படி இருக்கிறது?"},
	{"a name of several words", "Your {due date} and {plan-type}.", "Your 5 May and gold."},
	{"unknown stays", "Hi {custmer_name} and {{nobody}}.", "Hi {custmer_name} and {{nobody}}."},
	{"case counts", "Hi {Customer_Name}.", "Hi {Customer_Name}."},
	{"blanks in one brace", "Hi { customer_name }.", "Hi { customer_name }."},
	{"no value", "Hi {nothing}, {missing}.", "Hi {nothing}, {missing}."},
	{"a default", "In {language}.", "In Hindi."},
	{"a number, a switch and a list", "{amount} {vip} {tags}", `5.5 true ["a","b"]`},
	{"JSON", `Answer {"a": 1} or {"name": "{customer_name}"}.`, `Answer {"a": 1} or {"name": "Rahul"}.`},
	{"JSON of several lines", "{\n \"city\": \"{city}\"\n}", "{\n \"city\": \"Mumbai\"\n}"},
	{"broken braces", "{ {customer_name {city} {{city} {city}} {{{city}}} {}", "{ {customer_name Mumbai {Mumbai Mumbai} {Mumbai} {}"},
	{"no name goes over a line's end", "{customer\n_name}", "{customer\n_name}"},
	{"a value is not filled in again", "{nested}", "{city}"},
	{"the customer, whom nobody names", "Hi {user_name}.", "Hi the customer's number."},
	{"empty", "", ""},
}

var values = map[string]any{"customer_name": "Rahul", "city": "Mumbai", "शहर": "मुंबई", "பெயர்": "ராகுல்", "due date": "5 May", "plan-type": "gold",
	"amount": 5.5, "vip": true, "tags": []any{"a", "b"}, "nested": "{city}", "missing": nil}

// TestRendererAgrees holds the local renderer against the table, and the sandbox
// and what the client makes of its answers too.
func TestRendererAgrees(t *testing.T) {
	server, err := sandbox.New(sandbox.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	client, err := indus.New(indus.Options{BaseURL: "https://sandbox.invalid", Transport: server.Transport(), Now: time.Now, Sleep: indus.Sleep,
		Parallelism: 1, Credentials: indus.Credentials{Email: sandbox.DefaultEmail, Password: secret.New(sandbox.DefaultPassword)}})
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			config := map[string]any{"system_prompt": tt.prompt, "starting_instructions": "- " + tt.prompt,
				"metadata_schema": []any{map[string]any{"name": "language", "default": "Hindi"}}}
			want := checks.Rendered{Texts: map[string]string{"system_prompt": tt.want, "starting_instructions": "- " + tt.want}}
			if d := cmp.Diff(want, checks.Render(value.Of(config), values)); d != "" {
				t.Errorf("local (-want +got):\n%s", d)
			}
			created, err := client.CreateAgent(t.Context(), map[string]any{"agent_config": config,
				"agent_in": map[string]any{"agent_name": string(rune('A' + i)), "agent_type": "INBOUND"}})
			if err != nil {
				t.Fatal(err)
			}
			remote, err := client.Render(t.Context(), created.ID, checks.Ask{Values: values})
			if err != nil {
				t.Fatal(err)
			}
			remote.Errors = nil // the sandbox names what has no value
			if d := cmp.Diff(want, remote); d != "" {
				t.Errorf("sandbox (-want +got):\n%s", d)
			}
		})
	}
}

// TestComplaintsAgree holds that a metadata schema is read here as by the sandbox.
func TestComplaintsAgree(t *testing.T) {
	server, err := sandbox.New(sandbox.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	client, err := indus.New(indus.Options{BaseURL: "https://sandbox.invalid", Transport: server.Transport(), Now: time.Now, Sleep: indus.Sleep,
		Parallelism: 1, Credentials: indus.Credentials{Email: sandbox.DefaultEmail, Password: secret.New(sandbox.DefaultPassword)}})
	if err != nil {
		t.Fatal(err)
	}
	member := func(name, kind string, more map[string]any) map[string]any {
		out := map[string]any{"name": name, "type": kind}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	schema := []any{
		member("city", "string", map[string]any{"required": true}), member("age", "integer", nil), member("price", "number", nil),
		member("vip", "boolean", nil), member("tags", "array", nil), member("odd", "whatever", nil),
		member("plan", "string", map[string]any{"enum_values": []any{"gold", "silver"}}),
		member("language", "string", map[string]any{"required": true, "default": "hi"}),
	}
	config := map[string]any{"system_prompt": "x", "metadata_schema": schema}
	created, err := client.CreateAgent(t.Context(), map[string]any{"agent_config": config, "agent_in": map[string]any{"agent_name": "A", "agent_type": "INBOUND"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		values map[string]any
		want   []string
	}{
		"all fit":         {map[string]any{"city": "Pune", "age": 5, "price": 5.5, "vip": false, "tags": []any{}, "odd": 1, "plan": "gold"}, nil},
		"required":        {map[string]any{"city": nil}, []string{"city is required"}},
		"text for others": {map[string]any{"city": "Pune", "age": "5", "price": "x", "vip": "yes", "tags": "a"}, []string{"age is not of type integer", "price is not of type number", "vip is not of type boolean", "tags is not of type array"}},
		"no text":         {map[string]any{"city": 5, "plan": true}, []string{"city is not of type string", "plan is not of type string"}},
		"a fraction":      {map[string]any{"city": "Pune", "age": 5.5}, []string{"age is not of type integer"}},
		"no such choice":  {map[string]any{"city": "Pune", "plan": "Gold"}, []string{"plan is none of its enum_values"}},
		"others pass":     {map[string]any{"city": "Pune", "unknown": 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, checks.Complaints(value.Of(schema), tt.values)); d != "" {
				t.Errorf("local (-want +got):\n%s", d)
			}
			remote, err := client.Validate(t.Context(), created.ID, 0, tt.values)
			if err != nil || len(remote) != len(tt.want) {
				t.Errorf("the sandbox complains of %q (%v), want %d complaints", remote, err, len(tt.want))
			}
		})
	}
}
