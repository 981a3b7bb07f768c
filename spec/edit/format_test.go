package edit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/spec/edit"
)

func TestFormat(t *testing.T) {
	const before = `# the file
kind: Agent
# its format
apiVersion: agentsync/v1 # v1

spec:
  config:
    # the model
    llm_config: {model: m, provider: p}
    # how it ends

    # the prompt
    system_prompt: |
      Hi.

      Bye.
    <<: {notes: x}
    # config's last
  # who

  agent: # of it
    agent_type: INBOUND
    agent_name: A
  call_outcomes:
    - outcome_type: TEXT # it

      # its name
      outcome_name: lead
    - {is_visible: true, # shown
       outcome_name: b, outcome_type: DATE}
metadata: {name: a}
---
# another tool's
kind: Deployment
apiVersion: apps/v1
---
apiVersion: agentsync/v1
kind: Base
metadata: {name: b}
spec:
  config:
    starting_instructions: &p Hello
    system_prompt: *p
  agent: {agent_cost: 1, agent_description: x}`
	const after = `# its format
apiVersion: agentsync/v1 # v1
# the file
kind: Agent

metadata: {name: a}
spec:
  # who

  agent: # of it
    agent_name: A
    agent_type: INBOUND
  config:
    <<: {notes: x}
    # how it ends

    # the prompt
    system_prompt: |
      Hi.

      Bye.
    # the model
    llm_config: {provider: p, model: m}
    # config's last
  call_outcomes:
    - # its name
      outcome_name: lead

      outcome_type: TEXT # it
    - {is_visible: true, # shown
       outcome_name: b, outcome_type: DATE}
---
# another tool's
kind: Deployment
apiVersion: apps/v1
---
apiVersion: agentsync/v1
kind: Base
metadata: {name: b}
spec:
  agent: {agent_description: x, agent_cost: 1}
  config:
    starting_instructions: &p Hello
    system_prompt: *p`
	for _, eol := range []string{"\n", "\r\n"} {
		in, want := strings.ReplaceAll(before, "\n", eol), strings.ReplaceAll(after, "\n", eol)
		got, err := edit.Format([]byte("\ufeff" + in))
		if diff := cmp.Diff("\ufeff"+want, string(got)); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if again, err := edit.Format(got); err != nil || string(again) != string(got) {
			t.Errorf("formatted twice: %v\n%s", err, again)
		}
	}
	if _, err := edit.Format([]byte("a: [")); err == nil {
		t.Error("broken YAML was formatted")
	}
}
