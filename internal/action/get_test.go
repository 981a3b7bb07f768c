package action

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
)

const (
	release        = "v1.2.3"
	releaseArchive = "agentsync_1.2.3_linux_amd64.tar.gz"
)

// archiveOf returns a release's archive of this program.
func archiveOf(t *testing.T, program []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	files := tar.NewWriter(zip)
	for name, data := range map[string][]byte{"README.md": []byte("# agentsync\n"), "agentsync": program} {
		if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// releases is GitHub's releases. Each request is answered by the next of trouble,
// and as it should be when there is none left.
type releases struct {
	url      string
	archive  []byte
	mu       sync.Mutex
	trouble  []http.HandlerFunc
	requests []string
}

func newReleases(t *testing.T, archive []byte) *releases {
	s := &releases{archive: archive}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *releases) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.URL.Path)
	answer := s.good
	if len(s.trouble) > 0 {
		answer, s.trouble = s.trouble[0], s.trouble[1:]
	}
	s.mu.Unlock()
	answer(w, r)
}

// answers makes these the answers to the next requests.
func (s *releases) answers(trouble ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = append(s.trouble, trouble...)
}

// asked are the paths of all requests so far.
func (s *releases) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *releases) good(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/"+release+"/"+releaseArchive {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(s.archive)))
	_, _ = w.Write(s.archive)
}

func (s *releases) cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(len(s.archive)))
	_, _ = w.Write(s.archive[:len(s.archive)/2])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func (s *releases) tampered(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write(append(bytes.Clone(s.archive), 0))
}

// stalled sends the half, and then nothing until the client goes away.
func (s *releases) stalled(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(len(s.archive)))
	_, _ = w.Write(s.archive[:len(s.archive)/2])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// huge announces more than any release has.
