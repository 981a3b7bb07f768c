package render

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

func n(i int) *int { return &i }

func list(items ...any) []any { return items }

// digestOf is a digest for tests: its shape counts, not its value.
func digestOf(c string) string { return "sha256:" + strings.Repeat(c, 64) }

// plan wraps agents into a plan with a matching summary.
func plan(agents ...diff.AgentPlan) *diff.Plan {
	p := &diff.Plan{FormatVersion: "1", Environment: "default", BaseURL: "https://developer.induslabs.io", Agents: agents}
	for i := range agents {
		switch agents[i].Status {
		case diff.Create:
			p.Summary.Create++
		case diff.Update:
			p.Summary.Update++
		case diff.Delete:
			p.Summary.Delete++
		case diff.Unchanged:
			p.Summary.Unchanged++
		case diff.Orphan:
			p.Summary.Orphan++
		}
		p.Summary.Steps += len(agents[i].Steps)
	}
	return sealed(p)
}

// sealed gives p its digest, as every plan has it.
func sealed(p *diff.Plan) *diff.Plan { return planfile.Seal(p) }

func unchanged(name string) diff.AgentPlan {
	return diff.AgentPlan{Name: name, AgentName: strings.ToUpper(name[:1]) + name[1:], AgentID: "AGT_" + name, Status: diff.Unchanged, Fingerprint: digestOf("b")}
}

// update is an agent with steps, named as in design section 4.
func update(steps ...diff.Step) diff.AgentPlan {
	return diff.AgentPlan{
		Name: "outbound-sales", AgentName: "Outbound Sales Agent", AgentID: "AGT_12345678", Status: diff.Update,
		Drift: map[string]diff.Class{"config": diff.Pending}, Fingerprint: digestOf("c"), Steps: steps,
	}
}

func step(action diff.Action, target string, from, to *int, changes ...diff.Change) diff.Step {
	id := "outbound-sales/" + string(action)
	switch action {
	case diff.CreateOutcome, diff.UpdateOutcome, diff.DeleteOutcome, diff.CreateInfield, diff.UpdateInfield, diff.DeleteInfield, diff.UpdateService:
		id += "/" + target
	}
	return diff.Step{ID: id, Action: action, Target: target, From: from, To: to, Changes: changes}
}

const salesPrompt = `You are a sales agent of Indus Motors.

Be polite. Speak in short sentences.
Never argue.

Greet the caller by name.
Ask which product they want.
Ask for the city.
Say the price when asked.
Offer a demo.
Ask for the time of the demo.
Ask for the budget.
Thank the caller.

Never promise a discount.`

func salesSource() []spec.Segment {
	return []spec.Segment{{Start: 1, File: "prompts/outbound-sales.md", Line: 1}}
}

// contractPlan is the example of design section 4.
func contractPlan() *diff.Plan {
	return plan(unchanged("billing"), update(
		step(diff.CreateOutcome, "lead_status", nil, nil,
			diff.Change{Path: "outcome_name", After: value.Of("lead_status")},
			diff.Change{Path: "outcome_type", After: value.Of("FIXED")},
			diff.Change{Path: "outcome_enum", After: value.Of(list("qualified", "not_qualified", "follow_up"))},
			diff.Change{Path: "is_visible", After: value.Of(true)}),
		step(diff.CreateDraft, "v8", n(7), n(8),
			diff.Change{Path: "system_prompt", Before: value.Of(salesPrompt), After: value.Of(strings.Replace(salesPrompt, "the budget", "the budget in rupees", 1)), Source: salesSource()},
			diff.Change{Path: "llm_config.temperature", Before: value.Of(json.Number("0")), After: value.Of(json.Number("0.2"))}),
		step(diff.Publish, "v8", n(7), n(8)),
		step(diff.DeleteOutcome, "old_status", nil, nil),
	), unchanged("reception"), unchanged("support"))
}

// longLine is a prompt of about 4 KB without a line end.
func longLine() string {
	var b strings.Builder
	for i := 1; b.Len() < 4000; i++ {
		fmt.Fprintf(&b, "Rule %d: when the caller asks about product %d, answer in one sentence and then ask for the city. ", i, i)
	}
	return b.String() + "Always end with a thank you."
}

func longLinePlan() *diff.Plan {
	after := strings.Replace(longLine(), "product 20, answer in one sentence", "product 20, answer in two short sentences", 1)
	return plan(update(
		step(diff.CreateDraft, "new", n(7), nil,
			diff.Change{Path: "system_prompt", Before: value.Of(longLine()), After: value.Of(after), Source: []spec.Segment{{Start: 1, File: "agents/sales.yaml", Line: 14, Fixed: true}}},
			diff.Change{Path: "starting_instructions", Before: value.Of("Greet the user."), After: value.Of("Greet the user and ask for the name, then wait for the answer before you go on with the first question.")}),
		step(diff.Publish, "new", n(7), nil),
	))
}

