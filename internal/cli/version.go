package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/agentsync/agentsync/internal/console"
	"github.com/spf13/cobra"
)

// version is set by release builds: -ldflags "-X …/internal/cli.version=1.2.3".
var version string

// versionText is the version of this build: a release's, else the module's.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

func (a *app) versionCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  agentsync version",
		Args:    console.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.env.Stdout, "agentsync %s\n", versionText())
			return err
		},
	}
}
