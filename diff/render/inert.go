package render

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/words"
)

// Code is s as inline code in Markdown, escaped and in at most max columns:
// nothing in it is read as Markdown, HTML or a mention.
func Code(s string, max int) string {
	s = clip(s, max)
	fence := strings.Repeat("`", longestTicks(s)+1)
	if strings.Trim(s, " ") == "" {
		return "` `"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// codeHTML is s as a <code> element inside an HTML block: one line, and no
// mark-up.
func codeHTML(s string, max int) string {
	return "<code>" + html.EscapeString(clip(s, max)) + "</code>"
}

// fenceColumns is how much of one line a fence shows.
const fenceColumns = 1000

// Fenced is text in a fence that nothing in it can close, in at most limit
// bytes. Its lines are escaped. Those that have no room are counted below the
// fence, where elsewhere says in Markdown where they are; it may be "".
func Fenced(info, text string, limit int, elsewhere string) string {
	if elsewhere != "" {
		elsewhere = ", see " + elsewhere
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	note := func(left int) string { return "\n… " + Count(left, "more line") + elsewhere + ".\n" }
	limit -= len(info) + len("\n") + len(note(len(lines)))
	var kept strings.Builder
	ticks := 3
	for i, line := range lines {
		line = clip(line, fenceColumns)
		ticks = max(ticks, longestTicks(line)+1)
		if kept.Len()+len(line)+2*(ticks+len("\n")) > limit {
			return fence(info, kept.String()) + note(len(lines)-i)
		}
		kept.WriteString(line + "\n")
	}
	return fence(info, kept.String())
}

// fence puts a fence around text that ends with a newline.
func fence(info, text string) string {
	ticks := strings.Repeat("`", max(3, longestTicks(text)+1))
	return ticks + info + "\n" + text + ticks + "\n"
}

// longestTicks is the length of the longest run of backticks in s.
func longestTicks(s string) int {
	longest := 0
	for strings.Contains(s, strings.Repeat("`", longest+1)) {
		longest++
	}
	return longest
}

// clip is s escaped, in at most max columns and four bytes a column: marks that
// take no column must not fill a comment.
func clip(s string, max int) string {
	s = shorten(Escape(s), max)
	if len(s) <= 4*max {
		return s
	}
	return FirstBytes(s, 4*max-len(ellipsis)) + ellipsis
}

// FirstBytes is the start of s, in at most max bytes and no half character.
func FirstBytes(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}

// Count is a number with its noun: "1 step", "2 steps".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Size is a text's size for a reader: "38 lines, 4.1 KB".
func Size(s string) string {
	lines := Count(len(words.Split(s)), "line")
	switch n := len(s); {
	case n < 1000:
		return lines + ", " + Count(n, "byte")
	case n < 1000*1000:
		return fmt.Sprintf("%s, %.1f KB", lines, float64(n)/1000)
	default:
		return fmt.Sprintf("%s, %.1f MB", lines, float64(n)/1e6)
	}
}