func hindiPlan() *diff.Plan {
	before := "आप इंडस मोटर्स के लिए एक सहायक हैं।\nग्राहक से उसका नाम पूछें।\nग्राहक से बजट पूछें।\nधन्यवाद कहें।"
	after := "आप इंडस मोटर्स के लिए एक सहायक हैं।\nग्राहक से उसका नाम पूछें।\nग्राहक से रुपये में बजट पूछें।\nधन्यवाद कहें।"
	long := strings.Repeat("ग्राहक से विनम्रता से बात करें और हर प्रश्न का उत्तर छोटे वाक्यों में दें। ", 30)
	return plan(update(step(diff.CreateDraft, "v3", n(2), n(3),
		diff.Change{Path: "system_prompt", Before: value.Of(before), After: value.Of(after), Source: []spec.Segment{{Start: 1, File: "prompts/hindi.md", Line: 1}}},
		diff.Change{Path: "starting_instructions", Before: value.Of(long + "धन्यवाद। " + long), After: value.Of(long + "बहुत धन्यवाद। " + long)}),
		step(diff.Publish, "v3", n(2), n(3))))
}

// everyStep has one of each action, and each kind of value.
func everyStep() *diff.Plan {
	fresh := diff.AgentPlan{Name: "reception-hi", AgentName: "स्वागत", Status: diff.Create, Steps: []diff.Step{
		{ID: "reception-hi/create_agent", Action: diff.CreateAgent, Target: "reception-hi", Changes: []diff.Change{
			{Path: "agent_name", After: value.Of("स्वागत")}, {Path: "agent_type", After: value.Of("INBOUND")}, {Path: "is_auto", After: value.Of(true)},
			{Path: "config.system_prompt", After: value.Of(salesPrompt), Source: []spec.Segment{{Start: 1, File: "prompts/reception-hi.md", Line: 1}}},
			{Path: "config.agent_type", After: value.Of("generic_alpha")},
			{Path: "config.guardrail_ids", After: value.Of(list("personality_v1", "tone_v1"))},
			{Path: "config.llm_config.model", After: value.Of("openai/gpt-oss-120b")}, {Path: "config.llm_config.provider", After: value.Of("groq")},
			{Path: "config.llm_config.temperature", After: value.Of(json.Number("0"))},
			{Path: "config.metadata_schema", After: value.Of(list(map[string]any{"name": "customer_name", "type": "string", "required": true, "description": "Customer name"}))},
		}},
		{ID: "reception-hi/publish", Action: diff.Publish, Target: "v1", Needs: []string{"reception-hi/create_agent"}, To: n(1)},
	}}
	adopted := update(
		step(diff.Adopt, "AGT_12345678", nil, nil),
		step(diff.UpdateAgent, "outbound-sales", nil, nil, diff.Change{Path: "agent_description", Before: value.Of("a"), After: value.Of("b")}, diff.Change{Path: "agent_cost", Before: value.Of(json.Number("2")), After: value.Of(nil)}),
		step(diff.UpdateOutcome, "lead_status", nil, nil, diff.Change{Path: "outcome_enum", Before: value.Of(list("qualified", "lost")), After: value.Of(list("qualified", "follow_up", "won"))}),
		step(diff.CreateInfield, "customer_budget", nil, nil, diff.Change{Path: "field_name", After: value.Of("customer_budget")}, diff.Change{Path: "field_type", After: value.Of("NUMBER")}, diff.Change{Path: "is_visible", After: value.Of(false)}),
		step(diff.UpdateInfield, "a_rather_long_field_name", nil, nil, diff.Change{Path: "field_type", Before: value.Of("TEXT"), After: value.Of("DATE")}),
		step(diff.UpdateDraft, "v8", n(7), n(8),
			diff.Change{Path: "guardrail_ids", Before: value.Of(list("personality_v1", "tone_v1")), After: value.Of(list("personality_v1", "tone_v2"))},
			diff.Change{Path: "guidelines", Before: value.Of(list("Be concise", "Never mention competitors or their prices, even when asked")), After: value.Of(list("Be concise", "Never mention competitors, their products or their prices, even when asked"))},
			diff.Change{Path: "metadata_schema", Before: value.Of(list(map[string]any{"name": "customer_name", "type": "string"})), After: value.Of(list(map[string]any{"name": "customer_name", "type": "string", "required": true}, map[string]any{"name": "city", "type": "string"}))},
			diff.Change{Path: "llm_config", Before: value.Of(map[string]any{"provider": "groq", "max_tokens": json.Number("10")}), After: value.Of(map[string]any{"provider": "openai"})}),
		step(diff.Validate, "greets by name", nil, n(8), diff.Change{Path: "valid", After: value.Of(true)}, diff.Change{Path: "metadata.customer_name", After: value.Of("राहुल")}),
		step(diff.Render, "greets by name", nil, n(8), diff.Change{Path: "system_prompt.contains", After: value.Of(list("Rahul", "Mumbai"))},
			diff.Change{Path: "system_prompt.max_chars", After: value.Of(200)}, diff.Change{Path: "no_placeholders_left", After: value.Of(true)},
			diff.Change{Path: "metadata.city", After: value.Of("Mumbai")}, diff.Change{Path: "metadata.customer_name", After: value.Of("Rahul")}),
		step(diff.Publish, "v8", n(7), n(8)),
		step(diff.UpdateService, "tts_config", n(8), n(8), diff.Change{Path: "voice_id", Before: value.Of("Indus-hi-maya"), After: value.Of("Indus-hi-arjun")}),
		step(diff.DeleteOutcome, "old_status", nil, nil),
		step(diff.DeleteInfield, "old_field", nil, nil),
		step(diff.SmokeCall, "INDUSLABS_SMOKE_NUMBER", n(7), n(8), diff.Change{Path: "expect.call_outcome", After: value.Of(list("Interested", "qualified"))},
			diff.Change{Path: "infields.customer_name", After: value.Of("Rahul")}, diff.Change{Path: "timeout", After: value.Of("10m")},
			diff.Change{Path: "on_failure", After: value.Of("rollback")}, diff.Change{Path: "on_timeout", After: value.Of("keep")}),
		step(diff.Action("tune_voice"), "v8", nil, nil),
	)
	adopted.Drift = map[string]diff.Class{"config": diff.Drift, "call_outcomes": diff.Both, "agent": diff.Unknown}
	adopted.Unfinished = true
	back := diff.AgentPlan{Name: "support", AgentName: "Support", AgentID: "AGT_5", Status: diff.Update, Drift: map[string]diff.Class{"config": diff.Pending}, Steps: []diff.Step{
		{ID: "support/rollback", Action: diff.Rollback, Target: "v5", From: n(7), To: n(5), Changes: []diff.Change{
			{Path: "system_prompt", Before: value.Of("Be brief.\nBe rude.\nSay thanks."), After: value.Of("Be brief.\nBe polite.\nSay thanks."), Source: []spec.Segment{{Start: 1, File: "agents/support.yaml", Line: 9}}}}}}}
	gone := diff.AgentPlan{Name: "old-campaign", AgentName: "Old Campaign", AgentID: "AGT_8", Status: diff.Delete, Steps: []diff.Step{
		{ID: "old-campaign/delete_agent", Action: diff.DeleteAgent, Target: "old-campaign"}}}
	p := plan(gone, diff.AgentPlan{Name: "old-agent", AgentName: "Old", AgentID: "AGT_9", Status: diff.Orphan},
		diff.AgentPlan{Name: "older", AgentName: "Older", AgentID: "AGT_10", Status: diff.Orphan}, adopted, unchanged("quiet"), fresh, back)
	p.Refusals = []diff.Refusal{{Agent: "old-campaign", Rule: "protect", Message: "the agent is protected", Hint: "remove lifecycle.protect first"}}
	p.Warnings = []diff.Warning{{Agent: "support", Message: "the pin asks for version 5", Hint: "remove release.version to follow the manifest"}, {Message: "no listing on this platform"}}
	return sealed(p)
}

