package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/edit"
)

// Format returns the manifests of a project whose keys are not in order, as they
// are to be. files are paths below the project's root; none is for all. What is no
// YAML at all is a problem where it is named, or could be one of ours.
func Format(opt Options, files []string) ([]edit.Change, error) {
	if err := checkDir(opt.Dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the project: %w", err)
	}
	defer root.Close()
	var problems spec.Problems
	given := len(files) > 0
	if !given {
		files, problems = spec.ManifestFiles(root.FS())
		problems = problems.Errors()
	}
	var out []edit.Change
	for _, name := range files {
		name = path.Clean(filepath.ToSlash(name))
		if !filepath.IsLocal(name) {
			return nil, Errorf(Usage, "name files of the project, as seen from where the command is started", "%s is outside of the project", name)
		}
		data, err := fs.ReadFile(root.FS(), name)
		if err != nil {
			problems = append(problems, schema.Problem{Pos: schema.Pos{File: name}, Message: "can't be read: " + reasonOf(err)})
			continue
		}
		now, err := edit.Format(data)
		switch {
		case err != nil && !given && !bytes.Contains(data, []byte("agentsync/")): // another tool's
		case err != nil:
			problems = append(problems, schema.Problem{Pos: schema.Pos{File: name}, Message: "broken YAML", Hint: "agentsync validate says where"})
		case !bytes.Equal(now, data):
			out = append(out, edit.Change{Path: name, Before: data, After: now})
		}
	}
	if len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	return out, nil
}

// reasonOf is why a file can't be read, without its path.
func reasonOf(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
