package github

import (
	"os"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestInputsAreTheActions holds the inputs that are read against those that
// action.yml offers.
func TestInputsAreTheActions(t *testing.T) {
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var action struct{ Inputs map[string]any }
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	// An argument, one that is no flag's, and one that the step reads which gets agentsync.
	read := []string{"command", "github-token", "build"}
	for _, input := range actionInputs {
		read = append(read, input[1])
	}
	for name := range action.Inputs {
		if !slices.Contains(read, name) {
			t.Errorf("action.yml has the input %s, which nothing reads", name)
		}
	}
	for _, name := range read {
		if _, ok := action.Inputs[name]; !ok {
			t.Errorf("the input %s is not in action.yml", name)
		}
	}
}