// hostilePlan tries to escape from everything that shows it.
func hostilePlan() *diff.Plan {
	evil := "\x1b[31mred\x1b[0m \u202egnp.exe \u009b2J \x00\x7f \xff\xfe \u200bzero"
	fences := "```\n````\n</details>\n<script>alert(1)</script>\n::error::owned\n  ::set-output name=x::y\n##[error]x\n@everyone\n" + evil + "\r\nx\u2028y"
	a := update(
		step(diff.CreateDraft, "::error::t\n::error::u", n(1), nil,
			diff.Change{Path: "system_prompt", Before: value.Of(fences), After: value.Of(fences + "\n`````\n  ::add-mask::1"), Source: []spec.Segment{{Start: 1, File: "::error::f\n.md", Line: 1}}},
			diff.Change{Path: "::warning::\nnotes", Before: value.Of("a"), After: value.Of(evil)},
			diff.Change{Path: "guidelines", Before: value.Of(list("##", "[error]")), After: value.Of(list("::error::x", evil, fences))}),
		step(diff.Action("##[group]\x1b"), "x", nil, nil))
	a.Name = "::error::evil\n::error::name"
	a.AgentName = "</code></summary><img src=x onerror=alert(1)> @everyone `x` **b**" + evil
	a.AgentID = "AGT\n::error::"
	p := plan(diff.AgentPlan{Name: "  ::notice::x @org/team", Status: diff.Orphan}, a)
	p.Environment = "` @everyone <b>"
	p.Refusals = []diff.Refusal{{Agent: "a\n::error::", Rule: "r`\n", Message: "m <b> @everyone\n\n# head", Hint: "``` \n::x::"}}
	p.Warnings = []diff.Warning{{Message: "##[error]x\x1b", Hint: "</details>"}}
	return sealed(p)
}

