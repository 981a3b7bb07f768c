package cli

import (
	"context"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

type historyOptions struct {
	limit           int
	at, diff        string
	calls           bool
	atGiven, ranged bool
	format          string
}

var historyFormats = []string{"text", "json", "markdown"}

func (a *app) historyCmd() *cobra.Command {
	var opt historyOptions
	cmd := &cobra.Command{
		Use:   "history NAME",
		Short: "Show which prompt was live when, and what changed",
		Long: `history shows an agent's versions on the platform: from when to when each was
live and how that is known, who made it, from which commit, and its notes. The
platform doesn't say when a version went live; its times of writing mostly tell,
and of a rollback that reused a version the commits of the lock file.

With --at, it prints what was live at a time: the prompt and all settings. The
time is like "2026-11-24", "2026-11-24 14:30", "2026-11-24T14:30:00+05:30",
"3 days ago", "yesterday" or "last tuesday". Without a zone it is in this
machine's, and a day alone is its beginning.

With --calls, it adds to each version how many calls there were while it was
live, how long they were, and their outcomes.

With --diff, it shows what differs between two sides, each of which is a version
(7 or v7), "live", or a commit such as HEAD: then what its manifests want.`,
		Example: `  agentsync history outbound-sales
  agentsync history outbound-sales --calls
  agentsync history outbound-sales --at 'last tuesday'
  agentsync history outbound-sales --diff v7..live
  agentsync history outbound-sales --diff live..HEAD`,
		Args:              a.oneAgent("the name of an agent"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.atGiven, opt.ranged = cmd.Flags().Changed("at"), cmd.Flags().Changed("diff")
			return a.runHistory(cmd.Context(), args[0], opt)
		},
	}
	cmd.Flags().IntVar(&opt.limit, "limit", 20, "show the newest `N` versions; 0 for all")
	cmd.Flags().StringVar(&opt.at, "at", "", "print what was live at `TIME`")
	cmd.Flags().BoolVar(&opt.calls, "calls", false, "add what came of the calls of each version")
	cmd.Flags().StringVar(&opt.diff, "diff", "", "show what differs between two sides, `A..B`")
	formatFlag(cmd, &opt.format, historyFormats)
	return cmd
}

func (opt historyOptions) check() error {
	switch {
	case opt.atGiven && opt.ranged:
		return console.Usagef("--at and --diff: give one of the two")
	case opt.calls && (opt.atGiven || opt.ranged):
		return console.Usagef("--calls is about all versions: it goes with neither --at nor --diff")
	case opt.limit < 0:
		return console.Usagef("--limit %d: want 0 or more", opt.limit)
	case opt.atGiven && opt.format == "markdown":
		return console.Usagef("--at --format markdown: want text, json")
	}
	return checkFormat(opt.format, historyFormats)
}

func (a *app) runHistory(ctx context.Context, name string, opt historyOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	var show func(context.Context, *engine.AgentPast, historyOptions) error
	switch {
	case opt.atGiven:
		at, assumed, err := parseWhen(opt.at, a.env.Now())
		if err != nil {
			return err
		}
		show = func(ctx context.Context, past *engine.AgentPast, opt historyOptions) error {
			return a.showMoment(ctx, past, at, assumed, opt.format)
		}
	case opt.ranged:
		before, after, ok := strings.Cut(opt.diff, "..")
		if !ok || before == "" || after == "" || strings.HasPrefix(after, ".") {
			return console.Usagef(`--diff %q: want A..B, where each is a version such as v7, "live", or a commit such as HEAD`, opt.diff)
		}
		show = func(ctx context.Context, past *engine.AgentPast, opt historyOptions) error {
			return a.showComparison(ctx, past, before, after, opt.format)
		}
	default:
		show = a.showHistory
	}
	return a.withPast(ctx, name, func(past *engine.AgentPast) error { return show(ctx, past, opt) })
}

// withPast does something with the history of an agent.
func (a *app) withPast(ctx context.Context, name string, do func(*engine.AgentPast) error) error {
	project, _, err := a.loadQuietly(ctx, engine.Source{})
	if err != nil {
		return err
	}
	past, err := project.Past(ctx)
	if err != nil {
		return err
	}
	defer past.Close()
	agent, err := past.Agent(ctx, name)
	if err != nil {
		return err
	}
	return do(agent)
}

func (a *app) showHistory(ctx context.Context, past *engine.AgentPast, opt historyOptions) error {
	var enough func(*history.Timeline) bool
	if opt.limit > 0 {
		enough = func(t *history.Timeline) bool { return len(t.Versions) > opt.limit }
	}
	t, err := past.Read(ctx, enough)
	if err != nil {
		return err
	}
	t = t.Newest(opt.limit)
	if opt.calls {
		if t.Calls, err = past.Calls(ctx, t); err != nil {
			return err
		}
	}
	switch opt.format {
	case "json":
		return writeJSON(a.env.Stdout, t)
	case "markdown":
		return render.HistoryMarkdown(a.env.Stdout, t, a.out.RenderOptions())
	default:
		return render.History(a.env.Stdout, t, a.out.RenderOptions())
	}
}

func (a *app) showMoment(ctx context.Context, past *engine.AgentPast, at time.Time, assumed, format string) error {
	moment, err := past.At(ctx, at)
	if err != nil {
		return err
	}
	moment.Assumed = assumed
	if format == "json" {
		return writeJSON(a.env.Stdout, moment)
	}
	return render.At(a.env.Stdout, moment, a.out.RenderOptions())
}

func (a *app) showComparison(ctx context.Context, past *engine.AgentPast, before, after, format string) error {
	c, err := past.Compare(ctx, before, after)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return writeJSON(a.env.Stdout, c)
	case "markdown":
		return render.CompareMarkdown(a.env.Stdout, c, a.out.RenderOptions())
	default:
		return render.Compare(a.env.Stdout, c, a.out.RenderOptions())
	}
}

