package github_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/agentsync/agentsync/internal/exhaustive"
	"github.com/agentsync/agentsync/internal/faults"
	"github.com/agentsync/agentsync/internal/github/fakegithub"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

const poison = "::add-mask::SECRET\n  ::error::x\n##[error]y\n````\n</details>\n<!-- agentsync:end -->\n-->\n@everyone #1 https://evil.example <img src=x> \u202e"

// ours is the mark-up that we write.
var ours = regexp.MustCompile(`^(<!-- agentsync:[a-z]+[^<>]*-->|<details>|</details>|<summary>.*</summary>|</?sub>|</?a( href="https://git\.example\.com/[a-z0-9/]*")?>|</?code>)*$`)

// inert wants a comment or summary to have no mark-up but ours, every folded
// block closed, and nothing alive outside of code.
func inert(t *testing.T, what, body string) {
	t.Helper()
	raw := []byte(body)
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM))
	open := 0
	html := func(s string) {
		open += strings.Count(s, "<details>") - strings.Count(s, "</details>")
		for _, line := range strings.Split(strings.TrimSpace(s), "\n") {
			line = regexp.MustCompile(`<code>[^<>]*</code>`).ReplaceAllString(line, "")
			if !ours.MatchString(strings.TrimSpace(line)) {
				t.Errorf("%s has mark-up that is not ours: %q", what, line)
			}
		}
	}
	err := ast.Walk(markdown.Parser().Parse(text.NewReader(raw)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan, *ast.FencedCodeBlock:
			return ast.WalkSkipChildren, nil
		case *ast.HTMLBlock:
			block := string(n.Lines().Value(raw))
			if n.HasClosure() {
				block += string(n.ClosureLine.Value(raw))
			}
			html(block)
		case *ast.RawHTML:
			html(string(n.Segments.Value(raw)))
		case *ast.Text:
			if s := string(n.Segment.Value(raw)); strings.ContainsAny(s, "@<") || strings.Contains(s, "evil") {
				t.Errorf("%s has this outside of code: %q", what, s)
			}
		case *ast.Link, *ast.AutoLink, *ast.Image:
			t.Errorf("%s has a %s", what, n.Kind())
		}
		return ast.WalkContinue, nil
	})
	if err != nil || open != 0 {
		t.Errorf("%s: %v, %d blocks stay open", what, err, open)
	}
	if t.Failed() {
		t.Logf("%s:\n%s", what, body)
	}
}

// noCommands wants no line that a runner would obey, but our own annotations.
func noCommands(t *testing.T, r result) {
	t.Helper()
	own := regexp.MustCompile(`^::(error|warning|notice) (title=agentsync |file=)|^::group::[a-z0-9-]+: all that changes$|^::endgroup::$`)
	for _, line := range strings.Split(r.stdout+r.stderr, "\n") {
		if trimmed := strings.TrimSpace(line); strings.Contains(line, "##[") || strings.HasPrefix(trimmed, "::") && !own.MatchString(line) {
			t.Errorf("a runner obeys %q", line)
		}
	}
}

func TestPoisonDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("prompts/sales.md", "Sell politely.\n"+poison)
	check := func(r result) {
		t.Helper()
		noCommands(t, r)
		inert(t, "the summary", r.summary)
		for _, c := range w.comments() {
			inert(t, "the comment", c.Body)
		}
		for _, i := range w.repo().Issues {
			inert(t, "the issue", i.Body)
		}
	}
	check(w.job(0, "", "plan"))
	w.comment("agentsync:end")
	w.merge()
	w.dashboard("Sales", poison+"!")
	check(w.job(4, "drift", "drift"))
	check(w.job(3, "plan-changed", "apply"))
	w.faults.Add(faults.Rule{Method: "POST", Path: "/publish", Times: 1, Do: faults.Answer(400, "application/json", fmt.Sprintf(`{"detail":%q}`, "no: ::stop-commands::x @everyone </details>"))})
	check(w.job(1, "apply-failed", "apply", "--require-reviewed-plan=false", "--on-drift", "overwrite"))
	check(w.job(0, "", "apply", "--require-reviewed-plan=false", "--on-drift", "overwrite"))
	w.settled()
}

func TestPoisonInAnErrorDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replace("prompts/sales.md", "politely", "boldly")
	w.job(0, "", "plan")
	w.write("agents.yaml", strings.Replace(manifests, "agent_type: OUTBOUND", `"::add-mask::x\n::error::@everyone </details> \x60\x60\x60": 1`, 1))
	r := w.job(1, "validation", "plan")
	noCommands(t, r)
	inert(t, "the summary", r.summary)
	inert(t, "the comment", w.comment().Body)
	w.write("agents.yaml", manifests)
	w.faults.Add(faults.Rule{Method: "GET", Path: "/api/agents", Do: faults.Answer(400, "application/json", `{"detail":"\n::error::@everyone </details> `+"```"+`"}`)})
	r = w.job(1, "error", "plan")
	noCommands(t, r)
	inert(t, "the summary", r.summary)
	inert(t, "the comment", w.comment().Body)
	w.github.Add(fakegithub.Rule{Method: "GET", Path: "/comments", Status: 400, Body: `{"message":"\n::error::@everyone"}`})
	noCommands(t, w.job(1, "error", "plan"))
}

// 300 agents (60 in the quick tests) whose prompts change wholly, before and
// after the apply.
func TestAHugePlanFits(t *testing.T) {
	t.Parallel()
	agents := exhaustive.Or(60, 300)
	w := newWorld(t)
	var b strings.Builder
	for i := range agents {
		fmt.Fprintf(&b, "---\napiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: agent-%03d}\nspec:\n  agent: {agent_name: Agent %d, agent_description: x, agent_type: INBOUND}\n  config: {system_prompt: {file: prompts/%d.md}}\n", i, i, i)
		w.write(fmt.Sprintf("prompts/%d.md", i), strings.Repeat(fmt.Sprintf("आप %d ```` </details>\n", i), 100))
	}
	w.write("more.yaml", b.String())
	r := w.job(0, "", "plan")
	inert(t, "the comment", w.comment().Body)
	inert(t, "the summary", r.summary)
	w.merge()
	w.faults.Add(faults.Rule{Method: "POST", Path: "/api/agents/create", Do: faults.Status(400)})
	r = w.job(1, "apply-failed", "apply")
	body := w.comment(`state="failed"`, "agent-000: ", fmt.Sprint(agents, " failed")).Body
	inert(t, "the comment", body)
	inert(t, "the summary", r.summary)
	has(t, "the comment", body, "**Cut to fit:**", "See the job summary for the whole plan.")
	if len(r.summary) > 1<<20 {
		t.Errorf("a summary of %d bytes", len(r.summary))
	}
	w.faults.Reset()
	w.job(0, "", "apply")
	w.comment("### ✅ Applied")
	for _, r := range w.github.Requests() {
		var sent struct{ Body string }
		if r.Method == "GET" || r.Path == "/graphql" {
			continue
		}
		if err := json.Unmarshal([]byte(r.Body), &sent); err != nil || utf8.RuneCountInString(sent.Body) > 65_536 {
			t.Errorf("a comment of %d bytes, %v", len(sent.Body), err)
		}
	}
}
