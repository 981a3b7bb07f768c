package sandbox

import "encoding/json"

// configObject is the name under which Options.Extra means the config itself.
const configObject = "config"

var valueTypes = oneOf("TEXT", "DATE", "BOOLEAN", "FIXED", "NUMBER")

// The service sections of a config (reference.md, endpoints 5, 9, 13, 28).
// Fields of a voice or a recogniser that the reference does not name are
// stored, unless the platform is strict.
var sections = map[string]check{
	"llm_config": object("llm_config", []field{
		{name: "provider", fill: true, check: orNull(text, nil)},
		{name: "model", fill: true, check: orNull(text, nil)},
		{name: "temperature", fill: true, def: json.Number("0.0"), check: orNull(decimal, json.Number("0.0"))},
		{name: "max_tokens", fill: true, def: json.Number("0"), check: orNull(integer, json.Number("0"))},
		{name: "context_turns", fill: true, def: json.Number("0"), check: orNull(integer, json.Number("0"))},
	}, keep),
	"tts_config": object("tts_config", []field{
		{name: "voice_id", check: orNull(text, nil)},
	}, keep),
	"stt_config": object("stt_config", []field{
		{name: "provider", check: orNull(text, nil)},
		{name: "language", check: orNull(text, nil)},
	}, keep),
	"vad_config": object("vad_config", []field{
		{name: "min_silence_duration", check: orNull(decimal, nil)},
		{name: "min_speech_duration", check: orNull(decimal, nil)},
		{name: "activation_threshold", check: orNull(decimal, nil)},
	}, keep),
}

var metadataField = object("", []field{
	{name: "name", required: true, check: nonEmpty},
	{name: "type", fill: true, def: "string", check: text},
	{name: "required", fill: true, def: false, check: boolean},
	{name: "description", fill: true, check: orNull(text, nil)},
	{name: "default", fill: true, check: anything},
	{name: "enum_values", fill: true, check: orNull(listOf(anything), nil)},
}, drop)

var example = object("", []field{
	{name: "role", required: true, check: text},
	{name: "content", required: true, check: text},
}, keep)

// configBody is AgentConfigCreate: every field may be left out, since a draft
// is laid over the current config.
var configBody = object(configObject, []field{
	{name: "system_prompt", check: orNull(text, nil)},
	{name: "starting_instructions", check: orNull(text, nil)},
	{name: "agent_type", check: orNull(text, nil)},
	{name: "guardrail_ids", check: orNull(listOf(text), []any{})},
	{name: "metadata_schema", check: orNull(listOf(metadataField), []any{})},
	{name: "examples", check: orNull(listOf(example), []any{})},
	{name: "guidelines", check: orNull(listOf(text), []any{})},
	{name: "notes", check: orNull(text, nil)},
	{name: "llm_config", check: orNull(sections["llm_config"], nil)},
	{name: "tts_config", check: orNull(sections["tts_config"], nil)},
	{name: "stt_config", check: orNull(sections["stt_config"], nil)},
	{name: "vad_config", check: orNull(sections["vad_config"], nil)},
}, drop)

// emptyConfig is the content of a config of which nothing was ever sent.
func emptyConfig() map[string]any {
	return map[string]any{
		"system_prompt": nil, "starting_instructions": nil, "agent_type": nil, "notes": nil,
		"guardrail_ids": []any{}, "metadata_schema": []any{}, "examples": []any{}, "guidelines": []any{},
		"llm_config": nil, "tts_config": nil, "stt_config": nil, "vad_config": nil,
		"call_outcomes": []any{}, "call_infields": []any{},
	}
}

var teamMember = object("", []field{
	{name: "user_id", required: true, check: text},
	{name: "role", fill: true, def: "member", check: text},
	{name: "added_at", check: orNull(text, nil)},
}, drop)

// editable are the fields of endpoint 7.
func editable() []field {
	return []field{
		{name: "agent_name", check: nonEmpty},
		{name: "agent_description", check: orNull(text, nil)},
		{name: "is_active", check: boolean},
		{name: "whatsapp_enabled", check: boolean},
		{name: "is_auto", check: boolean},
		{name: "agent_cost", check: decimal},
		{name: "livekit_api_key", check: orNull(text, nil)},
		{name: "livekit_api_secret", check: orNull(text, nil)},
		{name: "livekit_host_url", check: orNull(text, nil)},
	}
}

// agentIn is endpoint 5's agent definition: the editable fields and those that
// are set at creation alone.
func agentIn() []field {
	fields := editable()
	fields[0].required = true
	return append(fields,
		field{name: "team", check: orNull(listOf(teamMember), []any{})},
		field{name: "agent_type", required: true, check: oneOf("INBOUND", "OUTBOUND")},
	)
}

var outcomeFields = []field{
	{name: "outcome_name", required: true, check: nonEmpty},
	{name: "outcome_description", required: true, check: text},
	{name: "outcome_type", required: true, check: valueTypes},
	{name: "outcome_enum", check: orNull(listOf(text), nil)},
	{name: "is_visible", required: true, check: boolean},
}

var infieldFields = []field{
	{name: "field_name", required: true, check: nonEmpty},
	{name: "field_type", required: true, check: valueTypes},
	{name: "field_enum", check: orNull(listOf(text), nil)},
	{name: "is_visible", required: true, check: boolean},
}

// partial is the same fields with none required, for a PATCH.
func partial(fields []field) []field {
	out := make([]field, len(fields))
	for i, f := range fields {
		f.required = false
		out[i] = f
	}
	return out
}

// Whole request bodies.
var (
	loginBody = object("", []field{
		{name: "email", required: true, check: text},
		{name: "password", required: true, check: text},
	}, drop)
	createBody = object("", []field{
		{name: "agent_in", required: true, check: object("agent", agentIn(), drop)},
		{name: "agent_config", required: true, check: configBody},
		{name: "call_outcome", check: orNull(outcomes.body, nil)},
		{name: "call_infield", check: orNull(infields.body, nil)},
	}, drop)
	updateAgentBody = object("agent", editable(), drop)
	metadataBody    = object("", nil, free)
	callBody        = object("", []field{
		{name: "customer_number", required: true, check: text},
		{name: "agent_number", required: true, check: text},
		{name: "did", check: orNull(text, nil)},
		{name: "callback_url", check: orNull(text, nil)},
		{name: "transcript", check: orNull(boolean, nil)},
		{name: "transcript_language", check: orNull(text, nil)},
		{name: "agent_config", check: orNull(object("", nil, free), nil)},
	}, drop)
)
