package diff

// Enhanced is what endpoint 17 makes of an agent's prompts. Its answer is not
// documented, so all that is not known for a better text or a suggestion is kept.
type Enhanced struct {
	Texts       map[string]string // better texts, by the field of the config
	Suggestions []string          // a line each
	Other       map[string]any    // what else was answered; empty for nothing
}
