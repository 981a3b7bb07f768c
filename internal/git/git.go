// Package git reads a repository's commits and files as git's own objects hold
// them, by the git program: nothing is checked out, and the working tree and
// the index are not looked at.
//
// The repository may be a stranger's. So git is run without the network, and
// with none of what could run a program that a repository's configuration
// names: no hooks, filters, text conversions, monitors, pagers, transports.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Error is what git, or its absence, has made impossible. It is one line; it
// may hold what git said, and so a stranger's text.
type Error struct {
	Message string
	hint    string
}

func (e *Error) Error() string { return e.Message }

// Hint is the way out, or "".
func (e *Error) Hint() string { return e.hint }

// safeFlags come before each git command. What is set here wins over every
// configuration file and over what the environment sets.
var safeFlags = []string{
	"--no-pager", "--no-replace-objects", "--literal-pathspecs", "--no-optional-locks",
	"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.sshCommand=false",
	"-c", "protocol.allow=never", "-c", "credential.helper=",
	"-c", "safe.bareRepository=explicit", // a folder of the project that looks like a repository is none
}

// keptVars are the GIT_ variables that say where git and the configuration of
// the one who runs it are, and what it may look for. All others are dropped:
// they say which repository, index and objects to take, or what to run.
var keptVars = []string{
	"GIT_EXEC_PATH=", "GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=", "GIT_CONFIG_NOSYSTEM=",
	"GIT_CONFIG_COUNT=", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_",
	"GIT_CEILING_DIRECTORIES=", "GIT_DISCOVERY_ACROSS_FILESYSTEM=",
}

func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") || hasAnyPrefix(v, keptVars) {
			env = append(env, v)
		}
	}
	return append(env,
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none") // a partial clone fetches what it lacks, else
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// command prepares a git command on the repository that dir is in.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append(append([]string{"-C", dir}, safeFlags...), args...)...)
	cmd.Env = environment()
	return cmd
}

// maxSaid bounds what is kept of git's own messages, and of answers that are a
// line.
const maxSaid = 64 << 10

// run gives what a git command prints, without the last newline. ok is false
// when it ends with 1, which to the commands used here means "no".
func (r *Repo) run(ctx context.Context, args ...string) (out string, ok bool, err error) {
	cmd := command(ctx, r.dir, args...)
	var stdout, stderr limited
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return strings.TrimSuffix(stdout.String(), "\n"), true, nil
	case ctx.Err() != nil:
		return "", false, ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return "", false, nil
	default:
		return "", false, r.failure(args[0], err, stderr.String())
	}
}

// failure words what went wrong with a git command.
func (r *Repo) failure(command string, err error, said string) error {
	said = strings.TrimPrefix(firstLine(said), "fatal: ")
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, exec.ErrDot):
		return &Error{"git is not on the PATH, and commits are read by it", "install git"}
	case strings.Contains(said, "not a git repository"):
		return &Error{fmt.Sprintf("the folder %s is in no git repository", r.dir), "give a folder of a checkout with --chdir"}
	case strings.Contains(said, "dubious ownership"):
		return &Error{fmt.Sprintf("git does not trust the repository of %s: another user owns it", r.dir),
			"git config --global --add safe.directory FOLDER, with the repository's folder"}
	case strings.Contains(said, "safe.bareRepository"):
		return &Error{fmt.Sprintf("the folder %s is a bare repository, or looks like one", r.dir), "give a folder of a checkout with --chdir"}
	case said != "":
		return &Error{fmt.Sprintf("git %s: %s", command, said), ""}
	default:
		return &Error{fmt.Sprintf("git %s: %v", command, err), ""}
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(s)
}

// limited keeps the first maxSaid bytes that are written to it.
type limited struct{ buf bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.buf.Write(p[:min(len(p), max(0, maxSaid-l.buf.Len()))])
	return len(p), nil
}

func (l *limited) String() string { return l.buf.String() }

var _ io.Writer = (*limited)(nil)
