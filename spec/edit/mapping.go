package edit

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/schema"
)

// mapping makes a map say want, which has some key.
func (e *editor) mapping(p entry, row *schema.Field, want map[string]any, depth int) error {
	n := p.value
	entries, err := e.parts(n)
	if err != nil {
		return err
	}
	flow := n.Style&yaml.FlowStyle != 0
	merged := brought(n)
	var keep []entry // own entries that stay
	var gone []int
	own := map[string]bool{}
	for i, entry := range entries {
		key := keyOf(entry.key)
		v, wants := want[key]
		switch {
		case isMerge(entry.key):
			keep = append(keep, entry)
			continue
		case !wants:
			gone = append(gone, i)
			continue
		}
		own[key] = true
		keep = append(keep, entry)
		if err := e.value(entry, row.Below(key), v, e.column(entry.start), depth+1, flow); err != nil {
			return err
		}
	}
	for _, key := range inOrder(row, want) {
		v, fromMerge := merged[key]
		switch {
		case own[key] || fromMerge && same(v, want[key]) || fromMerge && e.reach == inPlace:
		case len(keep) == 0:
			return errOddForm // all keys change places: nobody asks for that
		default:
			e.insertKey(keep, row, key, want[key], flow)
		}
	}
	for key := range merged {
		if _, wants := want[key]; !wants && e.reach > inPlace {
			e.splices = nil
			e.replace(p, row, want, e.column(p.start), flow)
			return nil
		}
	}
	e.remove(entries, gone, flow)
	return nil
}

// insertKey adds an entry where the registry has its place among those that stay.
func (e *editor) insertKey(entries []entry, row *schema.Field, key string, v any, flow bool) {
	before := -1 // the entry that it comes after
	for i, entry := range entries {
		if isMerge(entry.key) || rank(row, keyOf(entry.key)) <= rank(row, key) {
			before = i
		}
	}
	below := row.Below(key)
	if flow {
		text := scalarText(key, 0, true) + ": " + inline(below, v)
		if before < 0 {
			e.splice(entries[0].start, entries[0].start, text+", ")
		} else {
			e.splice(entries[before].end, entries[before].end, ", "+text)
		}
		return
	}
	e.insertLines(entries, before, field(key, below, v))
}

// insertLines adds lines after an entry or item of a block, -1 for before the
// first.
func (e *editor) insertLines(parts []entry, before int, lines []string) {
	pad := strings.Repeat(" ", e.column(parts[0].start))
	if before < 0 {
		first := parts[0].start
		if !e.blankBefore(first) { // it stands behind a dash
			e.splice(first, first, strings.Join(padded(lines, pad), e.eol)[len(pad):]+e.eol+pad)
			return
		}
		at := e.commentAbove(e.lineStart(first))
		e.splice(at, at, strings.Join(padded(lines, pad), e.eol)+e.eol)
		return
	}
	at := e.lineEnd(parts[before].end)
	e.splice(at, at, e.eol+strings.Join(padded(lines, pad), e.eol))
}

func padded(lines []string, pad string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if out[i] = line; line != "" {
			out[i] = pad + line
		}
	}
	return out
}

// commentAbove returns where the comment begins that stands right above a line, as
// deep as that; the line itself where there is none.
func (e *source) commentAbove(line int) int {
	depth := len(e.data[line:e.lineEnd(line)]) - len(strings.TrimLeft(string(e.data[line:e.lineEnd(line)]), " "))
	for line > 0 {
		above := e.lineStart(line - 1)
		text := string(e.data[above:e.lineEnd(above)])
		body := strings.TrimLeft(text, " ")
		if !strings.HasPrefix(body, "#") || len(text)-len(body) != depth {
			break
		}
		line = above
	}
	return line
}

// remove takes entries or items out, given by their sorted numbers: each with the
// comment right above it. Some stay.
func (e *editor) remove(parts []entry, gone []int, flow bool) {
	for len(gone) > 0 {
		n := 1
		for n < len(gone) && gone[n] == gone[0]+n {
			n++
		}
		first, last := gone[0], gone[n-1]
		gone = gone[n:]
		switch from := parts[first].start; {
		case last+1 < len(parts) && flow:
			e.splice(from, parts[last+1].start, "")
		case last+1 < len(parts) && !e.blankBefore(from): // behind a dash, the next one takes the place, comment first
			to := e.nextLine(parts[last].end)
			for strings.IndexByte(" \r\n", e.at(to)) >= 0 {
				to++
			}
			e.splice(from, to, "")
		case flow:
			e.splice(parts[first-1].end, parts[last].end, "")
		default:
			for _, p := range parts[first : last+1] {
				e.removeLines(p)
			}
		}
	}
}

func (e *editor) removeLines(p entry) {
	from, to := e.commentAbove(e.lineStart(p.start)), e.nextLine(p.end)
	if to == e.lineEnd(p.end) && from > 0 { // the file does not end its last line
		from = e.lineEnd(e.lineStart(from - 1))
	}
	e.splice(from, to, "")
}
