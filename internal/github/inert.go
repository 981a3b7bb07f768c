package github

import (
	"strings"

	"github.com/agentsync/agentsync/diff/render"
)

// code is s as inline code in Markdown, one line.
func code(s string) string { return render.Code(s, 300) }

// fenced puts text in a fence that nothing in it can close, in at most limit
// bytes.
func fenced(kind, text string, limit int) string { return render.Fenced(kind, text, limit, "") }

// folded is a block that a click unfolds; the title is HTML.
func folded(title, body string) string {
	return "<details>\n<summary>" + title + "</summary>\n\n" + strings.TrimRight(body, "\n") + "\n\n</details>\n"
}

// cut shortens s to at most n bytes, on a rune's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return render.FirstBytes(s, n) + "…"
}
