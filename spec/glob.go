package spec

import (
	"errors"
	"path"
	"strings"
)

// pattern is a path pattern: path.Match's syntax in each part between slashes,
// and ** for any number of folders.
type pattern struct {
	text    string
	parts   []string
	pos     Pos
	matched bool // some file matched
}

// newPattern refuses patterns that cannot be inside a project.
func newPattern(text string) (*pattern, error) {
	switch {
	case strings.Contains(text, `\`):
		return nil, errors.New("write the pattern with forward slashes")
	case path.IsAbs(text):
		return nil, errors.New("the pattern must be relative to the project's root")
	}
	p := &pattern{text: text}
	for _, part := range strings.Split(text, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			return nil, errors.New(`the pattern must not lead out of the project with ".."`)
		}
		if _, err := path.Match(part, ""); err != nil {
			return nil, errors.New("the pattern has an unclosed [")
		}
		p.parts = append(p.parts, part)
	}
	return p, nil
}

// match reports whether name, a clean path with forward slashes, matches. Its
// time is linear in the lengths of both, whatever the number of **.
func (p *pattern) match(name string) bool {
	found := p.matches(name)
	p.matched = p.matched || found
	return found
}

// matches is match without remembering it.
func (p *pattern) matches(name string) bool {
	// reach[i] says that the parts seen so far match the first i names.
	names := strings.Split(name, "/")
	reach := make([]bool, len(names)+1)
	reach[0] = true
	for _, part := range p.parts {
		if part == "**" {
			for i := range names {
				reach[i+1] = reach[i+1] || reach[i]
			}
			continue
		}
		for i := len(names) - 1; i >= 0; i-- {
			matches, _ := path.Match(part, names[i])
			reach[i+1] = reach[i] && matches
		}
		reach[0] = false
	}
	return reach[len(names)]
}

// reachesBelow reports whether a name below folder may match.
func (p *pattern) reachesBelow(folder string) bool {
	for i, part := range p.parts {
		begin := pattern{parts: p.parts[:i+1]}
		if begin.matches(folder) && (part == "**" || i+1 < len(p.parts)) {
			return true
		}
	}
	return false
}
