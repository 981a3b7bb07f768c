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
	matched bool // some file matched
}

// newPattern refuses patterns that cannot be inside a project.
func newPattern(text string) (pattern, error) {
	switch {
	case strings.Contains(text, `\`):
		return pattern{}, errors.New("write the pattern with forward slashes")
	case path.IsAbs(text):
		return pattern{}, errors.New("the pattern must be relative to the project's root")
	}
	p := pattern{text: text}
	for _, part := range strings.Split(text, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			return pattern{}, errors.New(`the pattern must not lead out of the project with ".."`)
		}
		if _, err := path.Match(part, ""); err != nil {
			return pattern{}, errors.New("the pattern has an unclosed [")
		}
		p.parts = append(p.parts, part)
	}
	return p, nil
}

// match reports whether name, a clean path with forward slashes, matches. Its
// time is linear in the lengths of both, whatever the number of **.
func (p *pattern) match(name string) bool {
	// reach[i] says that the parts seen so far match the first i names.
	names := strings.Split(name, "/")
	reach := make([]bool, len(names)+1)
	reach[0] = true
	for _, part := range p.parts {
		next := make([]bool, len(names)+1)
		if part == "**" {
			open := false
			for i := range reach {
				open = open || reach[i]
				next[i] = open
			}
		} else {
			for i, n := range names {
				if reach[i] {
					next[i+1], _ = path.Match(part, n)
				}
			}
		}
		reach = next
	}
	if reach[len(names)] {
		p.matched = true
	}
	return reach[len(names)]
}
