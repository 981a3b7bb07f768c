package render

import (
	"html"
	"strings"
	"unicode/utf8"
)

// codeSpan is s as inline code: nothing in it is read as Markdown, HTML or a
// mention.
func codeSpan(s string) string {
	s = Escape(s)
	fence := strings.Repeat("`", longestRun(s, '`')+1)
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
func codeHTML(s string) string { return "<code>" + html.EscapeString(clip(s, 200)) + "</code>" }

// fenced is text in a fence that nothing in it can close. text ends with a
// newline.
func fenced(info, text string) string {
	fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	return fence + info + "\n" + text + fence + "\n"
}

// longestRun is the length of the longest run of c in s.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
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
	return firstBytes(s, 4*max-len(ellipsis)) + ellipsis
}

// firstBytes is the start of s, in at most max bytes and no half character.
func firstBytes(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}
