// Package benchgen writes projects of many agents, to measure with.
package benchgen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// PromptSize is the size of each agent's prompt in bytes, about.
const PromptSize = 4 << 10

const projectFile = `apiVersion: agentsync/v1
kind: Project
metadata: {name: bench}
spec:
  manifests: ["agents/*.yaml"]
`

// manifest is one agent; %[1]s is its key and %[2]d its number.
const manifest = `apiVersion: agentsync/v1
kind: Agent
metadata:
  name: %[1]s
spec:
  agent:
    agent_name: Benchmark Agent %[2]d
    agent_description: Calls the people on list %[2]d
    agent_type: OUTBOUND
    is_auto: true
  config:
    system_prompt: {file: prompts/%[1]s.md}
    starting_instructions: Greet {customer_name} and ask whether now is a good time.
    agent_type: generic_alpha
    guardrail_ids: [personality_v1, tone_v1, goal_v1]
    metadata_schema:
      - {name: customer_name, type: string, required: true, description: Name of the person we call}
    guidelines:
      - Keep every answer below three sentences.
      - Never quote a price that is not in the prompt.
    llm_config: {provider: groq, model: openai/gpt-oss-120b, temperature: 0.2, max_tokens: 0, context_turns: 0}
    tts_config: {voice_id: Indus-hi-maya}
    stt_config: {provider: deepgram, language: hi}
    vad_config: {min_silence_duration: 0.3, min_speech_duration: 0.4, activation_threshold: 0.45}
    notes: Made for a benchmark
  call_outcomes:
    - outcome_name: lead_status
      outcome_description: Lead qualification result
      outcome_type: FIXED
      outcome_enum: [qualified, not_qualified, follow_up]
      is_visible: true
    - {outcome_name: callback_date, outcome_description: When to call back, outcome_type: DATE, is_visible: true}
  call_infields:
    - {field_name: customer_budget, field_type: NUMBER, is_visible: true}
`

// Write makes a project of n agents in dir, which is made when missing. Each
// agent has a manifest and a prompt file of its own.
func Write(dir string, n int) error {
	for _, folder := range []string{"agents", "prompts"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "agentsync.yaml"), []byte(projectFile), 0o644); err != nil {
		return err
	}
	for i := range n {
		key := fmt.Sprintf("bench-%05d", i)
		if err := os.WriteFile(filepath.Join(dir, "agents", key+".yaml"), fmt.Appendf(nil, manifest, key, i), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "prompts", key+".md"), prompt(i), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// prompt is a text of PromptSize that no other agent has.
func prompt(i int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Agent %d\n\nYou call {customer_name}. Ask for {customer_budget}.\n", i)
	for line := 0; b.Len() < PromptSize; line++ {
		fmt.Fprintf(&b, "\n%d. When the caller asks for matter %d, answer from list %d, in the caller's language.\n", line, line*7+i, i)
	}
	return []byte(b.String())
}
