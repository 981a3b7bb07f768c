package console

import (
	"slices"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

// Command is a part of the command line that is not the main front end's own.
// Flags that all commands have are in out and opt before the command runs.
type Command func(out *Console, opt *engine.Options) *cobra.Command

// Usagef is an error of a command line that can't be meant.
func Usagef(format string, args ...any) error {
	return engine.Errorf(engine.Usage, "", format, args...)
}

// CheckOptions refuses flags of all commands that can't be meant.
func CheckOptions(opt *engine.Options) error {
	switch {
	case opt.Parallelism < 1 || opt.Parallelism > 256:
		return Usagef("--parallelism %d: want 1 to 256", opt.Parallelism)
	case opt.Sandbox && opt.Environment != "" && opt.Environment != "sandbox":
		return Usagef("--sandbox and --env %s: the embedded platform is an environment of its own, so give one of the two", render.Escape(opt.Environment))
	}
	return nil
}

// ScopeFlags are those of all commands that plan.
func ScopeFlags(cmd *cobra.Command, opt *engine.Options, scope *engine.Scope) {
	cmd.Flags().StringSliceVar(&scope.Targets, "target", nil, "only the agent `NAME`, or those that a pattern such as 'sales-*' matches; may be repeated")
	cmd.Flags().BoolVar(&scope.Prune, "prune", false, "delete orphans: agents in the lock file whose manifest is gone")
	_ = cmd.RegisterFlagCompletionFunc("target", CompleteAgents(opt))
	ShardFlag(cmd, &scope.Shard, "only the agents whose keys fall into the part `I/N` of the fleet, such as 3/8")
}

// ShardFlag adds --shard; the shard is nil where it is not given.
func ShardFlag(cmd *cobra.Command, shard **diff.Shard, usage string) {
	cmd.Flags().Var(shardValue{shard}, "shard", usage)
	_ = cmd.RegisterFlagCompletionFunc("shard", cobra.NoFileCompletions)
}

// shardValue is a pflag.Value.
type shardValue struct{ shard **diff.Shard }

func (v shardValue) String() string {
	if v.shard == nil || *v.shard == nil {
		return ""
	}
	return (*v.shard).String()
}

func (v shardValue) Set(s string) error {
	parsed, err := diff.ParseShard(s)
	if err == nil {
		*v.shard = &parsed
	}
	return err
}

func (v shardValue) Type() string { return "part" }

// CompleteAgents offers the names of the manifests' agents.
func CompleteAgents(opt *engine.Options) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := spec.AgentNames(engine.Root(opt.Dir))
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
	}
}

// FixedValues completes a flag that takes one of a few words.
func FixedValues(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// NoArgs refuses arguments.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return Usagef("%s takes no arguments, got %q", cmd.Name(), args[0])
}

// KnownCommand refuses what is left on the command line where a command's name
// should stand, and offers the name that was meant.
func KnownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return engine.Errorf(engine.Usage, engine.Nearest(args[0], names), "unknown command %q", args[0])
}
