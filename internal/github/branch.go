package github

import (
	"context"
	"path"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync/lock"
)

// checkBranch refuses to apply a commit that the branch has left behind, as
// when an old run is run again: what was reviewed then may have been reverted
// since. Later commits that touch nothing of the project, or nothing but its
// lock file, do no harm.
func (j *Job) checkBranch(ctx context.Context) error {
	branch := j.Run.Branch()
	if branch == "" || j.Run.Event != "push" && j.Run.Event != "workflow_dispatch" {
		return nil
	}
	head, err := j.Client.BranchHead(ctx, branch)
	if err != nil || head == j.Run.SHA {
		return err
	}
	status, files, whole, err := j.Client.Compare(ctx, j.Run.SHA, head)
	if err != nil {
		return err
	}
	what := ""
	switch {
	case status != "ahead" && status != "identical":
		what = "does not come after " + cut12(j.Run.SHA)
	case j.firstOfOurs(files) != "":
		what = "changes " + render.Escape(j.firstOfOurs(files))
	case !whole:
		what = "changes more files than can be looked through"
	default:
		return nil
	}
	failure := engine.Errorf(engine.Refused, "its own run applies what is there now; run that one again",
		"%s has moved on: %s %s; nothing was applied", render.Escape(branch), cut12(head), what)
	j.summarize("### ⛔ Nothing was applied" + j.title(j.environment()) + "\n\n" + fenced("text", errorText(failure, ""), 2_000))
	return failure
}

// firstOfOurs is the first file that is the project's, "" for none. The lock
// file says nothing of what the agents should be, and nothing is read in a
// hidden folder, such as .github.
func (j *Job) firstOfOurs(files []string) string {
	for _, file := range files {
		inside, ours := strings.CutPrefix(file, j.Folder+"/")
		if j.Folder == "" {
			inside, ours = file, true
		}
		folder := "/" + path.Dir(inside) + "/"
		hidden := folder != "/./" && strings.Contains(folder, "/.")
		if ours && !hidden && inside != lock.FileName {
			return file
		}
	}
	return ""
}
