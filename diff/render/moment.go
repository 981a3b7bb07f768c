package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/history"
	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// At writes what was live at a moment: which version and from when to when, who
// made it, and its prompt and settings in full. The error is w's.
func At(w io.Writer, m *history.Moment, opt Options) error {
	p := newPrinter(opt)
	p.agentTitle(m.Name, m.AgentName, m.AgentID)
	at := m.At.In(zone(opt)).Format("2006-01-02 15:04:05 -07:00")
	if m.Assumed != "" {
		at += " (" + m.Assumed + ")"
	}
	p.line(span{plain, "at " + at + "  "}, span{live, fmt.Sprintf("v%d", m.Version.Number)}, span{plain, " was live"})
	until := "is live still"
	if !m.Span.To.IsZero() {
		until = "until " + p.time(m.Span.To)
	}
	p.say("  from " + p.time(m.Span.From) + ", " + until + "; known by " + knownText(m.Span))
	if !m.Sure {
		doubt := "another version may have been live then: agentsync history " + Escape(m.Name) + " says what is known"
		p.line(span{plain, "  "}, span{alert, doubt})
	}
	if m.Unread && m.Sure {
		p.line(span{faint, "  older versions were not read: one that was brought back for that time shows with agentsync history " + Escape(m.Name) + " --limit 0"})
	}
	if by := m.Version.Author(); by != "" {
		p.say("  by " + Escape(by))
	}
	if c := m.Version.CopyOf; c > 0 {
		p.say(fmt.Sprintf("  as v%d, by a rollback", c))
	}
	if c := commitText(m.Version.Commit); c != "" {
		p.say("  from commit " + Escape(c))
	}
	if m.Version.Notes != "" {
		p.wholeText("notes", m.Version.Notes)
	}
	p.config(m.Config)
	p.items(diff.OutcomeItems, m.Outcomes)
	p.items(diff.InfieldItems, m.Infields)
	_, err := p.WriteTo(w)
	return err
}

// config writes every field that has a value: texts as they are, settings in a
// line each.
func (p *printer) config(config value.Value) {
	fields := spec.FieldNames(spec.SectionConfig)
	for _, field := range config.Keys() {
		if spec.FieldOf(spec.SectionConfig, field) == nil {
			fields = append(fields, field)
		}
	}
	for _, field := range fields {
		v := config.Get(field)
		switch {
		case v.IsEmpty():
		case v.IsText() && (IsLong(v.Any()) || field == "system_prompt"):
			p.wholeText(field, v.Text())
		case v.IsObject():
			for _, key := range v.Keys() {
				p.setting(field+"."+key, v.Get(key))
			}
		default:
			p.setting(field, v)
		}
	}
}

func (p *printer) setting(name string, v value.Value) {
	p.line(span{strong, Escape(name)}, span{plain, "  " + literal(name, v.Any())})
}

// wholeText writes a text under its name, line by line as it is.
func (p *printer) wholeText(name, text string) {
	p.gap()
	p.line(span{heading, Escape(name)})
	for _, line := range words.Split(text) {
		p.line(span{plain, "  " + escapeHidden(line)})
	}
	p.gap()
}

func (p *printer) items(kind diff.ItemKind, items []value.Value) {
	if len(items) == 0 {
		return
	}
	p.gap()
	p.line(span{heading, kind.Section})
	for _, item := range items {
		rest := strings.Trim(flow(item.With(kind.NameField, value.Value{}).Any()), "{}")
		p.line(span{plain, "  "}, span{strong, Escape(kind.NameOf(item))}, span{plain, "  " + rest})
	}
}
