package fakegithub

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// treeOf gives the tree of a commit: that of a commit that was only pushed is what
// its branch holds.
func (r *Repo) treeOf(c *Commit) string {
	if c.Tree == "" {
		c.Tree = r.addTree(r.Files[c.Branch])
	}
	return c.Tree
}

// addTree keeps files as a tree, whose id is that of its content.
func (r *Repo) addTree(files map[string]string) string {
	text := "tree"
	for _, path := range slices.Sorted(maps.Keys(files)) {
		text += "\x00" + path + "\x00" + blobSHA(files[path])
	}
	if r.Trees == nil {
		r.Trees = map[string]map[string]string{}
	}
	sha := blobSHA(text)
	r.Trees[sha] = maps.Clone(files)
	return sha
}

func gitCommitJSON(r *Repo, c *Commit) map[string]any {
	parents := []any{}
	for _, parent := range c.Parents {
		parents = append(parents, map[string]any{"sha": parent})
	}
	return map[string]any{"sha": c.SHA, "message": c.Message, "tree": map[string]any{"sha": r.treeOf(c)}, "parents": parents}
}

func getGitCommit(c *call) {
	one := c.repo.commit(c.r.PathValue("sha"))
	if one == nil {
		notHere(c)
		return
	}
	reply(c.w, http.StatusOK, gitCommitJSON(c.repo, one))
}

func createTree(c *call) {
	var in struct {
		Base string `json:"base_tree"`
		Tree []struct{ Path, Mode, Type, Content string }
	}
	if !c.input(&in) {
		return
	}
	base, there := c.repo.Trees[in.Base]
	if !there || len(in.Tree) == 0 {
		fail(c.w, http.StatusUnprocessableEntity, "base_tree is not a valid tree oid")
		return
	}
	files := maps.Clone(base)
	if files == nil {
		files = map[string]string{}
	}
	for _, entry := range in.Tree {
		if entry.Type != "blob" || entry.Mode != "100644" && entry.Mode != "100755" || strings.HasPrefix(entry.Path, "/") {
			fail(c.w, http.StatusUnprocessableEntity, "tree.path contains a malformed path component")
			return
		}
		files[entry.Path] = entry.Content
		if c.repo.Modes == nil {
			c.repo.Modes = map[string]string{}
		}
		c.repo.Modes[entry.Path] = entry.Mode
	}
	reply(c.w, http.StatusCreated, map[string]any{"sha": c.repo.addTree(files)})
}

func createCommit(c *call) {
	var in struct {
		Message, Tree string
		Parents       []string
	}
	if !c.input(&in) {
		return
	}
	if _, there := c.repo.Trees[in.Tree]; !there || in.Message == "" {
		fail(c.w, http.StatusUnprocessableEntity, "Tree SHA does not exist")
		return
	}
	one := &Commit{SHA: blobSHA(fmt.Sprint("commit ", c.s.state.id())), Message: in.Message, Parents: in.Parents, Tree: in.Tree}
	c.repo.Commits = append(c.repo.Commits, one)
	reply(c.w, http.StatusCreated, gitCommitJSON(c.repo, one))
}

// SetHead sets a branch to a commit that is there; "" removes it. Pull requests
// from it follow, or are closed.
func (r *Repo) SetHead(branch, sha string) {
	if r.Heads == nil {
		r.Heads = map[string]string{}
	}
	r.Heads[branch] = sha
	delete(r.Files, branch)
	if one := r.commit(sha); one != nil {
		for path, content := range r.Trees[one.Tree] {
			r.SetFile(branch, path, content)
		}
	}
	for _, p := range r.Pulls {
		switch {
		case p.State != "open" || p.Head.Ref != branch:
		case sha == "":
			p.State = "closed"
		default:
			p.Head.SHA = sha
		}
	}
}

