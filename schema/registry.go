package schema

// The registry: every field of every kind of document, in the order that
// plans and schemas show. A new field of the API is a row here, then go generate
// ./schema, and the sandbox's own list (sync/sandbox/shapes.go), which shares
// nothing with this one. TestEveryFieldArrives in internal/cli holds all three.

// The parts of an agent that git manages.
const (
	SectionAgent    = "agent"
	SectionConfig   = "config"
	SectionOutcomes = "call_outcomes"
	SectionInfields = "call_infields"
)

// Kinds returns the kinds of documents, in lower case as the schema command
// takes them.
func Kinds() []string { return []string{"agent", "base", "project"} }

// roots are the rows of whole documents, by kind.
var roots = map[string]*Field{
	"agent": document("One IndusLabs voice agent as it should be. "+leftOut,
		"Agent", "Agent: this document describes one agent.", metadata,
		&Field{Name: "spec", Type: Map, Required: true, Fields: agentSpec, Doc: "What the agent should be."}),
	"base": document("What several agents have in common: an Agent names it under spec.extends. "+
		"Its spec has an Agent's shape, and nothing is required. "+leftOut,
		"Base", "Base: this document is a part that agents extend.", metadata,
		&Field{Name: "spec", Type: Map, Required: true, Fields: agentSpec, Doc: "What the agents that extend this should be."}),
	"project": document("The settings of a project, in the file agentsync.yaml at its root. The file is optional, and so is everything in it.",
		"Project", "Project: this document holds a project's settings.",
		&Field{Name: "metadata", Type: Map, Doc: "What identifies the project.", Fields: []*Field{
			{Name: "name", Type: Key,
				Doc: "Whose the agents are: it stands in every version that an apply makes, and agents with another project's name are never touched. " +
					"Lowercase letters, digits and hyphens, at most 63."},
			{Name: "previous_names", Type: List, Unique: true, Items: &Field{Type: Key, Doc: "A name."},
				Doc: "Names that the project had before: versions that carry them are its own."},
		}},
		&Field{Name: "spec", Type: Map, Fields: projectSpec, Doc: "The project's settings."}),
}

func document(doc, kind, kindDoc string, below ...*Field) *Field {
	return &Field{Type: Map, Doc: doc, Fields: append([]*Field{
		{Name: "apiVersion", Type: Constant, Required: true, Values: []string{"agentsync/v1"}, Doc: "The format of this document: agentsync/v1."},
		{Name: "kind", Type: Constant, Required: true, Values: []string{kind}, Doc: kindDoc},
	}, below...)}
}

const leftOut = `A field that is left out is unmanaged: the platform's value stays. An explicit null, "", [] or {} means empty.`

var metadata = &Field{
	Name: "metadata", Type: Map, Required: true, NotNull: true,
	Doc: "What identifies the document in this repository.",
	Fields: []*Field{{Name: "name", Type: Key, Required: true,
		Doc: "The document's key: [a-z0-9][a-z0-9-]{0,62}, unique among the documents of its kind. It is never sent to the platform."}},
}

var agentSpec = append([]*Field{{
	Name: "extends", Type: List, Unique: true, Items: &Field{Type: Key, Doc: "The metadata.name of a Base."},
	Doc: "Names of Base documents. They are merged in order, this document last: " +
		"maps merge, call_outcomes, call_infields and metadata_schema merge by name, other lists replace.",
}}, partSpec...)

