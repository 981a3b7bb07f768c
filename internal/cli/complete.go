package cli

import (
	"fmt"
	"sort"
	"strings"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

// completeAgents offers the keys of the agents in the project.
func (a *app) completeAgents(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return spec.AgentNames(a.dir), cobra.ShellCompDirectiveNoFileComp
}

// nearestHint offers the known name that is most like the wrong one, or lists
// them.
func nearestHint(wrong string, known []string) string {
	sort.Strings(known)
	best := schema.Nearest(wrong, known)
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(known) == 0:
		return "there are none"
	case len(known) > 10:
		return fmt.Sprintf("there are %d, among them %s", len(known), strings.Join(known[:10], ", "))
	default:
		return "there are: " + strings.Join(known, ", ")
	}
}
