package e2e

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// TestSecretsNeverShow walks through failures that have a secret at hand: each
// run's output and every file is searched (world.wait and settled do that).
func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *sandbox.Options) { o.RetryAfter = true })
	w.write(history[0])
	report := filepath.Join(w.dir, "report.json")
	w.must(0, "apply", "--auto-approve", "-v", "--report", report)
	w.write(history[1])
	for _, rule := range []faults.Rule{
		{Path: "/login", Do: faults.Status(502), Times: 2},
		{Path: "/login", Do: faults.Answer(400, "application/json", `{"detail":"no user with password `+sandbox.DefaultPassword+`"}`)},
		{Path: "/login", Do: faults.Answer(422, "application/json", `{"detail":[{"loc":["body","password"],"msg":"bad","type":"x","input":"`+sandbox.DefaultPassword+`"}]}`)},
		{Path: "/api/agents/AGT", Do: faults.Unauthorized(), Nth: 2},
		{Path: "/api/agents/AGT", Do: faults.CutBefore(), Nth: 3},
		{Path: "/api/agents/AGT", Do: faults.Truncate()},
		{Path: "/configs", Do: faults.Status(500)},
		{Path: "/refresh_token", Do: faults.CutBefore()},
	} {
		w.faults.Reset()
		w.faults.Add(rule)
		w.platform.RevokeTokens()
		for _, args := range [][]string{{"plan", "-v"}, {"plan", "-v", "--format", "json"}, {"apply", "-v", "--auto-approve", "--report", report}} {
			w.run(args...)
			w.noSecretsInFiles()
		}
	}
	w.faults.Reset()
	w.must(0, "apply", "-v", "--auto-approve", "--report", report)
	w.settled()
}

// TestRedirectToAnotherHost: credentials never go to a host that was not configured.
func TestRedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(other.Close)
	for _, path := range []string{"/login", "/api/agents"} {
		w := newWorld(t, nil)
		w.write(history[0])
		w.env = []string{"INDUSLABS_API_KEY="} // whose listing needs no login
		w.faults.Add(faults.Rule{Path: path, Do: func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(rw, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		}})
		r := w.must(1, "plan")
		if !strings.Contains(r.stderr, "redirect") {
			t.Errorf("the error does not tell of the redirect: %s", r)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

// TestHostileManifests: what a pull request from a stranger may try.
func TestHostileManifests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for _, pair := range []string{"ba", "cb", "dc", "ed", "fe", "gf", "hg"} {
		bomb += string(pair[0]) + ": &" + string(pair[0]) + " [" + strings.Repeat("*"+string(pair[1])+",", 10) + "]\n"
	}
	w.write(map[string]string{
		"escape.yaml":   agentYAML("escape", `"a\e[31mred"`, ""),
		"inject.yaml":   agentYAML("inject", `"x\n::set-output name=a::b\n::error::owned"`, ""),
		"outside.yaml":  agentYAML("outside", "{file: ../../../../etc/passwd}", ""),
		"absolute.yaml": agentYAML("absolute", "{file: /etc/passwd}", ""),
		"bomb.yaml":     "apiVersion: agentsync/v1\nkind: Agent\n" + bomb,
		"deep.yaml":     "apiVersion: agentsync/v1\nkind: Agent\nspec: " + strings.Repeat("[", 20000) + "\n",
	})
	for _, format := range []string{"text", "json", "github"} {
		r := w.must(1, "validate", "--format", format)
		if strings.Contains(r.stdout+r.stderr, "root:") || strings.ContainsAny(r.stdout+r.stderr, "\x1b\x07") {
			t.Errorf("%s: %s", format, r)
		}
		for _, name := range []string{"escape", "outside", "absolute", "bomb", "deep"} {
			if !strings.Contains(r.stdout, name+".yaml") {
				t.Errorf("%s: nothing is said of %s.yaml: %s", format, name, r)
			}
		}
	}
	w.write(map[string]string{"escape.yaml": "", "outside.yaml": "", "absolute.yaml": "", "bomb.yaml": "", "deep.yaml": ""})
	for _, format := range []string{"text", "markdown", "json"} {
		r := w.must(0, "plan", "--format", format)
		for _, line := range strings.Split(r.stdout+r.stderr, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				t.Errorf("%s: a workflow command gets through: %q", format, line)
			}
		}
	}
}
