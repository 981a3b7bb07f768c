// Package git reads a repository's commits, and the files that they have, with
// the git program, and makes commits: of edits on top of HEAD, and on branches that
// are not checked out. Nothing is checked out, and what is staged has no say in it.
//
// The repository may be a stranger's. So git runs without the network, and
// without anything that could start a program which the repository's
// configuration names: no hooks, filters, text conversions, monitors, pagers or
// transports.
//
// Open finds the Repo of a folder. Commit, Find, Fork, IsAncestor and Head
// answer questions about its history; Tree is a commit's files as an fs.FS;
// CommitEdits and Extend add commits.
package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Error says, in one line, what git or its absence makes impossible. It may
// quote git, and so a stranger's text. errors.Is tells the kinds below apart.
type Error struct {
	Message string
	hint    string
	kind    error
}

func (e *Error) Error() string { return e.Message }

// Hint is the way out, or "".
func (e *Error) Hint() string { return e.hint }

func (e *Error) Unwrap() error { return e.kind }

// The kinds of errors that callers tell apart.
var (
	ErrNoGit        = errors.New("git is not installed")
	ErrNoRepository = errors.New("no git repository")
	ErrUntrusted    = errors.New("git does not trust the repository")
	ErrNoCommit     = errors.New("no such commit")
)

// safeFlags come before each git command. They win over every configuration
// file and over the environment.
var safeFlags = []string{
	"--no-pager", "--no-replace-objects", "--literal-pathspecs", "--no-optional-locks",
	"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.sshCommand=false",
	"-c", "protocol.allow=never", "-c", "credential.helper=",
	"-c", "safe.bareRepository=explicit", // a committed folder that looks like a repository is not one
}

// keptVars are the GIT_ variables that say where git and its user's own
// configuration are, how far up to look for a repository, and who commits. All
// others are dropped: they name a repository, an index, objects, or programs to
// run.
var keptVars = []string{
	"GIT_EXEC_PATH=", "GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=", "GIT_CONFIG_NOSYSTEM=",
	"GIT_CONFIG_COUNT=", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_",
	"GIT_AUTHOR_", "GIT_COMMITTER_",
	"GIT_CEILING_DIRECTORIES=", "GIT_DISCOVERY_ACROSS_FILESYSTEM=",
}

func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		kept := func(prefix string) bool { return strings.HasPrefix(v, prefix) }
		return strings.HasPrefix(v, "GIT_") && !slices.ContainsFunc(keptVars, kept)
	})
	return append(env,
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none") // else a partial clone fetches what it lacks
}

func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", slices.Concat([]string{"-C", r.dir}, safeFlags, args)...)
	cmd.Env = environment()
	return cmd
}

// run returns what a git command prints, without the last newline. ok is false
// when it exits with 1, which means "no" in all commands used here.
func (r *Repo) run(ctx context.Context, args ...string) (out string, ok bool, err error) {
	data, err := r.command(ctx, args...).Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return strings.TrimSuffix(string(data), "\n"), true, nil
	case ctx.Err() != nil:
		return "", false, ctx.Err()
	case !errors.As(err, &exit):
		return "", false, r.failure(args[0], err, "")
	case exit.ExitCode() == 1:
		return "", false, nil
	default:
		return "", false, r.failure(args[0], err, string(exit.Stderr))
	}
}

// process is a git command that runs while its output is read.
type process struct {
	*exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said bytes.Buffer // its stderr, complete after Wait
}

func (r *Repo) start(ctx context.Context, args ...string) (*process, error) {
	p := &process{Cmd: r.command(ctx, args...)}
	p.Stderr = &p.said
	out, err := p.StdoutPipe()
	if err == nil {
		p.in, err = p.StdinPipe()
	}
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		return nil, r.failure(args[0], err, "")
	}
	p.out = bufio.NewReaderSize(out, 64<<10)
	return p, nil
}

// stop ends the process early.
func (p *process) stop() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

const checkoutHint = "give a folder of a checkout with --chdir"

// failure puts into words why a git command failed; said is its stderr.
func (r *Repo) failure(command string, err error, said string) error {
	said, _, _ = strings.Cut(strings.TrimSpace(said), "\n")
	said = strings.TrimSpace(strings.TrimPrefix(said, "fatal: "))
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, exec.ErrDot):
		return &Error{"git is not on the PATH, and commits are read by it", "install git", ErrNoGit}
	case strings.Contains(said, "not a git repository"):
		e := &Error{fmt.Sprintf("the folder %s is in no git repository", r.dir), checkoutHint, ErrNoRepository}
		if !strings.Contains(said, "(or any") {
			e.kind = nil // there is a .git, and it leads nowhere
		}
		return e
	case strings.Contains(said, "dubious ownership"):
		return &Error{fmt.Sprintf("git does not trust the repository of %s: another user owns it", r.dir),
			"git config --global --add safe.directory FOLDER, with the repository's folder", ErrUntrusted}
	case strings.Contains(said, "safe.bareRepository"):
		return &Error{fmt.Sprintf("the folder %s is a bare repository, or looks like one", r.dir), checkoutHint, nil}
	case said != "":
		return &Error{fmt.Sprintf("git %s: %s", command, said), "", nil}
	default:
		return &Error{fmt.Sprintf("git %s: %v", command, err), "", nil}
	}
}
