package github

import (
	"strings"
	"unicode/utf8"

	"github.com/agentsync/agentsync/diff/render"
)

// code is s as inline code in Markdown, one line: nothing in it is read as
// Markdown, HTML or a mention.
func code(s string) string {
	s = cut(render.Escape(s), 300)
	if strings.Trim(s, " ") == "" {
		return "` `"
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenced puts text in a fence that nothing in it can close. Lines are escaped
// one by one, and those over the limit of bytes are left out, whole, and counted.
func fenced(kind, text string, limit int) string {
	var b strings.Builder
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		line = cut(render.Escape(line), 2000)
		if b.Len()+len(line) > limit {
			b.WriteString("… " + count(len(lines)-i, "more line") + "\n")
			break
		}
		b.WriteString(line + "\n")
	}
	fence := strings.Repeat("`", max(3, longestRun(b.String())+1))
	return fence + kind + "\n" + b.String() + fence + "\n"
}

// folded is a block that a click unfolds; the title is HTML.
func folded(title, body string) string {
	return "<details>\n<summary>" + title + "</summary>\n\n" + strings.TrimRight(body, "\n") + "\n\n</details>\n"
}

func longestRun(s string) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// cut shortens s to at most n bytes, on a rune's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
