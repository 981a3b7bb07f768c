package spec

import (
	"path"
	"slices"
	"strings"
)

// Reads reports whether the project may say something else when this file,
// named from the project's root with slashes, is changed, added or removed. It
// is true of agentsync.yaml, of every file that would be searched for manifests,
// and of the agents' prompt files. Where links lead from one name to another any
// file may be meant, so then it is true of every file but the lock.
func (p *Project) Reads(name string) bool {
	folder, base := path.Split(name)
	switch {
	case base == lockFile:
		return false
	case p.Linked, name == projectFile:
		return true
	case p.isSearched(folder) && wantedFile(name, p.patterns()):
		return true
	}
	return slices.ContainsFunc(p.Agents, func(a Agent) bool {
		for _, segments := range a.Sources {
			if slices.ContainsFunc(segments, func(s Segment) bool { return s.File == name }) {
				return true
			}
		}
		return false
	})
}

// IsAbout reports whether a problem is at a place of this agent: in the manifest
// of that name, or in a file that its prompts come from.
func (p *Project) IsAbout(agent string, problem Problem) bool {
	return slices.ContainsFunc(p.Agents, func(a Agent) bool {
		if a.Name != agent {
			return false
		}
		for _, segments := range a.Sources {
			if slices.ContainsFunc(segments, func(s Segment) bool { return s.File == problem.Pos.File }) {
				return true
			}
		}
		return a.Pos.File == problem.Pos.File
	})
}

// isSearched says whether manifests are looked for in a folder.
func (p *Project) isSearched(folder string) bool {
	return !slices.ContainsFunc(strings.Split(folder, "/"), isUnsearched)
}

// isUnsearched says whether no manifests are looked for in folders of this name.
func isUnsearched(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules"
}

func (p *Project) patterns() []*pattern {
	var out []*pattern
	for _, text := range p.Patterns {
		if one, err := newPattern(text); err == nil { // it was good when it was loaded
			out = append(out, one)
		}
	}
	return out
}