func (s *releases) huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000000000")
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// pin makes a checkout of the action the release's, as .ci/release prepare does.
func pin(t *testing.T, action string, archive []byte) {
	t.Helper()
	digest := exec.Command("bash", "-c", ". internal/action/source.sh; source_digest")
	digest.Dir = action
	source, err := digest.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s %040d\n%s  source\n%x  %s\n", release, 7, strings.TrimSpace(string(source)), sha256.Sum256(archive), releaseArchive)
	if err := os.WriteFile(filepath.Join(action, "internal", "action", "release.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newReleased is a runner with no Go, whose action is a release.
func newReleased(t *testing.T) (*runner, *releases) {
	t.Helper()
	r := newRunner(t)
	program := fmt.Sprintf("#!%[1]s/bin/bash\necho \"$*\" >>%[1]s/ran\necho agentsync 1.2.3\n", r.dir)
	s := newReleases(t, archiveOf(t, []byte(program)))
	pin(t, filepath.Join(r.dir, "action"), s.archive)
	r.write("bin/sleep", "#!"+r.dir+"/bin/bash\n", 0o755)
	r.env = []string{"AGENTSYNC_RELEASES=" + s.url, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "ACTION_REF=v1", "BUILD=false", "GH_TOKEN=t0ken"}
	return r, s
}

// gets wants the release's program, after so many requests in all.
func (r *runner) gets(s *releases, requests int) (said string) {
	r.t.Helper()
	said, code := r.run("get.sh")
	path, ok := strings.CutPrefix(strings.TrimSpace(r.output), "path=")
	if code != 0 || !ok {
		r.t.Fatalf("want a program, got exit %d, output %q:\n%s", code, r.output, said)
	}
	if out, err := exec.Command(path, "plan").Output(); err != nil || string(out) != "agentsync 1.2.3\n" {
		r.t.Errorf("the program says %q, %v", out, err)
	}
	if onPath := strings.Split(strings.TrimSpace(r.read("path")), "\n"); onPath[len(onPath)-1] != filepath.Dir(path) {
		r.t.Errorf("later steps find %q on their PATH, and the program is %s", onPath, path)
	}
	if asked := s.asked(); len(asked) != requests {
		r.t.Errorf("want %d requests, got %q", requests, asked)
	}
	return said
}

// refuses wants an end with an error that says this, after so many requests, with
// nothing run and nothing left.
func (r *runner) refuses(s *releases, requests int, what string) {
	r.t.Helper()
	said, code := r.run("get.sh")
	last := said[strings.LastIndex(strings.TrimSuffix(said, "\n"), "\n")+1:]
	if code != 1 || r.output != "failure-reason=error\n" || !strings.HasPrefix(last, "::error title=agentsync::") || !strings.Contains(last, what) {
		r.t.Errorf("want it to end with %q, got exit %d, output %q:\n%s", what, code, r.output, said)
	}
	if asked := s.asked(); len(asked) != requests {
		r.t.Errorf("want %d requests, got %q", requests, asked)
	}
	if ran := r.read("ran") + r.read("builds.log"); ran != "" {
		r.t.Errorf("it ran %s", ran)
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, "t*", "agentsync*", "*", "*"))
	more, _ := filepath.Glob(filepath.Join(r.dir, "temp", "agentsync*"))
	if left = append(left, more...); len(left) > 0 {
		r.t.Errorf("it left %q", left)
	}
}

// TestGetKeepsTheRelease downloads once for all jobs, and believes its cache no
// more than the network.
func TestGetKeepsTheRelease(t *testing.T) {
	t.Parallel()
	r, s := newReleased(t)
	r.gets(s, 1)
	r.gets(s, 1)
	kept := "tools/agentsync/" + release + "/" + releaseArchive
	if r.read(kept) != string(s.archive) {
		t.Fatal("the cache does not have the archive")
	}
	for _, spoilt := range [][]byte{s.archive[:20], archiveOf(t, []byte("#!/bin/sh\necho evil\n"))} {
		before := len(s.asked())
		r.write(kept, string(spoilt), 0o644)
		r.gets(s, before+1)
		if r.read(kept) != string(s.archive) {
			t.Error("the cache was not mended")
		}
	}
}

// TestGetRefusesWhatIsNotTheRelease: no byte of it may be unpacked or run.
func TestGetRefusesWhatIsNotTheRelease(t *testing.T) {
	t.Parallel()
	t.Run("tampered archive", func(t *testing.T) {
		r, s := newReleased(t)
		s.answers(s.tampered)
		r.refuses(s, 1, fmt.Sprintf("must be %x; nothing of it was run", sha256.Sum256(s.archive)))
	})
	t.Run("tampered checksum", func(t *testing.T) {
		r, s := newReleased(t)
		pin(t, filepath.Join(r.dir, "action"), []byte("another archive"))
		r.refuses(s, 1, fmt.Sprintf("its SHA-256 is %x, and must be", sha256.Sum256(s.archive)))
	})
	for name, text := range map[string]string{"empty": "", "no version": "1.2.3 of\n", "no digest of the sources": "v1.2.3 of\nabc  source\n",
		"a version that leads elsewhere": "v1.2.3-/../../x of\n"} {
		t.Run("release.txt "+name, func(t *testing.T) {
			r, s := newReleased(t)
			r.write("action/internal/action/release.txt", text, 0o644)
			r.refuses(s, 0, "names no release")
		})
	}
	t.Run("another tag's checkout", func(t *testing.T) {
		r, s := newReleased(t)
		r.env = append(r.env, "ACTION_REF=v1.2.4")
		r.refuses(s, 0, "the action's ref is v1.2.4, and its checkout is the release v1.2.3")
	})
	t.Run("no program for the system", func(t *testing.T) {
		r, s := newReleased(t)
		r.env = append(r.env, "RUNNER_ARCH=ARM")
		r.refuses(s, 0, "v1.2.3 has no program for linux on ARM: set build: true")
	})
}

// TestGetTriesAgain: what a second request may change is asked for four times.
func TestGetTriesAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble func(s *releases) http.HandlerFunc
		once    bool   // asked for once alone
		says    string // when it stays so
	}{
		"missing": {func(*releases) http.HandlerFunc { return http.NotFound }, true, "the release v1.2.3 lacks it"},
		"denied":  {func(*releases) http.HandlerFunc { return status(403) }, true, "could not be downloaded: curl: (22)"},
		"huge":    {func(s *releases) http.HandlerFunc { return s.huge }, true, "could not be downloaded: curl: (63)"},
		"down":    {func(*releases) http.HandlerFunc { return status(503) }, false, "could not be downloaded: curl: (22)"},
		"cut off": {func(s *releases) http.HandlerFunc { return s.cutOff }, false, "could not be downloaded: curl: (18)"},
		"stalled": {func(s *releases) http.HandlerFunc { return s.stalled }, false, "could not be downloaded: curl: (28)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, s := newReleased(t)
			if name == "stalled" {
				r.lessPatience()
			}
			trouble := c.trouble(s)
			if c.once {
				s.answers(trouble)
				r.refuses(s, 1, c.says)
				return
			}
			s.answers(trouble, trouble, trouble, trouble)
			r.refuses(s, 4, c.says)
			s.answers(trouble, trouble)
			r.gets(s, 7)
		})
	}
}

