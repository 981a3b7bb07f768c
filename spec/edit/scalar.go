package edit

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/diff/words"
)

// blockScalar returns a new text for a "|" or ">" block in the form that it has:
// the same header, the same indentation, and the source's own lines for those
// that stay. ok is false where the form cannot hold the text. i is where the
// header begins, end where the last line ends.
func (s *source) blockScalar(n *yaml.Node, text string, i, indent int, eol string) (out string, ok bool) {
	column, end := s.blockText(i, indent)
	if _, fits := literal(text); !fits || column < 0 || text == "" || strings.HasPrefix(text, " ") && !s.hasDigit(i) {
		return "", false
	}
	var raw []string // lines of the source
	for at := s.nextLine(i); at < end; at = s.nextLine(at) {
		raw = append(raw, string(s.data[at:s.lineEnd(at)]))
	}
	pad := strings.Repeat(" ", column)
	var lines []string
	if n.Style&yaml.LiteralStyle != 0 {
		lines = renewed(raw, text, pad)
	} else if lines, ok = refolded(raw, text, pad); !ok {
		return "", false
	}
	return string(s.data[i:s.lineEnd(i)]) + eol + strings.Join(lines, eol), true
}

// hasDigit reports whether the header at i says how far the text is indented.
func (s *source) hasDigit(i int) bool {
	header, _, _ := strings.Cut(string(s.data[i:s.lineEnd(i)]), " ")
	return strings.ContainsAny(header, "123456789")
}

// renewed returns the lines of a "|" block: those of raw that stay, and new ones.
func renewed(raw []string, text, pad string) []string {
	old := make([]string, len(raw))
	for i, line := range raw {
		if old[i] = strings.TrimPrefix(line, pad); strings.Trim(line, " ") == "" && len(line) <= len(pad) {
			old[i] = ""
		}
	}
	return mixed(words.Split(text), old, func(from, to int) []string { return raw[from:to] }, func(line string) []string {
		if line == "" {
			return []string{""}
		}
		return []string{pad + line}
	})
}

// mixed builds lines for the units of a text: kept gives those of units that were
// there before, fresh those of a new one.
func mixed(now, old []string, kept func(from, to int) []string, fresh func(string) []string) []string {
	var out []string
	at := 0
	for _, h := range ended(words.Lines(old, now), old, now) {
		out = append(out, kept(at, h.Old.From)...)
		for _, unit := range now[h.New.From:h.New.To] {
			out = append(out, fresh(unit)...)
		}
		at = h.Old.To
	}
	return out
}

// ended adds an empty hunk at the end, so that what stays after the last one is
// seen.
func ended(hunks []words.Hunk, old, now []string) []words.Hunk {
	end := words.Hunk{Old: words.Span{From: len(old), To: len(old)}, New: words.Span{From: len(now), To: len(now)}}
	return append(hunks, end)
}

// refolded returns the lines of a ">" block, where a paragraph is broken into
// lines at spaces. Paragraphs that stay keep their lines, and of one that changes
// those at its beginning and end that stay. ok is false for a block, or a text,
// with lines that begin with a space: those are not folded.
func refolded(raw []string, text, pad string) (lines []string, ok bool) {
	var old []string    // paragraphs
	var from [][]string // the lines of each, with the blank lines before it
	var blank []string
	for i, line := range raw {
		body := strings.TrimPrefix(line, pad)
		switch {
		case strings.Trim(line, " ") == "":
			blank = append(blank, line)
			continue
		case strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\t"):
			return nil, false
		case i == 0 || len(blank) > 0:
			for range max(len(blank)-1, 0) {
				old = append(old, "")
				from = append(from, nil)
			}
			old, from = append(old, body), append(from, append(slices.Clone(blank), line))
		default:
			last := len(old) - 1
			old[last] += " " + body
			from[last] = append(from[last], line)
		}
		blank = nil
	}
	now := words.Split(text)
	for _, p := range now {
		if p != strings.TrimLeft(p, " \t") || p != strings.TrimRight(p, " \t") {
			return nil, false
		}
	}
	return foldedLines(now, old, from, pad), true
}

// foldedLines lays paragraphs out, each after a blank line; one that is empty is
// one more blank line.
func foldedLines(now, old []string, from [][]string, pad string) []string {
	var out []string
	paragraph := func(lines []string) {
		if len(out) > 0 {
			out = append(out, "")
		}
		out = append(out, lines...)
	}
	content := func(lines []string) []string {
		return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.Trim(l, " ") == "" })
	}
	at := 0
	for _, h := range ended(words.Lines(old, now), old, now) {
		for _, lines := range from[at:h.Old.From] {
			paragraph(content(lines))
		}
		for i, p := range now[h.New.From:h.New.To] {
			var was []string
			if i < h.Old.Len() {
				was = content(from[h.Old.From+i])
			}
			paragraph(rewrapped(was, p, pad))
		}
		at = h.Old.To
	}
	return out
}

// rewrapped breaks a paragraph into lines, and keeps the old lines with which it
// begins and ends.
func rewrapped(was []string, text, pad string) []string {
	width := 80
	for _, line := range was {
		width = max(width, len([]rune(line)))
	}
	var before, after []string
	for _, line := range was {
		rest, found := strings.CutPrefix(text, strings.TrimPrefix(line, pad)+" ")
		if !found {
			break
		}
		before, text = append(before, line), rest
	}
	for _, line := range slices.Backward(was[len(before):]) {
		rest, found := strings.CutSuffix(text, " "+strings.TrimPrefix(line, pad))
		if !found {
			break
		}
		after, text = append([]string{line}, after...), rest
	}
	return slices.Concat(before, wrapped(text, pad, width), after)
}

// wrapped breaks a text at single spaces. Where none is near enough, a line is
// longer.
func wrapped(text, pad string, width int) []string {
	var out []string
	line := ""
	tokens := strings.Split(text, " ")
	for i, word := range tokens {
		joined := line + " " + word
		if i == 0 {
			joined = word
		}
		whole := word != "" && (i == 0 || tokens[i-1] != "")
		if i > 0 && whole && len([]rune(pad+joined)) > width {
			out = append(out, pad+line)
			joined = word
		}
		line = joined
	}
	if line != "" {
		out = append(out, pad+line)
	}
	return out
}
