package schema

// lintRule is the row of a rule of the prompt lint: how much is made of what it
// finds. It is the rule's only place; spec reports by its name.
func lintRule(name, doc string) *Field {
	return &Field{Name: name, Type: Choice, NotNull: true, Values: []string{"warning", "error", "off"}, Doc: doc}
}

// lintRules are all rules, in the order of docs/gates.md, whose table is made of them. Each is a warning where
// agentsync.yaml says nothing else.
var lintRules = []*Field{
	lintRule("placeholder-undeclared",
		"A {name} or {{name}} in a prompt, in any script, is neither an infield nor metadata of the agent. Without a value it is spoken as it stands."),
	lintRule("placeholder-misspelt",
		"A name that the agent declares stands in braces that are no placeholder's: with blanks in one brace, { name }, or with a brace too few or too many, "+
			"{name or {{name}. It is spoken as it stands. Silent in what reads as code or JSON."),
	lintRule("template-tag",
		"A prompt has what other systems replace, such as {% if %}, {{#if}} or ${name}. The platform speaks it as it stands."),
	lintRule("braces-mixed",
		"An agent's prompts have placeholders in one brace and in two. The platform replaces one of the two forms."),
	lintRule("declared-unused",
		"An infield or a metadata field stands in no prompt. Only -v shows it, unless it is set to warning or error."),
	lintRule("fixed-enum-unnamed",
		"An outcome of type FIXED whose name and values nothing hints at: no word of them, in whatever ending, stands in the prompts, the guidelines, "+
			"the examples or the outcome's description. Silent where the values are written in another script than the prompt."),
	lintRule("starting-too-long",
		"The starting instructions take longer than 15 seconds to speak, at 15 characters a second with blanks (Arabic script 12, Chinese, Japanese "+
			"and Korean 5), or 6 syllables a second in Indian scripts. Where they quote what is to be said, that alone counts; a list counts as no speech."),
	lintRule("too-many-items",
		"An agent has more than 15 outcomes or infields, for which the dashboard has room."),
	lintRule("max-tokens-low",
		"llm_config.max_tokens cuts a sentence: it is above 0, which leaves it to the platform, and below 30, or below 60 where the transcriber's language "+
			"is written in an Indian script, whose words take more tokens."),
	lintRule("voice-language",
		"The voice speaks another language than the transcriber hears, as tts_config.voice_id (Indus-hi-maya speaks hi) and stt_config.language tell. "+
			"Silent where one of the two does not tell."),
	lintRule("prompt-missing",
		"The agent has no system_prompt: a new agent is refused, and one that is there keeps the platform's."),
	lintRule("pin-hides-config",
		"release.version pins a version, so what the manifest says under config has no effect."),
	lintRule("comment-spoken",
		"A prompt holds agentsync:ignore, which is a comment in YAML alone: in a prompt it is spoken."),
}

// LintRules returns the rows of all rules of the prompt lint.
func LintRules() []*Field { return lintRules }
