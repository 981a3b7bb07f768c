package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/words"
	"github.com/agentsync/agentsync/spec"
)

// detail is what a step says about its changes: items for its own line, and
// blocks of lines below it.
type detail struct {
	inline []string
	full   []string // inline with no value shortened
	blocks []block
}

// items are those for the step's own line under these limits. cut says that a
// value is shortened in them.
func (d *detail) items(l limits) (items []string, cut bool) {
	if l == noLimits {
		return d.full, false
	}
	return d.inline, !slices.Equal(d.inline, d.full)
}

// describe says of each step what it changes.
func describe(steps []diff.Step) []detail {
	out := make([]detail, len(steps))
	for i := range steps {
		out[i].step(&steps[i])
		if !isRemoval(&steps[i]) {
			continue
		}
		for k := range steps { // an item under a name that looks like the one that goes
			if steps[i].Action.Facts().Noun != steps[k].Action.Facts().Noun {
				continue
			}
			if note := alikeNote(steps[i].Target, steps[k].Target); note != "" {
				out[i].say("looks like " + Escape(steps[k].Target) + ": " + note)
			}
		}
	}
	return out
}

func (d *detail) step(s *diff.Step) {
	changes := s.Changes
	switch s.Action {
	case diff.Adopt:
		d.say("found by its name, not made by agentsync")
	case diff.UpdateService:
		if s.From != nil {
			d.say("in place on " + version(s.From))
		}
	case diff.CreateOutcome, diff.CreateInfield:
		changes = d.itemType(s)
	case diff.SmokeCall:
		d.smokeCall(s)
		return
	case diff.DeleteDraft:
		d.say("left by an unfinished apply")
	case diff.DeleteOutcome, diff.DeleteInfield:
		return // its name says it; the JSON form has what it was
	}
	fresh := isFresh(s)
	if fresh {
		changes = gather(changes)
	}
	for _, c := range changes {
		d.change(c, fresh)
	}
}

// say adds an item for the step's own line.
func (d *detail) say(text string) { d.sayShort(text, text) }

// sayShort adds an item, and what it is where nothing is shortened.
func (d *detail) sayShort(short, full string) {
	d.inline, d.full = append(d.inline, short), append(d.full, full)
}

// gather shortens what a new thing is made of: fields of one section become one
// value, and config's prefix goes where no agent field has the same name.
func gather(changes []diff.Change) []diff.Change {
	var out []diff.Change
	for _, c := range changes {
		if name, ok := strings.CutPrefix(c.Path, "config."); ok && spec.FieldOf(spec.SectionAgent, name) == nil {
			c.Path = name
		}
		section, field, ok := strings.Cut(c.Path, ".")
		if !ok || !c.Before.IsEmpty() || IsLong(c.After.Any()) || section == "config" {
			out = append(out, c)
			continue
		}
		i := slices.IndexFunc(out, func(c diff.Change) bool { return c.Path == section })
		if i < 0 {
			i = len(out)
			out = append(out, diff.Change{Path: section})
		}
		out[i].After = out[i].After.With(field, c.After)
	}
	return out
}

// isFresh says whether a step makes something where nothing was: then no value
// before needs no mention.
func isFresh(s *diff.Step) bool {
	switch s.Action {
	case diff.CreateAgent, diff.CreateOutcome, diff.CreateInfield, diff.Validate, diff.Render:
		return true
	case diff.CreateDraft, diff.Publish: // offline, versions have no numbers
		return s.From == nil && !slices.ContainsFunc(s.Changes, func(c diff.Change) bool { return !c.Before.IsEmpty() })
	}
	return false
}

// itemType says an item's type and enum as "FIXED [a, b]", and returns the
// changes that this leaves to say. Its name is its target, and visible is what
// items are unless they say otherwise.
func (d *detail) itemType(s *diff.Step) []diff.Change {
	var kind, enum string
	var rest []diff.Change
	for _, c := range s.Changes {
		switch {
		case c.Path == "outcome_type" || c.Path == "field_type":
			kind = flow(c.After.Any())
		case (c.Path == "outcome_enum" || c.Path == "field_enum") && !c.After.IsEmpty():
			enum = " " + flow(c.After.Any())
		case (c.Path == "outcome_name" || c.Path == "field_name") && c.After.Text() == s.Target:
		case c.Path == "is_visible" && c.After.Any() == true:
		case !c.After.IsEmpty():
			rest = append(rest, c)
		}
	}
	if kind+enum != "" {
		d.sayShort(shorten(kind+enum, defaultWidth), kind+enum)
	}
	return rest
}

