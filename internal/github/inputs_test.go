package github_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.replace("agents.yaml", "Help the caller.", "Help every caller.")
	for name, c := range map[string]struct {
		env    map[string]string
		args   []string
		update string
	}{
		"none":             {update: "2"},
		"empty ones":       {env: map[string]string{"INPUT_TARGETS": "", "INPUT_PRUNE": "", "INPUT_PARALLELISM": ""}, update: "2"},
		"targets by lines": {env: map[string]string{"INPUT_TARGETS": "\n  sales\n  support\n"}, update: "2"},
		"targets by comma": {env: map[string]string{"INPUT_TARGETS": "sales,support"}, update: "2"},
		"one target":       {env: map[string]string{"INPUT_TARGETS": "sales", "INPUT_PARALLELISM": "2", "INPUT_PRUNE": "True"}, update: "1"},
		"a flag wins":      {env: map[string]string{"INPUT_TARGETS": "nobody"}, args: []string{"--target", "sales"}, update: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range c.env {
				w.env[k] = v
				defer delete(w.env, k)
			}
			if r := w.job(0, "", "plan", c.args...); r.outputs["to-update"] != c.update {
				t.Errorf("%s agents to update, want %s", r.outputs["to-update"], c.update)
			}
		})
	}
}

// Wrong usage is told by the input's name, and has its outputs too.
func TestWrongInputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ name, value, says string }{
		{"PRUNE", "1", `input prune: want true or false, got "1"`},
		{"REQUIRE_REVIEWED_PLAN", "no", `input require-reviewed-plan: want true or false, got "no"`},
		{"COMMIT_LOCK", "yes", `input commit-lock: want true or false, got "yes"`},
		{"PARALLELISM", "many", `input parallelism: want a number, got "many"`},
		{"PARALLELISM", "0", `--parallelism 0: want 1 to 256`},
		{"ON_DRIFT", "::error::x", `input on-drift: want fail or overwrite, got "::error::x"`},
		{"COMMENT", "yes", `input comment: want true, changes-only or false, got "yes"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.env["INPUT_"+c.name] = c.value
			defer delete(w.env, "INPUT_"+c.name)
			r := w.job(64, "error", "plan")
			has(t, "stderr", r.stderr, "error: "+c.says)
			noCommands(t, r)
		})
	}
	has(t, "stderr", w.job(64, "error", "plan", "--no-such-flag").stderr, "unknown flag")
	has(t, "stderr", w.job(64, "error", "plna").stderr, `unknown command "plna"`, "hint: did you mean \"plan\"?")
	has(t, "stderr", w.job(64, "error", "--", "--help").stderr, `unknown command "--help"`, "hint: there are: apply, drift, merge, plan, test, validate")
	has(t, "stderr", w.job(64, "error", "plan", "extra").stderr, "plan takes no arguments")
	w.env["GITHUB_EVENT_PATH"] = "/nowhere"
	has(t, "stderr", w.job(1, "error", "plan").stderr, "read the event: ")
}

func TestTheWorkingDirectoryStaysInTheWorkspace(t *testing.T) {
	w := newWorld(t)
	w.move("voice")
	outside := t.TempDir()
	for name, to := range map[string]string{"link": outside, "inner": "voice"} {
		if err := os.Symlink(to, filepath.Join(w.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(w.dir)
	for _, dir := range []string{"..", "../../..", "voice/../..", "link", outside} {
		w.env["INPUT_WORKING_DIRECTORY"] = dir
		for _, command := range []string{"plan", "validate"} {
			r := w.job(64, "error", command)
			has(t, "stderr", r.stderr, "error: input working-directory: "+dir+" leads out of the workspace")
		}
	}
	for _, dir := range []string{"voice", "inner", "./voice/../voice"} {
		w.env["INPUT_WORKING_DIRECTORY"] = dir
		w.job(0, "", "plan")
	}
	delete(w.env, "INPUT_WORKING_DIRECTORY")
	has(t, "stderr", w.job(64, "error", "plan", "-C", outside).stderr, "error: --chdir "+outside+" leads out of the workspace")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.job(0, "", "validate")
	has(t, "stdout", r.stdout, "2 agents are valid.")
	has(t, "the summary", r.summary, "✅ 2 agents are valid")

	// A project in a folder of the repository, which is a folder of the workspace.
	w.git("init", "-q", "checkout")
	w.write("checkout/voice/agents.yaml", strings.Replace(manifests, "agent_type: INBOUND", "agent_typ: INBOUND", 1))
	w.write("checkout/voice/prompts/sales.md", "Sell to {customer}.\n")
	w.git("-C", "checkout", "add", ".")
	w.git("-C", "checkout", "commit", "-qm", "voice")
	r = w.job(1, "validation", "validate", "-C", filepath.Join(w.dir, "checkout", "voice"))
	has(t, "stdout", r.stdout,
		"::error file=voice/agents.yaml,line=15,col=58::agent: unknown field \"agent_typ\"%0Ahint: did you mean \"agent_type\"?\n",
		"::warning file=voice/prompts/sales.md,line=1,col=9,title=placeholder-undeclared::")
	has(t, "the summary", r.summary, "voice/agents.yaml:15:58", "(in `voice`)")
	if r.hub != 0 {
		t.Errorf("%d writes to GitHub", r.hub)
	}
}

// TestChecks runs the checks of a pull request's manifests, and shows one that
// fails at its line.
func TestChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.job(0, "", "test")
	has(t, "stdout", r.stdout, "no checks to run")
	has(t, "the summary", r.summary, "✅ Checks: no checks to run")
	w.write("checked.yaml", `apiVersion: agentsync/v1
kind: Agent
metadata: {name: checked}
spec:
  agent: {agent_name: Checked, agent_type: INBOUND}
  config: {system_prompt: "Speak to {name}. ::error::x"}
  call_infields: [{field_name: name, field_type: TEXT}]
  checks:
    - {name: by name, metadata: {name: Rahul}, system_prompt: {contains: [Rahul]}}
    - {name: nobody, system_prompt: {contains: [Sachin]}}
`)
	r = w.job(1, "validation", "test")
	has(t, "stdout", r.stdout, "--- FAIL: checked/nobody (local)\n", "FAIL: 1 passed, 1 failed\n")
	has(t, "stderr", r.stderr, "::error file=checked.yaml,line=10,col=7,title=check nobody of checked::system_prompt: must contain \"Sachin\"; line 1: Speak to {name}. ::error::x%0Asystem_prompt: must not keep the placeholder {name}")
	has(t, "the summary", r.summary, "❌ Checks: FAIL: 1 passed, 1 failed", "must contain \"Sachin\"")
	if r.hub != 0 {
		t.Errorf("%d writes to GitHub", r.hub)
	}
	r = w.job(1, "error", "test", "--target", "cheked")
	has(t, "stderr", r.stderr, "no manifest has the agent")
}

// Outside a workflow a plan needs none of its variables.
func TestOutsideAWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name := range w.env {
		if strings.HasPrefix(name, "GITHUB_") {
			delete(w.env, name)
		}
	}
	w.replace("prompts/sales.md", "politely", "boldly")
	code, out, stderr := w.run(t.Context(), []string{"github", "plan"})
	if code != 0 || !strings.Contains(out, "boldly") || strings.Contains(stderr, "::") {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
	code, _, stderr = w.run(t.Context(), []string{"github", "apply"})
	has(t, "stderr", stderr, "GITHUB_REPOSITORY and GITHUB_SHA are not set", "hint: outside a workflow, use agentsync apply")
	if code != 1 {
		t.Errorf("exit %d", code)
	}
}
