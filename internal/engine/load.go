package engine

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/agentsync/agentsync/spec"
)

// Project is a loaded project in one environment.
type Project struct {
	*spec.Project
	opt     Options
	cache   *spec.Cache // Source.Compared's, else nil
	tracked bool        // Source.Tracked
	hasTurn bool        // no other apply runs in this folder: see Turn
}

// Source says how the files of a project are read.
type Source struct {
	Tracked  bool // only those that git tracks at HEAD, where there is a repository
	Compared bool // a commit of the project is loaded after it, which is faster then
	Empty    bool // a project without agents is none with an error
}

// Load reads and checks all manifests. The problems are all findings, warnings
// included; with an error among them there is no project. err is about what is
// no manifest, such as a folder that is missing.
func Load(ctx context.Context, opt Options, from Source) (*Project, spec.Problems, error) {
	if err := checkDir(opt.Dir); err != nil {
		return nil, nil, err
	}
	p, untracked := &Project{opt: opt, tracked: from.Tracked}, func(*spec.Project) {}
	load := spec.LoadOptions{Dir: opt.Dir, Env: opt.Env(), Empty: from.Empty}
	if from.Compared {
		p.cache = &spec.Cache{}
		load.Cache = p.cache
	}
	if from.Tracked {
		files, done, err := openTracked(ctx, opt.Dir)
		if err != nil {
			return nil, nil, fmt.Errorf("find what git tracks: %w", err)
		}
		defer done()
		if files != nil {
			load.FS = files
			defer files.warnPassed(opt.Message)
			untracked = files.passedOver
		}
	}
	project, problems := loadSpec(ctx, load)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if len(problems.Errors()) > 0 {
		return nil, elsewhere(opt.Dir, problems), nil
	}
	untracked(project)
	opt.logIgnored(project)
	p.Project = project
	return p, problems, nil
}

func (o Options) logIgnored(project *spec.Project) {
	switch project.Ignored {
	case 0:
	case 1:
		o.Logf("1 YAML document of other tools ignored")
	default:
		o.Logf("%d YAML documents of other tools ignored", project.Ignored)
	}
}

func checkDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return Errorf(Usage, "", "--chdir %s: %v", dir, errors.Unwrap(err))
	case !info.IsDir():
		return Errorf(Usage, "", "--chdir %s: not a folder", dir)
	}
	return nil
}