// smokeCall says what a call must be like, and what becomes of one that fails.
func (d *detail) smokeCall(s *diff.Step) {
	rollback := "rollback, with nothing to go back to"
	if s.From != nil {
		rollback = "rollback to " + version(s.From)
	}
	for _, c := range gather(s.Changes) {
		word := Escape(c.After.Text())
		switch c.Path {
		case "goes_on_with":
			d.say("goes on with " + word)
		case "timeout":
			d.say("timeout " + word)
		case "on_failure", "on_timeout":
			if word == "rollback" {
				word = rollback
			}
			d.say(c.Path + " " + word)
		default:
			d.change(c, true)
		}
	}
}

// change adds one field's change. fresh is as isFresh.
func (d *detail) change(c diff.Change, fresh bool) {
	path, before, after := Escape(c.Path), c.Before.Any(), c.After.Any()
	oldItems, oldList := before.([]any)
	newItems, newList := after.([]any)
	switch {
	case c.Before.IsObject() && c.After.IsObject():
		d.mapChange(c)
	case oldList && newList, oldList && after == nil, newList && before == nil:
		if text := flow(after); fresh && before == nil && columns(text) <= maxInline {
			d.say(path + " " + text)
			return
		}
		d.listChange(path, flows(oldItems), flows(newItems))
	case (IsLong(before) || IsLong(after)) && (before == nil || c.Before.IsText()) && (after == nil || c.After.IsText()):
		d.textChange(c)
	case before == nil && fresh:
		full := literal(c.Path, after)
		d.sayShort(path+" "+shorten(full, defaultWidth), path+" "+full)
	default:
		was, is := literal(c.Path, before), literal(c.Path, after)
		note := besides(was, is)
		d.sayShort(path+" "+shorten(was, maxInline)+" → "+shorten(is, maxInline)+note, path+" "+was+" → "+is+note)
	}
}

// mapChange says what changed inside a map, key by key.
func (d *detail) mapChange(c diff.Change) {
	for _, k := range slices.Compact(slices.Sorted(slices.Values(append(c.Before.Keys(), c.After.Keys()...)))) {
		if before, after := c.Before.Get(k), c.After.Get(k); !before.Equal(after) {
			d.change(diff.Change{Path: c.Path + "." + k, Before: before, After: after}, false)
		}
	}
}

// listChange says which items came and went: in the step's line when they are
// few and short, else below it.
func (d *detail) listChange(path string, before, after []string) {
	hunks := words.Lines(before, after)
	inline := ""
	for _, h := range hunks {
		for _, item := range after[h.New.From:h.New.To] {
			inline += " +" + item
		}
		for _, item := range before[h.Old.From:h.Old.To] {
			inline += " -" + item
		}
	}
	if columns(inline) <= maxInline {
		d.say(path + inline + besides(strings.Join(before, "\n"), strings.Join(after, "\n")))
		return
	}
	d.say(path + plusMinus(hunks))
	d.blocks = append(d.blocks, block{path: path, unit: "item", before: before, after: after, hunks: hunks})
}

// textChange says how much of a text changed, and shows the lines below.
func (d *detail) textChange(c diff.Change) {
	before, after, path := c.Before.Text(), c.After.Text(), Escape(c.Path)
	b := block{path: path, unit: "line", before: words.Split(before), after: words.Split(after), source: c.Source}
	switch {
	case before == "":
		d.say(path + " " + Size(after))
	case after == "":
		d.say(path + " removed (" + Size(before) + ")")
	default:
		b.hunks = words.Lines(b.before, b.after)
		d.say(path + plusMinus(b.hunks))
	}
	d.blocks = append(d.blocks, b)
}

// plusMinus is " +3 -1", without what is nought.
func plusMinus(hunks []words.Hunk) (s string) {
	added, removed := words.Count(hunks)
	if added > 0 {
		s = fmt.Sprintf(" +%d", added)
	}
	if removed > 0 {
		s += fmt.Sprintf(" -%d", removed)
	}
	return s
}
