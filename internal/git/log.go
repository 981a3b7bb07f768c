package git

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CommitInfo is what a commit says of itself. Subject and Author may be a
// stranger's text.
type CommitInfo struct {
	ID      string // in full
	Subject string // the first line of its message
	Author  string // the name, without the address
	At      time.Time
}

// Describe says what commits are, each given by 12 or more hex digits. Those
// that the clone does not have, or has several of, are left out. A branch or tag
// with such a name plays no part.
func (r *Repo) Describe(ctx context.Context, abbreviated []string) (map[string]CommitInfo, error) {
	out := map[string]CommitInfo{}
	if len(abbreviated) == 0 {
		return out, nil
	}
	git, err := r.start(ctx, "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	defer git.stop()
	for _, id := range abbreviated {
		if !abbreviatedID.MatchString(id) {
			continue
		}
		full, kind, data, err := git.object(id, maxBlob)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == errNotHere:
		case err != nil:
			return nil, r.failure("cat-file", err, "")
		case kind == "commit" && strings.HasPrefix(full, id):
			out[id] = readCommit(full, string(data))
		}
	}
	return out, nil
}

// readCommit reads a commit object: lines of a header, an empty one, the message.
func readCommit(id, text string) CommitInfo {
	header, message, _ := strings.Cut(text, "\n\n")
	info := CommitInfo{ID: id}
	info.Subject, _, _ = strings.Cut(strings.TrimLeft(message, "\n"), "\n")
	for line := range strings.SplitSeq(header, "\n") {
		if who, ok := strings.CutPrefix(line, "author "); ok {
			name, _, _ := strings.Cut(who, "<")
			info.Author = strings.TrimSpace(name)
		}
		if who, ok := strings.CutPrefix(line, "committer "); ok {
			_, when, _ := strings.Cut(who, "> ")
			seconds, _, _ := strings.Cut(when, " ")
			if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
				info.At = time.Unix(n, 0).UTC()
			}
		}
	}
	return info
}

// Revision is a commit of HEAD's history that changed a file.
type Revision struct {
	Commit string // in full
	At     time.Time
	Data   []byte // what the file has there; nil where it was removed
}

// maxRevisions bounds how far back a file is read.
const maxRevisions = 2000

// FileHistory calls visit with the revisions of a file, the newest first, until
// it returns false: those of HEAD's own line, where a merge is one step, and not
// of commits before since, which may be zero. name is below the project's
// folder, with slashes; of its content at most most bytes are read.
func (r *Repo) FileHistory(ctx context.Context, name string, since time.Time, most int, visit func(Revision) bool) error {
	args := []string{"rev-list", "--first-parent", "--timestamp", fmt.Sprintf("--max-count=%d", maxRevisions)}
	if !since.IsZero() {
		args = append(args, fmt.Sprintf("--since=%d", since.Unix()))
	}
	if strings.Contains(r.prefix+name, "\n") { // git cat-file takes a name a line
		return nil
	}
	list, _, err := r.run(ctx, append(args, "HEAD", "--", name)...)
	if err != nil || list == "" {
		return err
	}
	git, err := r.start(ctx, "cat-file", "--batch")
	if err != nil {
		return err
	}
	defer git.stop()
	for line := range strings.SplitSeq(list, "\n") {
		seconds, commit, _ := strings.Cut(line, " ")
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil || !commitID.MatchString(commit) {
			return r.failure("rev-list", fmt.Errorf("it answers %.60q", line), "")
		}
		revision := Revision{Commit: commit, At: time.Unix(n, 0).UTC()}
		_, _, revision.Data, err = git.object(commit+":"+r.prefix+name, most)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && err != errNotHere:
			return r.failure("cat-file", err, git.said.String())
		}
		if !visit(revision) {
			return nil
		}
	}
	return nil
}
