package engine

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/agentsync/agentsync/spec"
)

// Root is the root of the project that dir lies in: the nearest folder, dir itself
// or above, that has a project's file. Without one it is dir. Git's repository
// ends the search: what lies above it is another matter.
func Root(dir string) string {
	abs, err := filepath.Abs(dir)
	if info, statErr := os.Stat(abs); err != nil || statErr != nil || !info.IsDir() {
		return dir
	}
	for at := abs; ; at = filepath.Dir(at) {
		switch {
		case spec.IsRoot(at) && at == abs:
			return dir
		case spec.IsRoot(at):
			return relative(at)
		case at == filepath.Dir(at):
			return dir
		}
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return dir
		}
	}
}

// elsewhere is one problem in place of those of a folder without a project, where all
// of them are about files of projects below it.
func elsewhere(dir string, problems spec.Problems) spec.Problems {
	if spec.IsRoot(dir) {
		return problems
	}
	var below []string
	for _, p := range problems.Errors() {
		root := path.Dir(p.Pos.File)
		for root != "." && root != "/" && !spec.IsRoot(filepath.Join(dir, filepath.FromSlash(root))) {
			root = path.Dir(root)
		}
		if p.Pos.File == "" || root == "." || root == "/" {
			return problems
		}
		below = append(below, root)
	}
	slices.Sort(below)
	below = slices.Compact(below)
	if len(below) == 0 {
		return problems
	}
	return spec.Problems{{
		Message: "this folder is no project; there are some below it: " + listed(below),
		Hint:    fmt.Sprintf("agentsync -C %s …", below[0]),
	}}
}

// relative is a folder as seen from where the program runs, where that is shorter.
func relative(dir string) string {
	here, err := os.Getwd()
	if err != nil {
		return dir
	}
	if rel, err := filepath.Rel(here, dir); err == nil && len(rel) < len(dir) {
		return rel
	}
	return dir
}
