package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

type importOptions struct {
	all     bool
	authors string
	engine.ImportOptions
	historyGiven bool
}

func (a *app) importCmd() *cobra.Command {
	var opt importOptions
	cmd := &cobra.Command{
		Use:   "import [AGT_ID…]",
		Short: "Bring agents of the platform into git",
		Long: `import writes agents as they are on the platform: a manifest each in agents/,
the prompt in prompts/, and their ids into the lock file, so that they are this
project's from then on and a plan of them is empty. In an empty folder it begins
the project. Files that are there are not replaced without --force, and nothing
is changed on the platform. What a manifest can't say is left to the platform,
and named in a comment.

With --history, it also makes a commit for each published version of each agent
on the branch BRANCH: author and date are the version's: "git log -p" and "git
blame" show who wrote which line of a prompt. A new branch begins at HEAD. The
working tree, the index and the current branch are not touched by it; run again,
it adds what is new. The platform knows its users by ids: FILE names them, in
lines such as "65f1c0ffee = Asha Rao <asha@example.com>".

With --shard I/N, it takes one of N parts of all agents. Which part an agent is
in follows from its id, since it has no key yet; its key is the one that an
import of them all gives it, so that the parts' files go together.`,
		Example: `  agentsync import --all
  agentsync import AGT_3C8E5CAD AGT_12345678
  agentsync import --all --split-bases
  agentsync import --all --shard 3/8
  agentsync import --all --history imported --authors authors.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opt.IDs = slices.Compact(slices.Sorted(slices.Values(args)))
			}
			opt.historyGiven = cmd.Flags().Changed("history")
			return a.runImport(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.all, "all", false, "all agents that the platform lists")
	flags.BoolVar(&opt.Force, "force", false, "replace files that are there already")
	flags.BoolVar(&opt.SplitBases, "split-bases", false, "move what all of them have in common into a Base")
	flags.StringVar(&opt.History, "history", "", "also make a commit of each published version on `BRANCH`")
	flags.StringVar(&opt.authors, "authors", "", "read from `FILE` who the platform's users are")
	console.ShardFlag(cmd, &opt.Shard, "with --all, only the agents whose ids fall into the part `I/N` of them, such as 3/8")
	_ = cmd.RegisterFlagCompletionFunc("history", a.completeRefs)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

var agentID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func (opt importOptions) check() error {
	switch {
	case len(opt.IDs) == 0 && !opt.all:
		return engine.Errorf(engine.Usage, "agentsync import --all takes all that the platform lists", "import wants the ids of agents")
	case opt.Shard != nil && !opt.all:
		return console.Usagef("--shard is for --all")
	case opt.Shard != nil && opt.SplitBases:
		return console.Usagef("--shard and --split-bases: what all agents have in common no part of them can tell")
	case len(opt.IDs) > 0 && opt.all:
		return console.Usagef("--all and ids: give one of the two")
	case opt.authors != "" && opt.History == "":
		return console.Usagef("--authors is for --history")
	case opt.historyGiven && opt.History == "":
		return console.Usagef(`--history "": want the name of a branch`)
	}
	for _, id := range opt.IDs {
		if !agentID.MatchString(id) {
			return engine.Errorf(engine.Usage, "an id looks like AGT_3C8E5CAD, and stands in the address of the agent's dashboard page",
				"import: %q is no agent's id", id)
		}
	}
	return nil
}

func (a *app) runImport(ctx context.Context, opt importOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	if opt.authors != "" {
		data, err := os.ReadFile(a.path(opt.authors))
		if err != nil {
			return fmt.Errorf("--authors %s: %w", opt.authors, errors.Unwrap(err))
		}
		if opt.Authors, err = engine.ParseAuthors(opt.authors, data); err != nil {
			return err
		}
	}
	done, err := engine.Import(ctx, a.opt, opt.ImportOptions)
	if err != nil {
		return err
	}
	a.out.ClearProgress()
	a.showImported(done)
	if len(done.Failed) > 0 {
		return &engine.Error{Kind: engine.Failed, Err: errors.New("failed"), Told: true}
	}
	return nil
}

// showImported tells what was done, and what to do next.
func (a *app) showImported(done *engine.Imported) {
	out := a.env.Stdout
	for _, agent := range done.Agents {
		fmt.Fprintf(out, "%s  %s  %s  %s\n", agent.Key, render.Escape(fmt.Sprintf("%q", agent.Name)), agent.ID, strings.Join(agent.Files, ", "))
		for _, left := range agent.Left {
			fmt.Fprintf(out, "  left to the platform: %s\n", render.Escape(left.String()))
		}
	}
	a.out.Lines(done.Told)
	for _, failed := range done.Failed {
		a.out.Message("error: %s", failed)
	}
	already := ""
	if done.Same > 0 {
		already = fmt.Sprintf("; %d in git already", done.Same)
	}
	fmt.Fprintf(out, "%s imported, %s written%s.\n", render.Count(len(done.Agents), "agent"), render.Count(done.Files, "file"), already)
	if h := done.History; h != nil {
		fmt.Fprintf(out, "%s on the branch %s.\n", added(h), render.Escape(h.Branch))
		if len(h.Unnamed) > 0 {
			a.out.Message("authors that are ids alone: %s", strings.Join(h.Unnamed, ", "))
			a.out.Message(`  hint: name them in a file of lines "ID = Name <mail>", delete the branch, and import again with --authors FILE`)
		}
	}
	if len(done.Agents) > 0 {
		fmt.Fprint(out, a.next(done))
	}
}

func added(h *engine.History) string {
	if h.Commits == 0 {
		return "Nothing new"
	}
	return render.Count(h.Commits, "new commit")
}

func (a *app) next(done *engine.Imported) string {
	plan := "agentsync plan"
	switch {
	case a.opt.Sandbox:
		plan += " --sandbox"
	case a.opt.Environment != "":
		plan += " --env " + a.opt.Environment
	}
	steps := [][2]string{{plan, "no changes: git says what the platform has"}}
	if h := done.History; h != nil && h.New && h.Commits > 0 {
		steps = append(steps, [2]string{"git reset " + h.Branch, "this branch then has the versions' history; files stay"})
	}
	steps = append(steps, [2]string{`git add . && git commit -m "Import"`, "agentsync.lock.yaml too"})
	var b strings.Builder
	b.WriteString("\nNext:\n")
	for _, step := range steps {
		fmt.Fprintf(&b, "  %-36s  # %s\n", step[0], step[1])
	}
	return b.String()
}
