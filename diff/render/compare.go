package render

import (
	"fmt"
	"io"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
)

// Compare writes a comparison as a plan shows a change: prompts line by line with
// the words that changed, settings and items in a line each. The error is w's.
func Compare(w io.Writer, c *history.Comparison, opt Options) error {
	p := newPrinter(opt)
	p.agentTitle(c.Name, c.AgentName, c.AgentID, span{plain, "   "}, span{strong, Escape(c.Before) + " → " + Escape(c.After)})
	p.difference(c.Difference)
	_, err := p.WriteTo(w)
	return err
}

// CompareMarkdown writes a comparison for a comment, in at most Options.Budget
// bytes. The error is w's.
func CompareMarkdown(w io.Writer, c *history.Comparison, opt Options) error {
	title := fmt.Sprintf("### %s: %s → %s\n\n", Code(c.Name, 64), Code(c.Before, 64), Code(c.After, 64))
	p := newFencePrinter(opt.Verbose, textLimits)
	p.difference(c.Difference)
	_, err := io.WriteString(w, title+Fenced("diff", p.String(), budgetOf(opt)-len(title), opt.Elsewhere))
	return err
}

func (p *printer) difference(d diff.Difference) {
	if d.IsEmpty() {
		p.say("No differences.")
	}
	if len(d.Config) > 0 {
		p.change("config", diff.Step{Action: diff.UpdateDraft, Changes: d.Config})
	}
	p.itemDifferences(d.Outcomes, outcomeActions)
	p.itemDifferences(d.Infields, infieldActions)
	if d.Uncompared {
		p.line(span{faint, "Outcomes and infields are not compared: the platform does not say what they were."})
	}
}

// The steps that would make a difference.
var (
	outcomeActions = map[diff.Status]diff.Action{
		diff.Create: diff.CreateOutcome, diff.Update: diff.UpdateOutcome, diff.Delete: diff.DeleteOutcome,
	}
	infieldActions = map[diff.Status]diff.Action{
		diff.Create: diff.CreateInfield, diff.Update: diff.UpdateInfield, diff.Delete: diff.DeleteInfield,
	}
)

func (p *printer) itemDifferences(items []diff.ItemDifference, actions map[diff.Status]diff.Action) {
	for _, item := range items {
		step := diff.Step{Action: actions[item.Status], Target: item.Name, Changes: item.Changes}
		p.change(step.Action.Facts().Noun+" "+Escape(item.Name), step)
	}
}

// change writes what a step that would make the change says of it.
func (p *printer) change(title string, step diff.Step) {
	what, glyph := describe([]diff.Step{step})[0], factsOf(step.Action).Glyph
	lines := wrapItems(what.inline, p.limit-columns(title), p.limit)
	p.line(span{plain, "  "}, span{styles[glyph], glyph}, span{plain, " "}, span{strong, title}, span{plain, "   " + lines[0]})
	for _, text := range lines[1:] {
		p.say(blockIndent + text)
	}
	for _, b := range what.blocks {
		p.block(b)
	}
}