// rewrittenPlan replaces every line of a long text.
func rewrittenPlan() *diff.Plan {
	var before, after strings.Builder
	for i := range 300 {
		fmt.Fprintf(&before, "Old sentence number %d.\n", i)
		fmt.Fprintf(&after, "Eine ganz neue Zeile %d\n", i)
	}
	return plan(update(step(diff.CreateDraft, "v8", n(7), n(8), diff.Change{Path: "system_prompt", Before: value.Of(before.String()), After: value.Of(after.String())})))
}

// joinedPlan changes both of two files that make one prompt.
func joinedPlan() *diff.Plan {
	return plan(update(step(diff.CreateDraft, "v8", n(7), n(8), diff.Change{
		Path:   "system_prompt",
		Before: value.Of("Rule one.\nRule two.\n\nTone: calm.\nTone: short."),
		After:  value.Of("Rule one.\nRule two, and more.\n\nTone: calm and warm.\nTone: short."),
		Source: []spec.Segment{{Start: 1, File: "prompts/rules.md", Line: 1}, {Start: 4, File: "prompts/tone.md", Line: 1}},
	})))
}

// alikePlan changes what nobody can see: Unicode forms, letters of other scripts,
// joiners, in every place where an old and a new text stand.
func alikePlan() *diff.Plan {
	decomposed := "\u0915\u093c\u0932\u092e" // two Unicode forms of one word
	composed := "\u0958\u0932\u092e"
	long := func(word string) string {
		return strings.Repeat("Ask which product they want and for the city. ", 8) + "Log in at " + word + "." + strings.Repeat(" Never argue.", 20)
	}
	var before, after strings.Builder // more lines than are paired by their words
	for i := range 60 {
		fmt.Fprintf(&before, "%d: cafe\u0301\n", i)
		fmt.Fprintf(&after, "%d: caf\u00e9\n", i)
	}
	return plan(update(
		step(diff.CreateOutcome, "caf\u00e9", nil, nil, diff.Change{Path: "outcome_type", After: value.Of("TEXT")}),
		step(diff.UpdateAgent, "outbound-sales", nil, nil, diff.Change{Path: "agent_name", Before: value.Of(decomposed), After: value.Of(composed)}),
		step(diff.CreateDraft, "v8", n(7), n(8),
			diff.Change{Path: "system_prompt", Before: value.Of("First.\n" + decomposed + "\nSay thanks, Maya.\nBe 1st."),
				After: value.Of("First.\n" + composed + "\nSay many thanks, M\u0430ya.\nBe lst.")},
			diff.Change{Path: "starting_instructions", Before: value.Of(long("paypal.com")), After: value.Of(long("p\u0430yp\u0430l.com"))},
			diff.Change{Path: "fallback", Before: value.Of(before.String()), After: value.Of(after.String())},
			diff.Change{Path: "guidelines", Before: value.Of(list("\u0915\u094d\u0937 a")), After: value.Of(list("\u0915\u094d\u200d\u0937 a"))}),
		step(diff.DeleteOutcome, "cafe\u0301", nil, nil)))
}

// cutPlan has two stretches of changed lines, and room for a part of the first.
func cutPlan() *diff.Plan {
	text := func(word string) string {
		var b strings.Builder
		for i := range 400 {
			if w := word; i == 300 {
				fmt.Fprintln(&b, "Always ask for the city.\nThen for the name.\nThen wait.\nThen go on.\nThen say thanks.\nThen wait again.")
			} else {
				fmt.Fprintf(&b, "%s sentence number %d.\n", w, i)
			}
		}
		return b.String()
	}
	return plan(update(step(diff.CreateDraft, "v8", n(7), n(8),
		diff.Change{Path: "system_prompt", Before: value.Of(text("Old")), After: value.Of(text("New"))})))
}
