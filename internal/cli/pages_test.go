package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// page is a page of the documentation as a story. Its text says all of it:
//
//	<!-- story ... -->   commands of a story, and files, which readers do not see
//	```yaml file=NAME    a file that what follows finds there
//	```sh                commands, each of which must end with 0
//	```console           commands after "$ ", and what a terminal shows of them
//	```console fails     the same, where the last one ends with 1
//	```sh not run: WHY   what can't be tried here, which is counted
//
// A line "…" in what is shown stands for any number of lines.
type page struct {
	path   string
	lines  []string
	blocks []block
}

// block is a fenced block: the lines from first to before end, without the fences.
type block struct {
	first, end int
	info       string
	shown      []string // of a console block: its lines as they turned out
}

var fence = regexp.MustCompile("^```+")

// readPage returns the page, and the story that it tells.
func readPage(t *testing.T, path string) (*page, string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{path: path, lines: strings.Split(string(data), "\n")}
	var script, files []string
	for i := 0; i < len(p.lines); i++ {
		switch line := p.lines[i]; {
		case line == "<!-- story":
			to := &script
			for i++; p.lines[i] != "-->"; i++ {
				if strings.HasPrefix(p.lines[i], "-- ") {
					to = &files
				}
				*to = append(*to, p.lines[i])
			}
		case fence.MatchString(line):
			end := i + 1
			for end < len(p.lines) && p.lines[end] != fence.FindString(line) {
				end++
			}
			if end == len(p.lines) {
				t.Fatalf("%s:%d: the block has no end", path, i+1)
			}
			p.blocks = append(p.blocks, block{first: i + 1, end: end, info: strings.TrimLeft(line, "`")})
			script = append(script, fmt.Sprintf("block %d", len(p.blocks)-1))
			i = end
		}
	}
	return p, strings.Join(append(script, files...), "\n") + "\n"
}

// TestPages runs what the pages tell their readers to run, and holds what they
// show against what is shown. UPDATE_PAGES=1 writes that into the pages.
func TestPages(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pages are written for a shell whose paths Go does not take there")
	}
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) < 8 {
		t.Fatalf("want the pages in docs, found %d: %v", len(paths), err)
	}
	notRun := 0
	for _, path := range append(paths, "../../README.md") {
		p, script := readPage(t, path)
		for _, b := range p.blocks {
			if lang, why, ok := strings.Cut(b.info, " not run: "); ok {
				notRun++
				t.Logf("%s:%d: this %s block is not run: %s", filepath.Base(path), b.first, lang, why)
			}
		}
		story := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), ".md")+".txtar")
		if err := os.WriteFile(story, []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			params := storyParams("", nil, "")
			params.Files, params.UpdateScripts = []string{story}, false
			params.Cmds = map[string]func(*testscript.TestScript, bool, []string){"block": p.run}
			for name, command := range storyCommands {
				params.Cmds[name] = command
			}
			t.Cleanup(func() { // a story runs on after this function
				if os.Getenv("UPDATE_PAGES") != "" {
					p.write(t)
				}
			})
			testscript.Run(t, params)
		})
	}
	if want := 3; notRun != want {
		t.Errorf("%d blocks are not run, want %d: say a good reason for each, and count it here", notRun, want)
	}
}

// run is `block N`: does what the page's block N says.
func (p *page) run(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	b := &p.blocks[n]
	lines := p.lines[b.first:b.end]
	lang, rest, _ := strings.Cut(b.info, " ")
	if name, ok := strings.CutPrefix(rest, "file="); ok {
		path := ts.MkAbs(name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
		return
	}
	if lang != "sh" && lang != "console" || strings.HasPrefix(rest, "not run: ") {
		return
	}
	want := "0"
	if rest == "fails" {
		want = "1"
	}
	commands, shown := lines, []string(nil)
	if lang == "console" {
		commands, shown = nil, lines
		for _, line := range lines {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				commands = append(commands, "printf '%s\\n' "+quoted(line), command)
			}
		}
	}
	said := shell(ts, commands, want)
	if lang == "sh" {
		return
	}
	b.shown = strings.Split(strings.TrimRight(said, "\n"), "\n")
	if os.Getenv("UPDATE_PAGES") == "" && !alike(shown, b.shown) {
		ts.Fatalf("%s:%d shows (-) what is not so (+); UPDATE_PAGES=1 sets it right:\n%s", p.path, b.first, cmp.Diff(shown, b.shown))
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shell runs commands in the story's folder, as one who types them: each must end
// with 0, but the last one with want. It returns all that they said, and the
// story goes on in the folder where they ended.
func shell(ts *testscript.TestScript, commands []string, want string) string {
	script := "exec 2>&1\nset -e\ntrap 'code=$?; pwd >\"$TMPDIR/pwd\"; exit $code' EXIT\n"
	for _, command := range commands {
		command = strings.ReplaceAll(command, "go run . ", "agentsync ")
		if strings.HasPrefix(command, "go test ./...") {
			continue // this is one of its tests
		}
		script += command + "\n"
	}
	err := ts.Exec("sh", "-c", script)
	said := ts.ReadFile("stdout")
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != want {
		ts.Fatalf("want the exit code %s, got %s of:\n%s\n%s", want, code, strings.Join(commands, "\n"), said)
	}
	ts.Check(ts.Chdir(strings.TrimSpace(ts.ReadFile(filepath.Join(ts.Getenv("TMPDIR"), "pwd")))))
	if address := ts.Getenv("INDUSLABS_BASE_URL"); address != "" {
		said = strings.NewReplacer(address, "https://developer.induslabs.io", "@sandbox.invalid", "@example.com").Replace(said)
	}
	return said
}

// varies is what differs from run to run: digests, commits, ids of agents that are
// made at once, of users and calls, and how long there is left to wait.
var varies = regexp.MustCompile(`at most [0-9ms]+|AGT_[0-9A-F]{8}|call_[0-9a-f]+|\b[0-9a-f]{64}\b|\b[0-9a-f]{40}\b|\b[0-9a-f]{24}\b|\b[0-9a-f]{12}\b|\b[0-9a-f]{7,8}\b`)

// alike reports whether a page may show shown where it is said.
func alike(shown, said []string) bool {
	if len(shown) == 0 {
		return len(said) == 0
	}
	if shown[0] == "…" {
		for i := range len(said) + 1 {
			if alike(shown[1:], said[i:]) {
				return true
			}
		}
		return false
	}
	return len(said) > 0 && varies.ReplaceAllString(shown[0], "#") == varies.ReplaceAllString(said[0], "#") && alike(shown[1:], said[1:])
}

// write sets right what the page shows.
func (p *page) write(t *testing.T) {
	t.Helper()
	var out []string
	at := 0
	for _, b := range p.blocks {
		out = append(out, p.lines[at:b.first]...)
		if b.shown == nil || alike(p.lines[b.first:b.end], b.shown) {
			out = append(out, p.lines[b.first:b.end]...)
		} else {
			out = append(out, b.shown...)
		}
		at = b.end
	}
	text := strings.Join(append(out, p.lines[at:]...), "\n")
	if err := os.WriteFile(p.path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