// partSpec is a spec as an environment may override it.
var partSpec = []*Field{
	{Name: SectionAgent, Type: Map, Fields: agent, Server: agentServer,
		Doc: "The agent itself. An Agent that is present needs agent_name, here or in a Base; all else may be left out."},
	{Name: SectionConfig, Type: Map, Fields: config, Server: configServer,
		Doc: "The agent's config: prompts and service settings, versioned by the platform."},
	{Name: SectionOutcomes, Type: List, MergeBy: "outcome_name", Items: &Field{Type: Map, Fields: outcome, Server: itemServer, Doc: "One call outcome."},
		Doc: "The call outcomes that the agent should have, and no others; [] means none. Left out, the platform's stay."},
	{Name: SectionInfields, Type: List, MergeBy: "field_name", Items: &Field{Type: Map, Fields: infield, Server: itemServer, Doc: "One call infield."},
		Doc: "The call infields that the agent should have, and no others; [] means none. Left out, the platform's stay."},
	{Name: "release", Type: Map, Fields: release, Doc: "What happens to a changed config."},
	{Name: "lifecycle", Type: Map, Fields: lifecycle, Doc: "Whether the agent should exist."},
	{Name: "checks", Type: List, Items: &Field{Type: Map, Fields: gate, Doc: "One check."},
		Doc: "Gates between draft and publish: the new version is validated and rendered with each check's values, and goes live only when all hold. " +
			"An agent with nothing to release runs none."},
	{Name: "smoke_call", Type: Map, Fields: smokeCall,
		Doc: "A real call once a version went live by a publish or a rollback of the apply; {} is none. " +
			"An apply that releases nothing calls nobody."},
}

// agent has the fields of endpoints 5 and 7.
var agent = []*Field{
	{Name: "agent_name", Type: Line, AtCreation: true,
		Doc: "The name on the platform, unique in the account. Required of an Agent that is present, here or in a Base. " +
			"The environment's agent_name_suffix is appended."},
	{Name: "agent_description", Type: Text, AtCreation: true, Default: "", Doc: "What the agent is for."},
	{Name: "agent_type", Type: Choice, AtCreation: true, CreationOnly: true, Values: []string{"INBOUND", "OUTBOUND"},
		Meant: map[string]string{"INCOMING": "INBOUND", "INGOING": "INBOUND", "IN": "INBOUND", "OUTGOING": "OUTBOUND", "OUT": "OUTBOUND"},
		Doc:   "INBOUND or OUTBOUND. Set at creation only."},
	{Name: "team", Type: List, AtCreation: true, CreationOnly: true, Default: []any{}, Items: &Field{Type: Member, Doc: "One member."},
		Doc: "The members who share the agent. Set at creation only."},
	{Name: "is_active", Type: Bool, Filled: true, Doc: "Whether the agent takes calls."},
	{Name: "whatsapp_enabled", Type: Bool, Filled: false, Doc: "Whether the agent answers on WhatsApp."},
	{Name: "is_auto", Type: Bool, AtCreation: true, Default: true, Doc: "The platform's is_auto switch."},
	{Name: "agent_cost", Type: Number, Min: new(0.0), Doc: "The agent's cost, as the platform counts it."},
}

// wholeNumber is the largest that every program reads as it is written.
var wholeNumber = new(float64(1<<53 - 1))

