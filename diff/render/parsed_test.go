package render

import (
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	source "github.com/yuin/goldmark/text"
)

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM))

// document is what a Markdown parser finds in what we wrote.
type document struct {
	details int      // folded blocks
	fences  []string // the text of each fence
	items   int
	visible string // text outside of code
}

var (
	hiddenLine  = regexp.MustCompile(`^<!-- agentsync:(plan|reviewed) [^<>]* -->\n?$`)
	summaryLine = regexp.MustCompile(`^<details>\n<summary><code>[^<>]*</code>( <code>[^<>]*</code>)?: ([a-z0-9_,; ]|<code>[^<>]*</code>)*</summary>\n$`)
	alive       = regexp.MustCompile(`[@<>]|#\w|://|www\.|&#?\w+;`)
)

// parsed reads a document as GitHub does, and holds that it has no mark-up but
// ours, that what is opened is closed, and that outside of code nothing is
// alive: no link, image, mention or reference.
func parsed(t testing.TB, md string) document {
	t.Helper()
	raw := []byte(md)
	var doc document
	var outside strings.Builder
	open, failed := 0, false
	errorf := func(format string, args ...any) {
		t.Helper()
		t.Errorf(format, args...)
		failed = true
	}
	err := ast.Walk(gfm.Parser().Parse(source.NewReader(raw)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if n.Type() == ast.TypeBlock && !entering {
			outside.WriteByte('\n')
		}
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Paragraph, *ast.List, *ast.TextBlock, *ast.Heading:
		case *east.Table, *east.TableHeader, *east.TableRow, *east.TableCell: // only a history is one
			if !strings.HasPrefix(md, "### History of ") {
				errorf("a %s that is not ours", n.Kind())
			}
		case *ast.Emphasis:
			if n.Level != 2 {
				errorf("an emphasis that is not ours")
			}
		case *ast.ListItem:
			doc.items++
		case *ast.CodeSpan:
			outside.WriteString("…")
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			outside.Write(n.Segment.Value(raw))
		case *ast.FencedCodeBlock:
			if info := string(n.Info.Segment.Value(raw)); info != "diff" {
				errorf("a fence with the info %q", info)
			}
			doc.fences = append(doc.fences, string(n.Lines().Value(raw)))
		case *ast.HTMLBlock:
			html := string(n.Lines().Value(raw))
			if n.HasClosure() {
				html += string(n.ClosureLine.Value(raw))
			}
			switch {
			case hiddenLine.MatchString(html):
			case summaryLine.MatchString(html):
				open++
				doc.details++
			case html == "</details>\n":
				open--
			default:
				errorf("mark-up that is not ours: %q", html)
			}
			if open < 0 || open > 1 {
				errorf("%d blocks are open", open)
			}
		case *ast.RawHTML, *ast.Link, *ast.AutoLink, *ast.Image, *ast.CodeBlock, *ast.Blockquote, *ast.ThematicBreak, *east.Strikethrough, *east.TaskCheckBox:
			errorf("a %s that is not ours", n.Kind())
		default:
			errorf("a %s was not expected", n.Kind())
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	doc.visible = outside.String()
	if open != 0 {
		errorf("a folded block stays open")
	}
	if found := alive.FindString(doc.visible); found != "" {
		errorf("%q outside of code: %q", found, doc.visible)
	}
	if failed {
		t.Logf("%s", md)
	}
	return doc
}
