package action

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/github"
	"gopkg.in/yaml.v3"
)

// skip skips a test, unless everything is to be tried.
func skip(t *testing.T, reason string) {
	t.Helper()
	if exhaustive.On() {
		t.Fatal(reason)
	}
	t.Skip(reason + "; " + exhaustive.Variable + " is not set")
}

// metadata is what action.yml says.
type metadata struct {
	Name, Description string
	Inputs            map[string]struct {
		Description, Default string
		Required             bool
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []map[string]any
	}
}

func readAction(t *testing.T) metadata {
	t.Helper()
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var m metadata
	if err := yaml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestActionPastesNothing holds that action.yml runs no other action, and that
// no value ever becomes a part of a shell line: expressions stand in env alone.
func TestActionPastesNothing(t *testing.T) {
	m := readAction(t)
	if m.Runs.Using != "composite" || len(m.Runs.Steps) == 0 {
		t.Fatalf("want a composite action with steps, got %+v", m.Runs)
	}
	for i, step := range m.Runs.Steps {
		if run, _ := step["run"].(string); run == "" || step["shell"] != "bash" {
			t.Errorf("step %d: want a run step of bash, got %v", i, step)
		}
		for key, value := range step {
			switch text, ok := value.(string); {
			case key == "uses":
				t.Errorf("step %d uses %v", i, value)
			case key != "env" && (!ok || strings.Contains(text, "${{")):
				t.Errorf("step %d: %s has an expression, or is no text: %v", i, key, value)
			}
		}
	}
}

// TestActionHandsInputsOn holds that each input reaches the command under the
// name that it reads, and each output comes from it. Only build is about how the
// command is had, and goes to the step before.
func TestActionHandsInputsOn(t *testing.T) {
	m := readAction(t)
	get, run := m.Runs.Steps[0], m.Runs.Steps[len(m.Runs.Steps)-1]
	handed := map[string]string{"INPUT_BUILD": fmt.Sprint(get["env"].(map[string]any)["BUILD"])}
	for name, value := range run["env"].(map[string]any) {
		if strings.HasPrefix(name, "INPUT_") {
			handed[name] = value.(string)
		}
	}
	want := map[string]string{}
	for input := range m.Inputs {
		want["INPUT_"+strings.ToUpper(strings.ReplaceAll(input, "-", "_"))] = "${{ inputs." + input + " }}"
	}
	if !maps.Equal(handed, want) {
		t.Errorf("want the run step's env to have %v\ngot %v", want, handed)
	}
	for output, o := range m.Outputs {
		if !strings.Contains(o.Value, "steps."+run["id"].(string)+".outputs."+output+" ") {
			t.Errorf("output %s is %s", output, o.Value)
		}
	}
}

// TestActionHasAllOutputs holds the outputs that the command writes against
// those that action.yml hands on.
func TestActionHasAllOutputs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	if err := (github.Outputs{}).Write(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, found := range regexp.MustCompile(`(?m)^([a-z-]+)<<`).FindAllStringSubmatch(string(data), -1) {
		written = append(written, found[1])
	}
	slices.Sort(written)
	if names := slices.Sorted(maps.Keys(readAction(t).Outputs)); !slices.Equal(written, names) {
		t.Errorf("the command writes %q, action.yml has %q", written, names)
	}
}

// TestActionBecomesTheProgram runs the last step's line as a runner does. The
// program takes the shell's place, so that a cancelled job's signal reaches it,
// and its exit code is the step's. A value with a shell's signs stays a value.
func TestActionBecomesTheProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a script is no program there")
	}
	m := readAction(t)
	dir := t.TempDir()
	program, script := filepath.Join(dir, "a program"), filepath.Join(dir, "script.sh")
	for path, text := range map[string]string{
		program: "#!/usr/bin/env bash\necho \"$$ $# $*\"\nexit 3\n",
		script:  m.Runs.Steps[len(m.Runs.Steps)-1]["run"].(string),
	} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("bash"); err != nil {
		skip(t, "no bash")
	}
	const hostile = "plan; $(exit 1) `exit 1` \" ' *"
	for command, args := range map[string]string{
		"plan": "2 github plan", hostile: "2 github " + hostile, "": "2 github ",
		"--help": "3 github -- --help", "-h": "3 github -- -h", // no flags: they would end well
	} {
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
		cmd.Env = append(os.Environ(), "AGENTSYNC="+program, "INPUT_COMMAND="+command)
		out, err := cmd.Output()
		if want := fmt.Sprintf("%d %s\n", cmd.ProcessState.Pid(), args); string(out) != want || cmd.ProcessState.ExitCode() != 3 {
			t.Errorf("want exit 3 and %q, got %v and %q", want, err, out)
		}
	}
}

// TestPageHasTheAction holds the two tables of docs/pull-requests.md against action.yml: the same
// names, and the same defaults.
func TestPageHasTheAction(t *testing.T) {
	page, err := os.ReadFile("../../docs/pull-requests.md")
	if err != nil {
		t.Fatal(err)
	}
	m := readAction(t)
	inputs := tableOf(t, string(page), "| input |")
	if names := slices.Sorted(maps.Keys(m.Inputs)); !slices.Equal(slices.Sorted(maps.Keys(inputs)), names) {
		t.Errorf("the page has the inputs %q, action.yml %q", slices.Sorted(maps.Keys(inputs)), names)
	}
	for name, cells := range inputs {
		if said := strings.Trim(cells[0], " `"); said != m.Inputs[name].Default && !m.Inputs[name].Required {
			t.Errorf("the page says that %s is %q by default, action.yml %q", name, said, m.Inputs[name].Default)
		}
	}
	outputs := tableOf(t, string(page), "| output |")
	if names := slices.Sorted(maps.Keys(m.Outputs)); !slices.Equal(slices.Sorted(maps.Keys(outputs)), names) {
		t.Errorf("the page has the outputs %q, action.yml %q", slices.Sorted(maps.Keys(outputs)), names)
	}
}

var codeName = regexp.MustCompile("`([a-z-]+)`")

// tableOf reads the Markdown table whose header begins so: the names of its
// first cells, and the cells after them.
func tableOf(t *testing.T, text, header string) map[string][]string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n"+header)
	if !ok {
		t.Fatalf("the page has no table %q", header)
	}
	rows := map[string][]string{}
	for _, line := range strings.Split(rest, "\n")[2:] {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			break
		}
		for _, name := range codeName.FindAllStringSubmatch(cells[1], -1) {
			rows[name[1]] = cells[2:]
		}
	}
	return rows
}