// config has the fields of a config version (endpoints 5, 9 and 13).
var config = []*Field{
	{Name: "system_prompt", Type: Prompt, Spoken: true, Fields: promptFile,
		Doc: "What the agent is told about its task: text, {file: path} or {file: [a.md, b.md]}. " +
			"{name} is replaced by the infield or metadata of that name."},
	{Name: "starting_instructions", Type: Prompt, Spoken: true, Fields: promptFile,
		Doc: "How the agent opens a call: text, {file: path} or {file: [a.md, b.md]}. " +
			"{name} is replaced by the infield or metadata of that name."},
	{Name: "agent_type", Type: Line, Doc: "The platform's kind of agent, such as generic_alpha."},
	{Name: "guardrail_ids", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "The id of a guardrail."},
		Doc: "The platform's guardrails that apply, such as personality_v1."},
	{Name: "metadata_schema", Type: List, MergeBy: "name", Items: &Field{Type: Map, Fields: metadataField, Doc: "One value."},
		Doc: "The values that the prompts may name as {name}. Merges by name."},
	{Name: "examples", Type: List, Doc: "Turns of an example conversation.", Items: &Field{Type: Map, Doc: "One turn.", Fields: []*Field{
		{Name: "role", Type: Line, Doc: "Who speaks, such as user or assistant."},
		{Name: "content", Type: Text, Doc: "What is said."},
	}}},
	{Name: "guidelines", Type: List, Items: &Field{Type: Text, Doc: "One rule."}, Doc: "Short rules for the conversation."},
	{Name: "llm_config", Type: Map, Service: true, Doc: "The language model.", Fields: []*Field{
		{Name: "provider", Type: Line, Doc: "Who serves the model, such as groq."},
		{Name: "model", Type: Line, Doc: "The model, such as openai/gpt-oss-120b."},
		{Name: "temperature", Type: Number, Min: new(0.0), Doc: "How freely the model words its answers; 0 is the most predictable."},
		{Name: "max_tokens", Type: Integer, Min: new(0.0), Max: wholeNumber, Filled: 0, Doc: "The longest answer in tokens; 0 leaves it to the platform."},
		{Name: "context_turns", Type: Integer, Min: new(0.0), Max: wholeNumber, Filled: 0, Doc: "How many turns the model sees; 0 leaves it to the platform."},
	}},
	{Name: "tts_config", Type: Map, Service: true, Doc: "The voice.", Fields: []*Field{
		{Name: "voice_id", Type: Line, Doc: "The voice, such as Indus-hi-maya."},
	}},
	{Name: "stt_config", Type: Map, Service: true, Doc: "Speech recognition.", Fields: []*Field{
		{Name: "provider", Type: Line, Doc: "Who recognises the speech, such as deepgram."},
		{Name: "language", Type: Line, Doc: "The language that callers speak, such as hi."},
	}},
	{Name: "vad_config", Type: Map, Service: true, Doc: "Voice activity detection: when a speaker begins and ends.", Fields: []*Field{
		{Name: "min_silence_duration", Type: Number, Min: new(0.0), Doc: "Seconds of silence that end a turn."},
		{Name: "min_speech_duration", Type: Number, Min: new(0.0), Doc: "Seconds of speech that begin a turn."},
		{Name: "activation_threshold", Type: Number, Min: new(0.0), Max: new(1.0), Doc: "How sure the detection must be, from 0 to 1."},
	}},
	{Name: "notes", Type: Prompt, Fields: promptFile, Doc: "Notes that the platform keeps with a version; agentsync adds its provenance line. They belong to one version: left out, a new version has that line alone."},
	{Name: "passthrough", Type: Table, Ours: true, Keys: Name, Items: anything,
		Doc: "Further config fields, sent and compared as they stand, for what the API gains later. " +
			"Under llm_config, tts_config, stt_config and vad_config: further fields of that section."},
}

// agentServer is what the platform adds to an agent; LiveKit's are secrets.
var agentServer = []string{
	"id", "_id", "agent_id", "user_id", "organization_id", "team_size",
	"created_at", "updated_at", "created_by", "updated_by",
	"livekit_api_key", "livekit_api_secret", "livekit_host_url",
}

// itemServer is what the platform adds to an outcome or infield.
var itemServer = []string{
	"id", "_id", "agent_id", "user_id", "organization_id",
	"created_at", "updated_at", "created_by", "updated_by",
}

// configServer is what the platform adds to a config version.
var configServer = []string{
	"id", "_id", "agent_id", "version", "status", "is_current",
	"created_at", "updated_at", "created_by", "updated_by", "published_at", "published_by",
	SectionOutcomes, SectionInfields,
}

var promptFile = []*Field{{
	Name: "file", Type: Paths, Required: true, MinItems: 1, MaxItems: 100, Items: &Field{Type: Name, Doc: "A path from the project's root."},
	Doc: "One path or a list of them, read from the project's root, with forward slashes. " +
		"The files are UTF-8, not empty, at most 1 MiB, and lie inside the project. Trailing newlines are dropped.",
}}

var metadataField = []*Field{
	{Name: "name", Type: Name, Required: true, Doc: "The name that stands in curly braces in a prompt. Case matters."},
	{Name: "type", Type: Line, Filled: "string", Doc: "The value's type, such as string."},
	{Name: "required", Type: Bool, Filled: false, Doc: "Whether a call must give the value."},
	{Name: "description", Type: Text, Doc: "What the value is."},
	{Name: "default", Type: Any, Doc: "The value when a call gives none."},
	{Name: "enum_values", Type: List, Items: &Field{Type: Any, Doc: "One value."}, Doc: "The values to choose from."},
}

