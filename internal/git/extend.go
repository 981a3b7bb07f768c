package git

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Person is an author as git writes one.
type Person struct{ Name, Mail string }

// Commit is a commit that Extend makes.
type Commit struct {
	Author, Committer Person
	Date              time.Time
	Message           string
	// Files are written, and the paths in Delete removed before, where they are
	// there. Paths are below the project's folder, with slashes. All other files
	// are as in the commit before.
	Files  []File
	Delete []string
}

// File is a regular file of a commit.
type File struct {
	Path string
	Data []byte
}

// Branch is a branch that commits can be added to.
type Branch struct {
	Name string
	Tip  string // its last commit; where it is new HEAD's, and "" where there is none
	New  bool
}

// Branch finds a branch that Extend may extend. One that is checked out, here
// or in another working tree, is an error: its files would differ from it.
func (r *Repo) Branch(ctx context.Context, name string) (*Branch, error) {
	name = strings.TrimPrefix(name, "refs/heads/")
	bad := badRef(name) != "" || strings.HasPrefix(name, "@")
	if !bad {
		_, ok, err := r.run(ctx, "check-ref-format", "--branch", name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		bad = !ok || err != nil
	}
	if bad {
		return nil, &Error{fmt.Sprintf("%q can't be the name of a branch", name), "", nil}
	}
	out, _, err := r.run(ctx, "worktree", "list", "--porcelain")
	if err != nil {
		return nil, err
	}
	if strings.Contains("\n"+out+"\n", "\nbranch refs/heads/"+name+"\n") {
		return nil, &Error{fmt.Sprintf("the branch %s is checked out, and its files would not follow", name), "give the name of a new branch", nil}
	}
	b := &Branch{Name: name}
	tip, there, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+name+"^{commit}")
	if err != nil {
		return nil, err
	}
	if b.New = !there; b.New {
		if tip, _, err = r.run(ctx, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); err != nil {
			return nil, err
		}
	}
	b.Tip = tip
	return b, nil
}

// Trailers returns the values of a trailer in a commit and all that it comes
// from: all of them, newest first. An empty commit has none.
func (r *Repo) Trailers(ctx context.Context, commit, key string) ([]string, error) {
	if commit == "" {
		return nil, nil
	}
	out, _, err := r.run(ctx, "log", "--format=%(trailers:key="+key+",valueonly,separator=%x0A)", commit)
	if err != nil {
		return nil, err
	}
	var values []string
	for line := range strings.SplitSeq(out, "\n") {
		if line != "" {
			values = append(values, line)
		}
	}
	return values, nil
}

// Extend adds commits to a branch, by git fast-import: all of them or none. The
// working tree, the index and the branch that is checked out stay as they are.
func (r *Repo) Extend(ctx context.Context, b *Branch, commits []Commit) error {
	if len(commits) == 0 {
		return nil
	}
	p, err := r.start(ctx, "fast-import", "--quiet", "--done", "--date-format=raw")
	if err != nil {
		return err
	}
	_, writeErr := io.Copy(p.in, r.stream(b, commits))
	closeErr := p.in.Close()
	_, _ = io.Copy(io.Discard, p.out)
	switch err := p.Wait(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return r.failure("fast-import", err, p.said.String())
	case writeErr != nil:
		return r.failure("fast-import", writeErr, "")
	default:
		return closeErr
	}
}

// stream is what fast-import reads, a commit at a time.
func (r *Repo) stream(b *Branch, commits []Commit) io.Reader {
	var parts []io.Reader
	for i, c := range commits {
		parts = append(parts, &lazy{make: func() []byte {
			var out bytes.Buffer
			from := ""
			if i == 0 {
				from = b.Tip
			}
			r.writeCommit(&out, "refs/heads/"+b.Name, from, c)
			return out.Bytes()
		}})
	}
	return io.MultiReader(append(parts, strings.NewReader("done\n"))...)
}

func (r *Repo) writeCommit(out *bytes.Buffer, ref, from string, c Commit) {
	date := fmt.Sprintf("%d +0000", max(0, c.Date.Unix()))
	fmt.Fprintf(out, "commit %s\nauthor %s %s\ncommitter %s %s\n", ref, c.Author, date, c.Committer, date)
	writeData(out, []byte(c.Message))
	if from != "" {
		fmt.Fprintf(out, "from %s\n", from)
	}
	for _, path := range c.Delete {
		fmt.Fprintf(out, "D %s\n", quotePath(r.prefix+path))
	}
	for _, f := range c.Files {
		fmt.Fprintf(out, "M 100644 inline %s\n", quotePath(r.prefix+f.Path))
		writeData(out, f.Data)
	}
}

func writeData(out *bytes.Buffer, data []byte) {
	fmt.Fprintf(out, "data %d\n", len(data))
	out.Write(data)
	out.WriteByte('\n')
}

// String is the person without what would end a name or an address in a commit.
func (p Person) String() string {
	clean := func(s string) string {
		return strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r == '<' || r == '>' || r == 0x7f {
				return -1
			}
			return r
		}, s))
	}
	return fmt.Sprintf("%s <%s>", clean(p.Name), clean(p.Mail))
}

// quotePath writes a path as git's own quoting does, which takes every byte.
func quotePath(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// lazy is a reader of what is made when it is first read.
type lazy struct {
	make func() []byte
	rest *bytes.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.rest == nil {
		l.rest = bytes.NewReader(l.make())
	}
	return l.rest.Read(p)
}
