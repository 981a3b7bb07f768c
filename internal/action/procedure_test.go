package action

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeGoReleaser stands in for the minutes that GoReleaser takes: the archive of
// any version is $ARCHIVE.
const fakeGoReleaser = `mkdir -p "$temp/tools"
cat >"$temp/tools/goreleaser" <<'SCRIPT'
#!/usr/bin/env bash
. internal/action/source.sh
mkdir dist
name=agentsync_${GORELEASER_CURRENT_TAG#v}_linux_amd64.tar.gz
cp "$ARCHIVE" "dist/$name"
echo "$(sum <"dist/$name")  $name" >dist/checksums.txt
echo "$(sum <"dist/$name")  agentsync.deb" >>dist/checksums.txt
SCRIPT
chmod +x "$temp/tools/goreleaser"`

// TestReleaseProcedure goes from a commit to the Action that runs its release:
// prepare, the commit of release.txt, and get.sh in a checkout of that. verify
// holds each way to tag what the programs are not made of.
func TestReleaseProcedure(t *testing.T) {
	t.Parallel()
	r, s := newReleased(t)
	action := filepath.Join(r.dir, "action")
	script, err := os.ReadFile("../../.ci/release")
	r.must(err)
	const install = `    GOBIN="$temp/tools" go install "$module"`
	if !strings.Contains(string(script), install) {
		t.Fatalf("want .ci/release to have the line %q", install)
	}
	r.write("action/.ci/release", strings.Replace(string(script), install, fakeGoReleaser, 1), 0o755)
	r.write("archive", string(s.archive), 0o644)
	r.must(os.Remove(filepath.Join(action, "internal", "action", "release.txt")))

	do := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = action
		cmd.Env = append(os.Environ(), "ARCHIVE="+filepath.Join(r.dir, "archive"), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=Dev", "GIT_AUTHOR_EMAIL=dev@example.com", "GIT_COMMITTER_NAME=Dev", "GIT_COMMITTER_EMAIL=dev@example.com")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(name string, args ...string) {
		t.Helper()
		if out, err := do(name, args...); err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	refused := func(what string, args ...string) {
		t.Helper()
		if out, err := do("bash", append([]string{".ci/release"}, args...)...); err == nil || !strings.Contains(out, what) {
			t.Errorf("%q: want an error with %q, got %v:\n%s", args, what, err, out)
		}
	}
	must("git", "init", "--quiet")
	must("git", "add", "--all")
	refused("commit first", "prepare", release)
	must("git", "commit", "--quiet", "--message", "Begin")
	refused("want a version", "prepare", "1.2.3")
	must("bash", ".ci/release", "prepare", release)
	must("git", "add", "internal/action/release.txt")
	must("git", "commit", "--quiet", "--message", "Release")
	must("bash", ".ci/release", "verify", release)

	r.gets(s, len(s.asked())+1)

	refused("release.txt is of v1.2.3: run 'bash .ci/release prepare v1.2.4'", "verify", "v1.2.4")
	r.write("archive", string(archiveOf(t, []byte("another Go"))), 0o644)
	refused("agentsync_1.2.3_linux_amd64.tar.gz", "verify", release)
	r.write("archive", string(s.archive), 0o644)
	r.write("action/main.go", "package main\n", 0o644)
	must("git", "commit", "--quiet", "--all", "--message", "One more thing")
	refused("by internal/action/release.txt alone", "verify", release)
}