// outcome and infield have the fields of endpoints 20 to 27.
var outcome = []*Field{
	{Name: "outcome_name", Type: PathName, Required: true, Doc: "The outcome's name, unique in the agent."},
	{Name: "outcome_description", Type: Text, Default: "", Doc: "What the outcome says. Left out, the platform's stays."},
	{Name: "outcome_type", Type: Choice, NotNull: true, Values: valueTypes, Meant: otherTypes, Doc: "TEXT, DATE, BOOLEAN, FIXED or NUMBER. Required, here or in a Base."},
	{Name: "outcome_enum", Type: List, Unique: true, EmptyIsNull: true, Items: oneValue, Doc: choicesDoc},
	{Name: "is_visible", Type: Bool, Default: true,
		Doc: "Whether the platform's pages show the outcome. Left out, the platform's value stays; a new outcome is visible."},
}

var infield = []*Field{
	{Name: "field_name", Type: PathName, Required: true,
		Doc: "The infield's name, unique in the agent; a prompt names it in curly braces. " +
			"The platform's own names, such as call_id and phone_number, are refused."},
	{Name: "field_type", Type: Choice, NotNull: true, Values: valueTypes, Meant: otherTypes, Doc: "TEXT, DATE, BOOLEAN, FIXED or NUMBER. Required, here or in a Base."},
	{Name: "field_enum", Type: List, Unique: true, EmptyIsNull: true, Items: oneValue, Doc: choicesDoc},
	{Name: "is_visible", Type: Bool, Default: true,
		Doc: "Whether the platform's pages show the infield. Left out, the platform's value stays; a new infield is visible."},
}

const choicesDoc = "The values to choose from. Required with the type FIXED, and given with no other."

var (
	valueTypes = []string{"TEXT", "DATE", "BOOLEAN", "FIXED", "NUMBER"}
	// otherTypes are what the types are called elsewhere.
	otherTypes = map[string]string{
		"ENUM": "FIXED", "ENUMERATION": "FIXED", "CHOICE": "FIXED", "CHOICES": "FIXED", "SELECT": "FIXED", "OPTION": "FIXED",
		"OPTIONS": "FIXED", "LIST": "FIXED", "DROPDOWN": "FIXED", "CATEGORY": "FIXED", "LITERAL": "FIXED",
		"STRING": "TEXT", "STR": "TEXT", "VARCHAR": "TEXT", "FREETEXT": "TEXT",
		"INT": "NUMBER", "INTEGER": "NUMBER", "FLOAT": "NUMBER", "DOUBLE": "NUMBER", "DECIMAL": "NUMBER", "NUMERIC": "NUMBER",
		"YESNO": "BOOLEAN", "YES_NO": "BOOLEAN", "FLAG": "BOOLEAN", "CHECKBOX": "BOOLEAN",
		"DATETIME": "DATE", "TIME": "DATE", "TIMESTAMP": "DATE", "DAY": "DATE",
	}
	oneValue = &Field{Type: Name, Doc: "One value."}
)

var release = []*Field{
	{Name: "mode", Type: Choice, Values: []string{"publish", "draft"},
		Meant: map[string]string{"LIVE": "publish"}, Doc: "publish (default) makes a new version live; draft leaves it as a draft."},
	{Name: "version", Type: Integer, Min: new(1.0), Max: new(1e9), Doc: "A pin: this version is to be live, whatever config says."},
	{Name: "service_updates", Type: Choice, Values: []string{"versioned", "in_place"},
		Doc: "versioned (default), or in_place: a change of only tts_config, stt_config, vad_config or llm_config changes the live version itself."},
}

