package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/spf13/cobra"
)

type enhanceOptions struct {
	name         string
	write, force bool
	format       string
}

var enhanceFormats = []string{"text", "json"}

func (a *app) enhanceCmd() *cobra.Command {
	var opt enhanceOptions
	cmd := &cobra.Command{
		Use:   "enhance NAME",
		Short: "Show what the platform would make of an agent's prompts",
		Long: `enhance sends the prompts that an agent's manifest wants to the platform, and
shows the better ones that it answers as changes of the prompt files, and its
suggestions below them. It changes nothing on the platform.

With --write the better prompts go into the files, as pull writes them: every
other byte stays. They go live as every change does, reviewed and applied.`,
		Example: `  agentsync enhance outbound-sales
  agentsync enhance outbound-sales --write
  agentsync enhance outbound-sales --format json`,
		Args:              a.oneAgent("one agent's name"),
		ValidArgsFunction: console.CompleteAgents(&a.opt),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.name = args[0]
			return a.runEnhance(cmd.Context(), opt)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opt.write, "write", false, "write the better prompts into the files")
	flags.BoolVar(&opt.force, "force", false, "write into files with uncommitted changes")
	formatFlag(cmd, &opt.format, enhanceFormats)
	return cmd
}

func (a *app) runEnhance(ctx context.Context, opt enhanceOptions) error {
	if opt.force && !opt.write {
		return console.Usagef("--force goes with --write")
	}
	if err := checkFormat(opt.format, enhanceFormats); err != nil {
		return err
	}
	project, _, err := a.loadQuietly(ctx, engine.Source{})
	if err != nil {
		return err
	}
	enhanced, failed := project.Enhance(ctx, opt.name)
	if enhanced == nil {
		return failed
	}
	if opt.write && failed == nil {
		failed = enhanced.Write(ctx, opt.force)
	}
	a.out.ClearProgress()
	a.out.Lines(enhanced.Notes)
	for _, lost := range enhanced.Lost {
		a.out.Message("warning: the better text has lost the placeholder %s", lost)
	}
	if opt.format == "json" {
		err = a.printEnhancedJSON(enhanced, opt.write && failed == nil)
	} else {
		err = a.printEnhanced(enhanced, opt.write, failed == nil)
	}
	if err != nil {
		return err
	}
	return failed
}

// printEnhanced prints what comes; fits says that files can take it, or have.
func (a *app) printEnhanced(e *engine.Enhancement, write, fits bool) error {
	shown := render.Taken{Name: e.Name, AgentName: e.AgentName, ID: e.ID, Files: shownFiles(e.Files)}
	if err := render.Files(a.env.Stdout, []render.Taken{shown}, a.out.RenderOptions()); err != nil {
		return err
	}
	if len(e.Files) == 0 { // no file can take them
		for _, field := range spec.SpokenFields() {
			if text, ok := e.Texts[field]; ok {
				fmt.Fprintf(a.env.Stdout, "@@ %s @@\n", field)
				a.out.Text(text)
			}
		}
	}
	if len(e.Suggestions) > 0 {
		fmt.Fprintln(a.env.Stdout, "\nSuggestions:")
		for _, s := range e.Suggestions {
			fmt.Fprintf(a.env.Stdout, "- %s\n", render.Escape(s))
		}
	}
	if len(e.Other) > 0 {
		data, err := json.MarshalIndent(e.Other, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(a.env.Stdout, "\nThe platform answers as well:")
		a.out.Text(string(data))
	}
	fmt.Fprintln(a.env.Stdout)
	switch files := render.Count(len(e.Files), "file"); {
	case len(e.Texts) == 0:
		fmt.Fprintln(a.env.Stdout, "Enhance: no better prompt came.")
	case write && fits:
		fmt.Fprintf(a.env.Stdout, "Enhance: %s written, nothing on the platform changed.\n", files)
	case fits:
		fmt.Fprintf(a.env.Stdout, "Enhance: %s, nothing is written; --write does it.\n", files)
	default:
		fmt.Fprintln(a.env.Stdout, "Enhance: nothing is written.")
	}
	return nil
}

func (a *app) printEnhancedJSON(e *engine.Enhancement, written bool) error {
	type prompt struct {
		Field  string `json:"field"`
		Before string `json:"before"`
		After  string `json:"after"`
	}
	prompts, files := []prompt{}, []string{}
	for _, field := range spec.SpokenFields() {
		if text, ok := e.Texts[field]; ok {
			prompts = append(prompts, prompt{field, e.Before[field], text})
		}
	}
	for _, f := range e.Files {
		files = append(files, f.Path)
	}
	return writeJSON(a.env.Stdout, map[string]any{"agent": e.Name, "agent_id": e.ID, "prompts": prompts, "files": files, "written": written,
		"suggestions": append([]string{}, e.Suggestions...), "placeholders_lost": append([]string{}, e.Lost...), "other": e.Other})
}
