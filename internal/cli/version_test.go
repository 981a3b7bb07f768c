package cli

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	const sha = "0123456789abcdef0123456789abcdef01234567"
	inClone := []debug.BuildSetting{{Key: "vcs.revision", Value: sha}, {Key: "vcs.time", Value: "2026-01-02T15:04:05Z"}}
	for _, c := range []struct {
		name     string
		set      build
		module   string
		settings []debug.BuildSetting
		want     string
	}{
		{"a release", build{"1.2.3", sha, "2026-01-02T15:04:05Z"}, "(devel)", nil, "1.2.3 (commit 0123456789ab, 2026-01-02T15:04:05Z)"},
		{"the Action's own build", build{version: "v1"}, "(devel)", nil, "v1"},
		{"go install of a version", build{}, "v1.2.3", nil, "1.2.3"},
		{"go install of a commit", build{}, "v1.2.4-0.20260102150405-0123456789ab", nil, "1.2.4-0.20260102150405-0123456789ab"},
		{"go build in a clone", build{}, "(devel)", inClone, "dev (commit 0123456789ab, 2026-01-02T15:04:05Z)"},
		{"go build elsewhere", build{}, "", nil, "dev"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.settings}
		if got := newBuild(c.set, info).String(); got != c.want {
			t.Errorf("%s: want %q, got %q", c.name, c.want, got)
		}
	}
}