// lessPatience makes curl give up after a second. It is for trials alone in which
// a second is to pass.
func (r *runner) lessPatience() {
	r.t.Helper()
	if !exhaustive.On() {
		skip(r.t, "six seconds of waiting")
	}
	curl, err := exec.LookPath("curl")
	r.must(err)
	r.must(os.Remove(filepath.Join(r.dir, "bin", "curl")))
	r.write("bin/curl", fmt.Sprintf("#!%s/bin/bash\nexec %s \"$@\" --max-time 1\n", r.dir, curl), 0o755)
}

// TestGetBuilds: a checkout that is no release's, or is asked to, is built, and
// the build does not get the token.
func TestGetBuilds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *runner){
		"no release":       func(r *runner) { r.must(os.Remove(filepath.Join(r.dir, "action/internal/action/release.txt"))) },
		"a changed source": func(r *runner) { r.write("action/main.go", "package main\n\nfunc main() { println() }\n", 0o644) },
		"a new file":       func(r *runner) { r.write("action/more.go", "package main\n", 0o644) },
		"the input":        func(r *runner) { r.env = append(r.env, "BUILD=true") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, s := newReleased(t)
			r.fakeGo("go/bin/go", "1.26.1", "")
			change(r)
			said, code := r.run("get.sh")
			if code != 0 || r.builds() != 1 || len(s.asked()) != 0 || !strings.Contains(said, "agentsync is built from source: ") {
				t.Errorf("want a build and no request, got exit %d, %d and %q:\n%s", code, r.builds(), s.asked(), said)
			}
			if strings.Contains(r.read("builds.log"), "t0ken") {
				t.Error("the build got the token")
			}
		})
	}
	r, s := newReleased(t)
	r.env = append(r.env, "BUILD=yes")
	r.refuses(s, 0, "the input build is true or false")
}

// TestGetChecksTheAttestation asks gh where it is there and can tell.
func TestGetChecksTheAttestation(t *testing.T) {
	t.Parallel()
	withGh := func(t *testing.T, script string) (*runner, *releases) {
		r, s := newReleased(t)
		r.write("bin/gh", fmt.Sprintf("#!%[1]s/bin/bash\necho \"$GH_HOST $GH_TOKEN $*\" >>%[1]s/gh.log\n%[2]s\n", r.dir, script), 0o755)
		return r, s
	}
	t.Run("good", func(t *testing.T) {
		r, s := withGh(t, "")
		r.gets(s, 1)
		asked := r.read("gh.log")
		if !strings.Contains(asked, "github.com t0ken attestation verify "+r.dir+"/temp/agentsync-") ||
			!strings.Contains(asked, " --repo agentsync/agentsync --signer-workflow agentsync/agentsync/.github/workflows/release.yml\n") {
			t.Errorf("gh was asked %s", asked)
		}
		if r.gets(s, 1); r.read("gh.log") != asked {
			t.Error("it was asked again for what is in the cache")
		}
	})
	t.Run("none", func(t *testing.T) {
		r, s := withGh(t, `[ "$3" = --help ] || { echo "no attestations found"; exit 1; }`)
		r.refuses(s, 1, "GitHub has no attestation that "+releaseArchive+" was built by the release workflow")
		if asked := strings.Count(r.read("gh.log"), "--repo"); asked != 3 {
			t.Errorf("want 3 questions, got %d", asked)
		}
	})
	t.Run("an old gh", func(t *testing.T) {
		r, s := withGh(t, "exit 1")
		r.gets(s, 1)
	})
	t.Run("another GitHub", func(t *testing.T) {
		r, s := withGh(t, `[ "$3" = --help ]`)
		r.env = append(r.env, "GITHUB_SERVER_URL=https://github.example.com")
		if said := r.gets(s, 1); !strings.Contains(said, "the attestation is not checked") {
			t.Errorf("it does not say so: %s", said)
		}
	})
}

// TestGetSideBySide: jobs of one machine get the release at the same time.
func TestGetSideBySide(t *testing.T) {
	t.Parallel()
	r, _ := newReleased(t)
	var jobs sync.WaitGroup
	for range 4 {
		jobs.Go(func() {
			job := *r // an output of its own
			if said, code := job.run("get.sh"); code != 0 || !strings.HasPrefix(job.output, "path=") {
				t.Errorf("exit %d: %s", code, said)
			}
		})
	}
	jobs.Wait()
	if files, _ := filepath.Glob(filepath.Join(r.dir, "tools", "agentsync", release, "*")); len(files) != 1 {
		t.Errorf("want one archive, got %q", files)
	}
}