// gate is a check: what endpoints 18 and 19 must answer for a version.
var gate = []*Field{
	{Name: "name", Type: Name, Required: true, Doc: "What the check is called in plans and reports, unique in the agent."},
	{Name: "metadata", Type: Table, Keys: Name, Items: anything,
		Doc: "The values that a call would give, by the names of infields and of the metadata schema. Plans and reports show them: no secrets."},
	{Name: "valid", Type: Bool, Doc: "What the platform must say of the values against the metadata schema; false: it must complain."},
	{Name: "system_prompt", Type: Map, Fields: expectation, Doc: "What the rendered system prompt must be like."},
	{Name: "starting_instructions", Type: Map, Fields: expectation, Doc: "What the rendered starting instructions must be like."},
	{Name: "no_placeholders_left", Type: Bool,
		Doc: "true (default): no placeholder of an infield or of the metadata schema stays in the rendered texts."},
}

// expectation is what one rendered text must be like. All of it must hold.
var expectation = []*Field{
	{Name: "contains", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "One text."}, Doc: "Texts that must be in it. Case counts."},
	{Name: "excludes", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "One text."}, Doc: "Texts that must not be in it. Case counts."},
	{Name: "matches", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "One expression."},
		Doc: "Regular expressions, in Go's syntax, that must match somewhere in it."},
	{Name: "max_chars", Type: Integer, Min: new(1.0), Max: new(1e9), Doc: "The most characters that it may have."},
}

// smokeCall is a call by endpoint 30, and what it must be like.
var smokeCall = []*Field{
	{Name: "customer_number_env", Type: Variable,
		Doc: "The environment variable with the number that is called: digits with the country code. Required, here or in a Base. " +
			"The number itself is never in a file, a plan or a report."},
	{Name: "infields", Type: Table, Keys: Name, Items: anything,
		Doc: "The values of the call, by the names of infields: text, numbers, true or false. Plans show them: no secrets."},
	{Name: "timeout", Type: Duration,
		Doc: "How long the call and its transcript may take, such as 10m (default) or 90s, from 10s to 2h. " +
			"The platform may take up to 30 minutes for a transcript."},
	{Name: "expect", Type: Map, Doc: "What the call must be like. All of it must hold, and something must be expected.", Fields: []*Field{
		{Name: "answered", Type: Bool, Doc: "true: the call must be answered, and nothing else counts. The other expectations include it."},
		{Name: "call_outcome", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "One outcome."},
			Doc: "The outcomes one of which the platform must find in the call. Capitals make no difference."},
		{Name: "transcript_contains", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "One text."},
			Doc: "Texts each of which the agent or the caller must have said. Capitals and line breaks make no difference: a transcript is heard, not written."},
	}},
	{Name: "on_failure", Type: Choice, Values: []string{"rollback", "keep"},
		Doc: "rollback (default): when the call is not answered, or is not as expected, the version that was live before is put back, " +
			"with its fields, outcomes and infields. keep: the new version stays live. The apply has failed either way."},
	{Name: "on_timeout", Type: Choice, Values: []string{"keep", "rollback"},
		Doc: "What happens when no transcript comes in time, or the platform says that none will: keep (default) or rollback. The apply has failed either way."},
	{Name: "required", Type: Bool,
		Doc: "true: an apply that would need the number and has none is refused before it writes. Default: false, then the call is skipped with a warning."},
}

var lifecycle = []*Field{
	{Name: "state", Type: Choice, Values: []string{"present", "absent"},
		Meant: map[string]string{"DELETED": "absent", "DELETE": "absent", "REMOVED": "absent", "GONE": "absent", "ACTIVE": "present"},
		Doc:   "present (default), or absent: the agent is deleted."},
	{Name: "protect", Type: Bool, Doc: "true forbids to delete the agent, even after this manifest is gone."},
	{Name: "previous_names", Type: List, Unique: true, Items: &Field{Type: Name, Doc: "An earlier agent_name."},
		Doc: "Names that the agent had before; the agent is found by them and renamed. The environment's agent_name_suffix is appended."},
}

