package indus

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/diff"
	"github.com/google/go-cmp/cmp"
)

// TestEnhanced reads answers of the shapes that the reference leaves open: a better
// text is found by the names that lead to it, and what is in doubt is shown as it is.
func TestEnhanced(t *testing.T) {
	sent := map[string]string{"system_prompt": "Be kind.", "starting_instructions": "Say hello."}
	type (
		texts = map[string]string
		other = map[string]any
	)
	one := func(text string) texts { return texts{"system_prompt": text} }
	for name, c := range map[string]struct {
		answer string
		want   diff.Enhanced
	}{
		"flat":                        {`{"enhanced_system_prompt":"A\r\n","enhanced_starting_instructions":"B","suggestions":["x"]}`, diff.Enhanced{Texts: texts{"system_prompt": "A", "starting_instructions": "B"}, Suggestions: []string{"x"}}},
		"a config":                    {`{"enhanced_config":{"system_prompt":"A","temperature":0.50},"original":{"system_prompt":"Be kind."}}`, diff.Enhanced{Texts: one("A"), Other: other{"enhanced_config": other{"temperature": json.Number("0.50")}}}},
		"camel case":                  {`{"improvedSystemPrompt":"A"}`, diff.Enhanced{Texts: one("A")}},
		"before and after":            {`{"system_prompt":{"original":"Be kind!","improved":"A"}}`, diff.Enhanced{Texts: one("A"), Other: other{"system_prompt": other{"original": "Be kind!"}}}},
		"a prompt, without its field": {`{"data":{"optimized_prompt":"A"}}`, diff.Enhanced{Texts: one("A")}},
		"what was sent, again":        {`{"system_prompt":"Be kind.","enhanced_prompt":"A"}`, diff.Enhanced{Texts: one("A")}},
		"the better name wins":        {`{"system_prompt":"B","enhanced_system_prompt":"A"}`, diff.Enhanced{Texts: one("A"), Other: other{"system_prompt": "B"}}},
		"two that differ":             {`{"new_system_prompt":"B","enhanced_system_prompt":"A"}`, diff.Enhanced{Texts: texts{}, Other: other{"new_system_prompt": "B", "enhanced_system_prompt": "A"}}},
		"about a prompt":              {`{"system_prompt_explanation":"because","system_prompt_score":7}`, diff.Enhanced{Texts: texts{}, Other: other{"system_prompt_explanation": "because", "system_prompt_score": json.Number("7")}}},
		"nothing about prompts":       {`{"updated":"2026-04-22","text":"A","empty":null,"agent_prompt_version":"v3"}`, diff.Enhanced{Texts: texts{}, Other: other{"updated": "2026-04-22", "text": "A", "agent_prompt_version": "v3"}}},
		"suggestions that are objects": {`{"improvements":[{"text":"x","reason":"y"},{"a":1}],"tips":"z"}`,
			diff.Enhanced{Texts: texts{}, Suggestions: []string{"x (reason: y)", "a: 1", "z"}}},
		"a text alone":  {`"A"`, diff.Enhanced{Texts: texts{}, Other: other{"answer": "A"}}},
		"secrets":       {`{"livekit_api_key":"k","enhanced_prompt":"A"}`, diff.Enhanced{Texts: one("A")}},
		"a list":        {`[{"system_prompt":"A"}]`, diff.Enhanced{Texts: texts{}, Other: other{"answer": []any{other{"system_prompt": "A"}}}}},
		"an empty text": {`{"enhanced_system_prompt":" "}`, diff.Enhanced{Texts: texts{}}},
	} {
		dec := json.NewDecoder(strings.NewReader(c.answer))
		dec.UseNumber()
		var answer any
		if err := dec.Decode(&answer); err != nil {
			t.Fatal(name, err)
		}
		if c.want.Other == nil {
			c.want.Other = other{}
		}
		client := &Client{scrub: &scrubber{}}
		if d := cmp.Diff(c.want, client.enhanced(answer, sent)); d != "" {
			t.Errorf("%s: -want +got:\n%s", name, d)
		}
	}
}

// TestEnhancedUnasked holds that a text for a field that was not sent is shown, and
// not taken: no file holds that field.
func TestEnhancedUnasked(t *testing.T) {
	client := &Client{scrub: &scrubber{}}
	got := client.enhanced(map[string]any{"enhanced_starting_instructions": "B"}, map[string]string{"system_prompt": "A"})
	want := diff.Enhanced{Texts: map[string]string{}, Other: map[string]any{"enhanced_starting_instructions": "B"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
