package engine

import (
	"slices"
	"testing"

	"github.com/agentsync/agentsync/spec"
)

// A file that the project would read if git tracked it was passed over, and
// forbids pruning; one that no pattern takes is another tool's.
func TestUntrackedFilesArePassedOver(t *testing.T) {
	for _, c := range []struct {
		patterns, want []string
	}{
		{nil, []string{"agents/made.yaml", "b.yaml", "kubeconfig.yml"}},
		{[]string{"agents/**/*.yaml"}, []string{"agents/made.yaml", "b.yaml"}},
	} {
		project := &spec.Project{Patterns: c.patterns, PassedOver: []string{"b.yaml"}}
		(&tracked{passed: []string{"kubeconfig.yml", "agents/made.yaml"}}).passedOver(project)
		if !slices.Equal(project.PassedOver, c.want) {
			t.Errorf("%v: %v, want %v", c.patterns, project.PassedOver, c.want)
		}
	}
}
