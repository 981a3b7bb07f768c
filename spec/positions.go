package spec

import (
	"cmp"
	"slices"
	"unique"
)

// Positions are the places of values by dotted paths, by the file that they stand
// in. The zero value has none. A large project has more of them than of values, so
// they are as small as can be.
type Positions []fileOfPositions

type fileOfPositions struct {
	file   string
	places []place // sorted by path
}

type place struct {
	path         string
	line, column int32
}

// At returns the place of the value at a path; ok is false where there is none.
func (p Positions) At(path string) (at Pos, ok bool) {
	byPath := func(p place, path string) int { return cmp.Compare(p.path, path) }
	for _, f := range p {
		if i, found := slices.BinarySearchFunc(f.places, path, byPath); found {
			return Pos{File: f.file, Line: int(f.places[i].line), Column: int(f.places[i].column)}, true
		}
	}
	return Pos{}, false
}

// All calls yield with each place, until it returns false.
func (p Positions) All(yield func(Pos) bool) {
	for _, f := range p {
		for _, at := range f.places {
			if !yield(Pos{File: f.file, Line: int(at.line), Column: int(at.column)}) {
				return
			}
		}
	}
}

// Files are the files that values stand in.
func (p Positions) Files() []string {
	out := make([]string, len(p))
	for i, f := range p {
		out[i] = f.file
	}
	return out
}

// Equal reports whether two have the same places, for go-cmp.
func (p Positions) Equal(q Positions) bool {
	return slices.EqualFunc(p, q, func(f, g fileOfPositions) bool { return f.file == g.file && slices.Equal(f.places, g.places) })
}

// positionsIn notes where each field of a merged spec stands, and each item of the
// lists that merge by name. Of a path that is there twice the last one counts.
func positionsIn(spec *node, row *Field) Positions {
	all := map[string]Pos{}
	positions(all, row, "", spec)
	files := map[string][]place{}
	for path, at := range all {
		path = unique.Make(path).Value() // agents share the paths' texts
		files[at.File] = append(files[at.File], place{path, int32(at.Line), int32(at.Column)})
	}
	out := make(Positions, 0, len(files))
	for file, places := range files {
		slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.path, b.path) })
		out = append(out, fileOfPositions{file, slices.Clone(places)})
	}
	slices.SortFunc(out, func(a, b fileOfPositions) int { return cmp.Compare(a.file, b.file) })
	return out
}