var blameFormats = []string{"text", "json"}

func (a *app) blameCmd() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "blame NAME",
		Short: "Show who brought each line of the live prompt",
		Long: `blame shows each line of the live system prompt and the version that brought it:
its commit and author where git knows them, else the user that the platform
names, and the day on which it was made.`,
		Example: `  agentsync blame outbound-sales
  agentsync blame outbound-sales --format json`,
		Args:              a.oneAgent("the name of an agent"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runBlame(cmd.Context(), args[0], format) },
	}
	formatFlag(cmd, &format, blameFormats)
	return cmd
}

func (a *app) runBlame(ctx context.Context, name, format string) error {
	if err := checkFormat(format, blameFormats); err != nil {
		return err
	}
	return a.withPast(ctx, name, func(past *engine.AgentPast) error {
		lines, t, err := past.Blame(ctx)
		if err != nil {
			return err
		}
		if format == "json" {
			return writeJSON(a.env.Stdout, blamed(lines, t))
		}
		return render.Blame(a.env.Stdout, lines, t, a.out.RenderOptions())
	})
}

// blamed are lines with what is known of their versions, for JSON.
func blamed(lines []history.Line, t *history.Timeline) any {
	type version struct {
		*history.Version
		Author string `json:"author,omitempty"`
	}
	out := struct {
		Name     string         `json:"name"`
		AgentID  string         `json:"agent_id"`
		Live     int            `json:"live"`
		Lines    []history.Line `json:"lines"`
		Versions []version      `json:"versions"` // those that brought a line
	}{t.Name, t.AgentID, t.Live, lines, []version{}}
	brought := map[int]bool{}
	for _, line := range lines {
		brought[line.Version] = true
	}
	for i := range t.Versions {
		if v := &t.Versions[i]; brought[v.Number] {
			out.Versions = append(out.Versions, version{v, v.Author()})
		}
	}
	return out
}
