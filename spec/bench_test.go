package spec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/spec"
)

// BenchmarkLoad loads N agents, one a file, each with a prompt file of 4 KB
// (design section 7: 10,000 in under 5 s on two cores).
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			prompt := strings.Repeat("You are a helpful agent for {customer_name}; ask for the budget, politely.\n", 54)
			for i := range n {
				write(b, dir, fmt.Sprintf("prompts/a%05d.md", i), prompt)
				write(b, dir, fmt.Sprintf("agents/a%05d.yaml", i), fmt.Sprintf(benchAgent, i, i, i))
			}
			b.ResetTimer()
			for range b.N {
				project, problems := spec.Load(context.Background(), spec.LoadOptions{Dir: dir})
				if project == nil || len(project.Agents) != n {
					b.Fatal(problems)
				}
			}
		})
	}
}

const benchAgent = `apiVersion: agentsync/v1
kind: Agent
metadata:
  name: a%d
spec:
  agent:
    agent_name: Agent %d
    agent_description: Handles outbound calls for product demos
    agent_type: OUTBOUND
    is_auto: true
  config:
    system_prompt: {file: prompts/a%05d.md}
    starting_instructions: Greet the user and ask qualifying questions.
    agent_type: generic_alpha
    guardrail_ids: [personality_v1, tone_v1, goal_v1]
    metadata_schema: [{name: customer_name, type: string, required: true, description: Customer name}]
    examples: [{role: user, content: Hello}]
    guidelines: [Be concise]
    llm_config: {provider: groq, model: openai/gpt-oss-120b, temperature: 0, max_tokens: 0, context_turns: 0}
    tts_config: {voice_id: Indus-hi-maya}
    stt_config: {provider: deepgram, language: hi}
    vad_config: {min_silence_duration: 0.3, min_speech_duration: 0.4, activation_threshold: 0.45}
  call_outcomes:
    - {outcome_name: lead_status, outcome_description: Lead qualification result, outcome_type: FIXED,
       outcome_enum: [qualified, not_qualified, follow_up], is_visible: true}
  call_infields:
    - {field_name: customer_budget, field_type: NUMBER, is_visible: true}
`