func createRef(c *call) {
	var in struct{ Ref, SHA string }
	if !c.input(&in) {
		return
	}
	branch, ok := strings.CutPrefix(in.Ref, "refs/heads/")
	switch {
	case !ok || c.repo.commit(in.SHA) == nil:
		fail(c.w, http.StatusUnprocessableEntity, "Object does not exist")
	case c.repo.head(branch) != nil:
		fail(c.w, http.StatusUnprocessableEntity, "Reference already exists")
	default:
		c.repo.SetHead(branch, in.SHA)
		reply(c.w, http.StatusCreated, map[string]any{"ref": in.Ref, "object": map[string]any{"type": "commit", "sha": in.SHA}})
	}
}

// editRef knows forced updates alone.
func editRef(c *call) {
	var in struct {
		SHA   string
		Force bool
	}
	if !c.input(&in) {
		return
	}
	branch := strings.TrimPrefix(c.r.PathValue("ref"), "heads/")
	switch {
	case c.repo.head(branch) == nil || c.repo.commit(in.SHA) == nil:
		fail(c.w, http.StatusUnprocessableEntity, "Reference does not exist")
	case !in.Force:
		fail(c.w, http.StatusUnprocessableEntity, "Update is not a fast forward")
	default:
		c.repo.SetHead(branch, in.SHA)
		reply(c.w, http.StatusOK, map[string]any{"ref": "refs/heads/" + branch, "object": map[string]any{"type": "commit", "sha": in.SHA}})
	}
}

func deleteRef(c *call) {
	branch := strings.TrimPrefix(c.r.PathValue("ref"), "heads/")
	if c.repo.head(branch) == nil {
		fail(c.w, http.StatusUnprocessableEntity, "Reference does not exist")
		return
	}
	c.repo.SetHead(branch, "")
	c.w.WriteHeader(http.StatusNoContent)
}

func listPulls(c *call) {
	query := c.r.URL.Query()
	out := []any{}
	for _, p := range c.repo.Pulls {
		state, head, base := query.Get("state"), query.Get("head"), query.Get("base")
		if (state == "all" || p.State == state || state == "" && p.State == "open") &&
			(head == "" || owner(p.Head.Repo)+":"+p.Head.Ref == head) && (base == "" || p.Base.Ref == base) {
			out = append(out, pullJSON(p))
		}
	}
	reply(c.w, http.StatusOK, page(c, out))
}

func createPull(c *call) {
	var in struct{ Title, Head, Base, Body string }
	if !c.input(&in) || !c.checkBody(in.Body) {
		return
	}
	head, base := c.repo.head(in.Head), c.repo.head(in.Base)
	open := func(p *Pull) bool { return p.State == "open" && p.Head.Ref == in.Head && p.Base.Ref == in.Base }
	switch {
	case c.who.App && c.repo.NoWorkflowPulls:
		fail(c.w, http.StatusForbidden, "GitHub Actions is not permitted to create or approve pull requests.")
	case head == nil || base == nil || in.Title == "":
		fail(c.w, http.StatusUnprocessableEntity, "Validation Failed: head or base is invalid")
	case slices.ContainsFunc(c.repo.Pulls, open):
		fail(c.w, http.StatusUnprocessableEntity, "Validation Failed: A pull request already exists for "+owner(c.name)+":"+in.Head+".")
	default:
		p := &Pull{Number: c.repo.number(), Title: in.Title, Body: in.Body, State: "open", User: c.who.User,
			Head: Ref{Ref: in.Head, SHA: head.SHA, Repo: c.name}, Base: Ref{Ref: in.Base, SHA: base.SHA, Repo: c.name}}
		c.repo.Pulls = append(c.repo.Pulls, p)
		reply(c.w, http.StatusCreated, pullJSON(p))
	}
}

func editPull(c *call) {
	p := c.repo.Pull(c.number("number"))
	if p == nil {
		notHere(c)
		return
	}
	var in issueInput
	if !c.input(&in) || in.Body != nil && !c.checkBody(*in.Body) {
		return
	}
	for to, from := range map[*string]*string{&p.Title: in.Title, &p.Body: in.Body, &p.State: in.State} {
		if from != nil {
			*to = *from
		}
	}
	reply(c.w, http.StatusOK, pullJSON(p))
}
