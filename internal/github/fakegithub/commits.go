package fakegithub

import (
	"net/http"
	"slices"
	"strings"
)

// maxFiles is how many files GitHub lists of a commit or a comparison.
const maxFiles = 300

func getCommit(c *call) {
	sha := c.r.PathValue("sha")
	one := c.repo.commit(sha)
	if one == nil {
		fail(c.w, http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
		return
	}
	parents := []any{}
	for _, parent := range one.Parents {
		parents = append(parents, map[string]any{"sha": parent})
	}
	reply(c.w, http.StatusOK, map[string]any{"sha": one.SHA, "commit": map[string]any{"message": one.Message}, "parents": parents, "files": filesJSON(one.Files)})
}

func filesJSON(files []string) []any {
	out := []any{}
	for _, name := range files {
		if old, now, renamed := strings.Cut(name, " => "); renamed {
			out = append(out, map[string]any{"filename": now, "previous_filename": old, "status": "renamed"})
		} else {
			out = append(out, map[string]any{"filename": name, "status": "modified"})
		}
	}
	return out[:min(len(out), maxFiles)]
}

// getRef knows branches alone.
func getRef(c *call) {
	branch, ok := strings.CutPrefix(c.r.PathValue("ref"), "heads/")
	head := c.repo.head(branch)
	if !ok || head == nil {
		notHere(c)
		return
	}
	reply(c.w, http.StatusOK, map[string]any{"ref": "refs/heads/" + branch, "object": map[string]any{"type": "commit", "sha": head.SHA}})
}

// compare follows first parents: what is not on the way from head is diverged.
func compare(c *call) {
	base, head, ok := strings.Cut(c.r.PathValue("range"), "...")
	from, to := c.repo.commit(base), c.repo.commit(head)
	if !ok || from == nil || to == nil {
		notHere(c)
		return
	}
	status, files, ahead := "identical", []string{}, 0
	for at := to; at != from; ahead++ {
		status = "ahead"
		for _, name := range at.Files {
			if !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
		if len(at.Parents) == 0 || c.repo.commit(at.Parents[0]) == nil {
			status = "diverged"
			break
		}
		at = c.repo.commit(at.Parents[0])
	}
	reply(c.w, http.StatusOK, map[string]any{"status": status, "ahead_by": ahead, "commits": []any{}, "files": filesJSON(files)})
}
