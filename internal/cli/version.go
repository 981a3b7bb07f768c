package cli

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/spf13/cobra"
)

// What release builds set: -ldflags "-X …/internal/cli.version=1.2.3 …". The
// commit is 40 hex digits, the date is the commit's, in RFC 3339.
var version, commit, date string

// build is which agentsync this is. Commit and date are empty where nobody
// knows them: go install MODULE@VERSION tells a program its version alone.
type build struct{ version, commit, date string }

// thisBuild is what the release build said, else what Go has put into the
// program: the module's version, and the commit where it was built in a clone.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return newBuild(build{version, commit, date}, info)
}

func newBuild(set build, info *debug.BuildInfo) build {
	if set.version != "" {
		return set
	}
	module := strings.TrimPrefix(info.Main.Version, "v")
	if module == "(devel)" {
		module = ""
	}
	b := build{version: cmp.Or(module, "dev")}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.date = s.Value
		}
	}
	return b
}

// String is one line: "1.2.3 (commit 0123456789ab, 2026-01-02T15:04:05Z)".
func (b build) String() string {
	var known []string
	if b.commit != "" {
		known = append(known, "commit "+b.commit[:min(12, len(b.commit))])
	}
	if b.date != "" {
		known = append(known, b.date)
	}
	if len(known) == 0 {
		return b.version
	}
	return fmt.Sprintf("%s (%s)", b.version, strings.Join(known, ", "))
}

func (a *app) versionCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and the commit and date it was built from",
		Example: "  agentsync version",
		Args:    console.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.env.Stdout, "agentsync %s\n", thisBuild())
			return err
		},
	}
}
