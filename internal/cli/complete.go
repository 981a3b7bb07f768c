package cli

import (
	"strings"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	cmd.Args = console.KnownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range cmd.Commands() {
		shell.Example, shell.Args = "  agentsync completion "+shell.Name(), console.NoArgs
	}
}

// PlainUsage takes the marks around the names of values out of the flags' texts,
// which completion shows as they are.
func PlainUsage(cmd *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, sub := range cmd.Commands() {
		PlainUsage(sub)
	}
}

// completeEnvironments offers the environments of the project's agentsync.yaml.
func (a *app) completeEnvironments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return spec.EnvironmentNames(engine.Root(a.opt.Dir)), cobra.ShellCompDirectiveNoFileComp
}

// completeRefs offers the branches and tags of the repository.
func (a *app) completeRefs(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	repo, err := git.Open(cmd.Context(), a.opt.Dir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return repo.Refs(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
}
