package fakegithub

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// largeFile is the size from which GitHub leaves a file's content out.
const largeFile = 1 << 20

func (c *call) branch(name string) string {
	if name == "" {
		name = c.repo.DefaultBranch
	}
	return strings.TrimPrefix(name, "refs/heads/")
}

func fileJSON(path, content string) map[string]any {
	out := map[string]any{"type": "file", "path": path, "name": path, "sha": blobSHA(content), "size": len(content),
		"encoding": "base64", "content": base64.StdEncoding.EncodeToString([]byte(content))}
	if len(content) >= largeFile {
		out["encoding"], out["content"] = "none", ""
	}
	return out
}

func getContents(c *call) {
	path := c.r.PathValue("path")
	content, there := c.repo.Files[c.branch(c.r.URL.Query().Get("ref"))][path]
	if !there {
		notHere(c)
		return
	}
	reply(c.w, http.StatusOK, fileJSON(path, content))
}

func putContents(c *call) {
	var in struct {
		Message, Content, SHA, Branch string
	}
	if !c.input(&in) {
		return
	}
	data, err := base64.StdEncoding.DecodeString(in.Content)
	if err != nil || in.Message == "" {
		fail(c.w, http.StatusUnprocessableEntity, "Invalid request.")
		return
	}
	path, branch := c.r.PathValue("path"), c.branch(in.Branch)
	old, there := c.repo.Files[branch][path]
	switch {
	case c.repo.isProtected(branch):
		fail(c.w, http.StatusConflict, "Repository rule violations found\n\nChanges must be made through a pull request.\n\n")
		return
	case there && in.SHA == "":
		fail(c.w, http.StatusUnprocessableEntity, "Invalid request.\n\n\"sha\" wasn't supplied.")
		return
	case there && in.SHA != blobSHA(old), !there && in.SHA != "":
		fail(c.w, http.StatusConflict, path+" does not match "+in.SHA)
		return
	}
	c.repo.SetFile(branch, path, string(data))
	commit := &Commit{SHA: blobSHA(fmt.Sprint("commit ", c.s.state.id())), Message: in.Message, Files: []string{path}, Branch: branch}
	if head := c.repo.head(branch); head != nil {
		commit.Parents = []string{head.SHA}
	}
	c.repo.add(commit)
	status := http.StatusOK
	if !there {
		status = http.StatusCreated
	}
	reply(c.w, status, map[string]any{"content": fileJSON(path, string(data)), "commit": map[string]any{"sha": commit.SHA, "message": in.Message}})
}

func getBlob(c *call) {
	for _, files := range c.repo.Files {
		for _, content := range files {
			if blobSHA(content) != c.r.PathValue("sha") {
				continue
			}
			if strings.Contains(c.r.Header.Get("Accept"), "raw") {
				_, _ = c.w.Write([]byte(content))
				return
			}
			reply(c.w, http.StatusOK, map[string]any{"sha": blobSHA(content), "size": len(content), "encoding": "base64",
				"content": base64.StdEncoding.EncodeToString([]byte(content))})
			return
		}
	}
	notHere(c)
}
