package console

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/spec"
)

// Annotation is a remark that GitHub shows beside the checks, and at a line of
// a file where File is given.
type Annotation struct {
	Level        string // "error", "warning" or "notice"
	Title        string
	File         string // from the repository's root
	Line, Column int
	Message      string // may have several lines
}

// Write prints the annotation as the workflow command that makes it. Nothing
// in its values can make another one: line ends and the characters that part
// commands are escaped as the runner wants it, control characters are shown.
func (a Annotation) Write(w io.Writer) error {
	var properties []string
	if a.File != "" {
		properties = append(properties, "file="+commandProperty(a.File),
			fmt.Sprintf("line=%d,col=%d", max(1, a.Line), max(1, a.Column)))
	}
	if a.Title != "" {
		properties = append(properties, "title="+commandProperty(a.Title))
	}
	head := a.Level
	if len(properties) > 0 {
		head += " " + strings.Join(properties, ",")
	}
	_, err := fmt.Fprintf(w, "::%s::%s\n", head, commandText(a.Message))
	return err
}

func commandText(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(render.Escape(line), "%", "%25")
	}
	return strings.Join(lines, "%0A")
}

func commandProperty(s string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(render.Escape(s))
}

// Annotate writes findings as annotations; dir is the project's folder from the
// repository's root.
func (c *Console) Annotate(w io.Writer, problems spec.Problems, dir string) error {
	for _, p := range c.Shown(problems) {
		a := Annotation{Level: "error", Title: p.Rule, Message: p.Message}
		if p.Warning {
			a.Level = "warning"
		}
		if p.Hint != "" {
			a.Message += "\nhint: " + p.Hint
		}
		if p.Pos.File != "" {
			a.File, a.Line, a.Column = path.Join(dir, p.Pos.File), p.Pos.Line, p.Pos.Column
		}
		if err := a.Write(w); err != nil {
			return err
		}
	}
	return nil
}