var projectSpec = []*Field{
	{Name: "manifests", Type: List, Unique: true, MinItems: 1, Items: &Field{Type: Name, Doc: "A pattern, such as agents/**/*.yaml."},
		Doc: "Which files hold manifests: patterns from the project's root, where * stands for any part of a name and ** for any number of folders. " +
			"Default: every *.yaml and *.yml that holds an agentsync/v1 document. Folders that begin with a dot, and node_modules, are never searched."},
	{Name: "base_url", Type: Line,
		Doc: "The platform's address: https, or http on this machine alone. Default: INDUSLABS_BASE_URL, else https://developer.induslabs.io."},
	{Name: "environments", Type: Table, Keys: Key, Items: &Field{Name: "*", Type: Map, Fields: environment, Doc: "One environment."},
		Doc: "Places to apply to, chosen by --env. The one named default holds without --env."},
	{Name: "policy", Type: Map, Fields: policy, Doc: "What plan and apply may do."},
	{Name: "lint", Type: Map, Fields: lintRules,
		Doc: "How much is made of what each rule of the prompt lint finds: warning (default), error, which stops plan and apply as well, or off. " +
			"A comment \"# agentsync:ignore RULE\" turns a rule off for the line of a manifest that it ends, or the one below it."},
}

var environment = []*Field{
	{Name: "base_url", Type: Line, Doc: "The platform's address for this environment. Default: the project's base_url."},
	{Name: "credentials", Type: Map, Doc: "Which environment variables hold this environment's credentials.", Fields: []*Field{
		{Name: "email_env", Type: Variable, Doc: "The variable with the account's email. Default: INDUSLABS_EMAIL."},
		{Name: "password_env", Type: Variable, Doc: "The variable with the account's password. Default: INDUSLABS_PASSWORD."},
		{Name: "token_env", Type: Variable, Doc: "The variable with a bearer token, instead of email and password. Default: INDUSLABS_TOKEN."},
		{Name: "api_key_env", Type: Variable, Doc: "The variable with the API key of the legacy listing. Default: INDUSLABS_API_KEY."},
	}},
	{Name: "previous_names", Type: List, Unique: true, Items: &Field{Type: Key, Doc: "A name."},
		Doc: "Names that the environment had before: versions that carry them, and their block of the lock file, are its own."},
	{Name: "agent_name_suffix", Type: Line, Doc: `Appended to every agent_name and previous name, such as " (staging)".`},
	{Name: "overrides", Type: List, Items: &Field{Type: Map, Fields: override, Doc: "One override."},
		Doc: "What differs in this environment, merged over the manifests in order."},
}

var override = []*Field{
	{Name: "agents", Type: List, Required: true, NotNull: true, MinItems: 1, Items: &Field{Type: Name, Doc: "A pattern, such as outbound-*."},
		Doc: "Which agents: patterns over metadata.name, where * stands for any part."},
	{Name: "spec", Type: Map, Required: true, Fields: partSpec, Doc: "What is merged over the agents' spec."},
}

var policy = []*Field{
	{Name: "prune", Type: Bool, Doc: "true deletes agents that are in the lock and in no manifest. Default: false."},
	{Name: "max_delete_percent", Type: Integer, Min: new(0.0), Max: new(100.0),
		Doc: "A plan that deletes more than this share of the agents is refused, when 10 or more are known. Default: 30."},
	{Name: "adopt", Type: Choice, Values: []string{"by_name", "never"},
		Doc: "by_name (default) takes over an agent of the wanted agent_name that agentsync did not make; never refuses."},
	{Name: "on_drift", Type: Choice, Values: []string{"fail", "overwrite"},
		Doc: "fail (default) refuses to overwrite what was changed on the platform; overwrite does it."},
	{Name: "provenance", Type: Bool, Doc: "true (default) ends a version's notes with a line that names the git commit and the config's digest."},
}

// Document returns the row of a whole document of a kind (see Kinds); nil for
// another kind.
func Document(kind string) *Field { return roots[kind] }

// Spec returns the row of an agent's spec, with all that stands below it.
func Spec() *Field { return roots["agent"].Below("spec") }
