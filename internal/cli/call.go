package cli

import (
	"context"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/spf13/cobra"
)

type callOptions struct {
	name   string // "" where a phone number is called
	to     string
	sets   []string
	order  diff.CallOrder
	wait   bool
	format string
}

var callFormats = []string{"text", "json"}

func (a *app) callCmd() *cobra.Command {
	var opt callOptions
	cmd := &cobra.Command{
		Use:   "call NAME|+NUMBER --to NUMBER",
		Short: "Call somebody with the live version of an agent",
		Long: `call has the platform dial a number, whose owner then speaks with the live
version of the agent. It waits until the call is taken, or is not, and with --wait
until its transcript is there, which may take half an hour after hang-up.

A phone rings, so the call is asked for once, whatever the answer. Where the
answer is lost, the list of recent calls tells whether the call was made. Of
numbers, nothing but the last four digits is ever shown.`,
		Example: `  agentsync call outbound-sales --to 919999999999 --set customer_name=Rahul
  agentsync call outbound-sales --to 919999999999 --wait
  agentsync call +918888888888 --to 919999999999 --did 911140000000`,
		Args:              a.oneAgent("an agent's name, or a phone number"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.name = args[0]
			return a.runCall(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.to, "to", "", "the customer's `NUMBER`: digits with the country code")
	flags.StringArrayVar(&opt.sets, "set", nil, "what a placeholder stands for in this call, as `NAME=VALUE`; may be repeated")
	flags.StringVar(&opt.order.DID, "did", "", "the `NUMBER` that a call to a phone number comes from")
	flags.BoolVar(&opt.wait, "wait", false, "wait for the transcript and print it")
	formatFlag(cmd, &opt.format, callFormats)
	return cmd
}

// check reads the flags into the order. No message repeats a number.
func (opt *callOptions) check() (err error) {
	if opt.to == "" {
		return console.Usagef("--to: say whom to call: digits with the country code, such as --to 919999999999")
	}
	if opt.order.Customer, err = diff.ParsePhone(opt.to); err != nil {
		return console.Usagef("--to: %w", err)
	}
	if opt.order.DID != "" {
		did, err := diff.ParsePhone(opt.order.DID)
		if err != nil {
			return console.Usagef("--did: %w", err)
		}
		opt.order.DID = did.Reveal()
	}
	isNumber := strings.HasPrefix(opt.name, "+")
	_, noPlus := diff.ParsePhone(opt.name)
	switch {
	case !isNumber && noPlus == nil:
		return console.Usagef("a phone number in the place of an agent's name begins with a plus")
	case isNumber && opt.order.DID == "":
		return console.Usagef("--did: a call to a phone number comes from a number: say which")
	case isNumber:
		number, err := diff.ParsePhone(opt.name)
		if err != nil {
			return console.Usagef("the agent's number: %w", err)
		}
		opt.order.Agent, opt.name = number.Reveal(), ""
	case opt.order.DID != "":
		return console.Usagef("--did: a call with a voice agent comes from the agent's own number: leave --did away")
	}
	values, err := readSets(opt.sets)
	if err != nil {
		return err
	}
	opt.order.Config = map[string]any{}
	for name, value := range values {
		opt.order.Config[name] = value
	}
	opt.order.Transcript = true
	return checkFormat(opt.format, callFormats)
}

func (a *app) runCall(ctx context.Context, opt callOptions) error {
	if err := opt.check(); err != nil {
		return err
	}
	return a.withCaller(ctx, func(caller *engine.Caller) error {
		call, err := caller.Call(ctx, opt.name, opt.order)
		if err != nil {
			return err
		}
		if call.Warning != "" {
			a.out.Message("warning: the platform remarks: %s", render.Escape(call.Warning))
		}
		answered, known := call.Answered()
		taken := answered || !known
		if opt.wait && taken {
			a.out.Message("%s was placed: waiting for its transcript, which may take half an hour after hang-up", call.ID)
			if call, err = caller.Transcript(ctx, call, true); err != nil {
				return err
			}
		}
		if err := a.showCall(&call, opt.format); err != nil {
			return err
		}
		switch {
		case !taken:
			return engine.Errorf(engine.Failed, "", "nobody took the call")
		case opt.wait:
			return noTranscript(&call)
		}
		a.out.Message("agentsync transcript %s --wait shows what is said", call.ID)
		return nil
	})
}

// noTranscript is the error of a transcript that will not come.
func noTranscript(call *diff.Call) error {
	switch call.TranscriptStatus {
	case "failed":
		return engine.Errorf(engine.Failed, "", "the transcript of %s has failed", call.ID)
	case "disabled":
		return engine.Errorf(engine.Failed, "", "transcripts are switched off for %s", call.ID)
	}
	return nil
}

func (a *app) transcriptCmd() *cobra.Command {
	var wait bool
	var format string
	cmd := &cobra.Command{
		Use:   "transcript CALL_ID",
		Short: "Show what was said in a call",
		Long: `transcript shows the outcome, the summary and the words of a call, as far as the
platform has them. It may take half an hour after hang-up until they are there:
--wait waits for that. Phone numbers in the text are masked.`,
		Example: `  agentsync transcript call_ab12cd34ef56gh78
  agentsync transcript call_ab12cd34ef56gh78 --wait --format json`,
		Args:              exactArgs(1, "the id of a call"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if shown := diff.MaskPhones(args[0]); shown != args[0] {
				return console.Usagef("%s: want the id of a call, not a phone number", shown)
			}
			return a.runTranscript(cmd.Context(), args[0], wait, format)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the transcript is there, or will not come")
	formatFlag(cmd, &format, callFormats)
	return cmd
}

func (a *app) runTranscript(ctx context.Context, id string, wait bool, format string) error {
	if err := checkFormat(format, callFormats); err != nil {
		return err
	}
	return a.withCaller(ctx, func(caller *engine.Caller) error {
		call, err := caller.Transcript(ctx, diff.Call{ID: id}, wait)
		if err != nil {
			return err
		}
		if err := a.showCall(&call, format); err != nil {
			return err
		}
		if !call.TranscriptEnded() {
			a.out.Message("agentsync transcript %s --wait waits for it", id)
		}
		return noTranscript(&call)
	})
}

type callsOptions struct {
	since  string
	format string
}

func (a *app) callsCmd() *cobra.Command {
	var opt callsOptions
	cmd := &cobra.Command{
		Use:   "calls NAME",
		Short: "List an agent's recent calls",
		Long: `calls lists the calls of an agent, the newest first: when, whether somebody took
it, how long it was, and its outcome where there is a transcript.`,
		Example: `  agentsync calls outbound-sales
  agentsync calls outbound-sales --since 24h --format json`,
		Args:              a.oneAgent("the name of an agent"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runCalls(cmd.Context(), args[0], opt) },
	}
	cmd.Flags().StringVar(&opt.since, "since", "7d", "go back so `FAR`, such as 90m, 24h, 7d or 2w")
	formatFlag(cmd, &opt.format, callFormats)
	return cmd
}

func (a *app) runCalls(ctx context.Context, name string, opt callsOptions) error {
	if err := checkFormat(opt.format, callFormats); err != nil {
		return err
	}
	back, err := parseBack(opt.since)
	if err != nil {
		return err
	}
	return a.withCaller(ctx, func(caller *engine.Caller) error {
		calls, since, err := caller.Recent(ctx, name, back)
		if err != nil {
			return err
		}
		a.out.ClearProgress()
		if opt.format == "json" {
			return writeJSON(a.env.Stdout, map[string]any{"agent": name, "since": since, "calls": calls})
		}
		return render.Calls(a.env.Stdout, name, calls, since, a.out.RenderOptions())
	})
}

var backForm = regexp.MustCompile(`^([1-9][0-9]{0,4})([mhdw])$`)

// parseBack reads how far to go back.
func parseBack(text string) (time.Duration, error) {
	m := backForm.FindStringSubmatch(text)
	if m == nil {
		return 0, console.Usagef("--since %q: want such as 90m, 24h, 7d or 2w", text)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
	if n > math.MaxInt64/int64(unit) {
		return 0, console.Usagef("--since %q: no call is that old", text)
	}
	return time.Duration(n) * unit, nil
}

func (a *app) withCaller(ctx context.Context, do func(*engine.Caller) error) error {
	project, _, err := a.loadQuietly(ctx, engine.Source{})
	if err != nil {
		return err
	}
	caller, err := project.Caller(ctx)
	if err != nil {
		return err
	}
	defer caller.Close()
	return do(caller)
}

func (a *app) showCall(call *diff.Call, format string) error {
	a.out.ClearProgress()
	if format == "json" {
		return writeJSON(a.env.Stdout, call)
	}
	return render.Call(a.env.Stdout, call, a.out.RenderOptions())
}
