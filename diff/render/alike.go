package render

import (
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff/words"
)

const (
	alikePairs  = 4 // pairs of characters that one note has
	alikePoints = 6 // code points of one character in it
)

// alikeNote says of two values what differs between them and can't be seen:
// "é is U+0065 U+0301 before, U+00E9 after"; "" where there is nothing. What it
// returns is escaped.
func alikeNote(before, after string) string {
	pairs := words.Alike(before, after)
	var parts []string
	for _, pair := range pairs[:min(alikePairs, len(pairs))] {
		parts = append(parts, fmt.Sprintf("%s is %s before, %s after", escapeHidden(pair.New), points(pair.Old), points(pair.New)))
	}
	if left := len(pairs) - len(parts); left > 0 {
		parts = append(parts, Count(left, "more character"))
	}
	return strings.Join(parts, "; ")
}

// points are the code points of a character with its marks.
func points(s string) string {
	runes := []rune(s)
	var out []string
	for _, r := range runes[:min(alikePoints, len(runes))] {
		out = append(out, fmt.Sprintf("U+%04X", r))
	}
	if len(out) < len(runes) {
		out = append(out, ellipsis)
	}
	return strings.Join(out, " ")
}

// besides is " (looks alike: …)" for a line that has both values, or "".
func besides(before, after string) string {
	if note := alikeNote(before, after); note != "" {
		return " (looks alike: " + note + ")"
	}
	return ""
}

// alike says below an old and a new line what differs and can't be seen.
func (p *printer) alike(before, after string) {
	note := alikeNote(before, after)
	if note == "" {
		return
	}
	prefix := "  "
	for _, shown := range wrapSpans([]span{{alert, "looks alike: " + note}}, p.wrap) {
		p.line(append([]span{{plain, p.indent + prefix}}, shown...)...)
		prefix = "    "
	}
}
