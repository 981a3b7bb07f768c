package cli

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// addCompletion adds cobra's completion command, with an example.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil || cmd == root {
		return
	}
	cmd.Short = "Print the completion script of a shell"
	cmd.Example = `  source <(agentsync completion bash)
  agentsync completion zsh > "${fpath[1]}/_agentsync"
  agentsync completion fish > ~/.config/fish/completions/agentsync.fish
  agentsync completion powershell | Out-String | Invoke-Expression`
	cmd.Args = knownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range cmd.Commands() {
		shell.Example, shell.Args = "  agentsync completion "+shell.Name(), noArgs
	}
}

// completeAgents offers the keys of the agents in the project.
func (a *app) completeAgents(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names := spec.AgentNames(a.dir)
	sort.Strings(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// completeEnvironments offers the environments of the project's agentsync.yaml.
func (a *app) completeEnvironments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return spec.EnvironmentNames(a.dir), cobra.ShellCompDirectiveNoFileComp
}

// completeRefs offers the branches and tags of the repository.
func (a *app) completeRefs(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	repo, err := git.Open(cmd.Context(), a.dir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return repo.Refs(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
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
