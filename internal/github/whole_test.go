package github_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/agentsync/agentsync/internal/exhaustive"
)

// rewrite is an agent whose prompt has so many lines, in words that no other has.
func (w *world) rewrite(agents, lines int, say string) (said []string) {
	w.t.Helper()
	var manifest strings.Builder
	for i := range agents {
		fmt.Fprintf(&manifest, "---\napiVersion: agentsync/v1\nkind: Agent\nmetadata: {name: agent-%02d}\nspec:\n  agent: {agent_name: Agent %d, agent_description: x, agent_type: INBOUND}\n  config: {system_prompt: {file: prompts/%d.md}}\n", i, i, i)
		var text []string
		for k := range lines {
			text = append(text, fmt.Sprintf("Agent %02d %s in line %05d.", i, say, k))
		}
		said = append(said, text...)
		w.write(fmt.Sprintf("prompts/%d.md", i), strings.Join(text, "\n")+"\n")
	}
	w.write("more.yaml", manifest.String())
	return said
}

// missing counts the changed lines that are not in a text, under either sign.
func missing(text, sign string, lines []string) (n int) {
	have := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		have[strings.TrimSpace(line)] = true
	}
	for _, line := range lines {
		if !have[sign+" "+line] {
			n++
		}
	}
	return n
}

// However much changes, each changed line stands where the comment says it does,
// and the comment itself has as many as GitHub takes.
func TestTheWholePlanCanBeRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		agents, lines int
		before, after string
		place         string
	}{
		"a prompt of 2,400 changed lines":       {1, 1200, "said", "says", "the job summary"},
		"20 agents of 900 rewritten lines each": {20, 900, "said what it was told", "says what it wants, now that it may", "the log of this job"},
		"20 agents in Devanagari":               {20, 90, "ने कहा", "कहता है", "the job summary"},
	} {
		if tt.agents*tt.lines > 10_000 && !exhaustive.On() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.rewrite(tt.agents, tt.lines, tt.before)
			w.cli(0, "apply", "--auto-approve")
			after := w.rewrite(tt.agents, tt.lines, tt.after)
			r := w.job(0, "", "plan")
			noCommands(t, r)
			body := w.comment().Body
			named := regexp.MustCompile(`See (.*) for the whole plan\.`).FindStringSubmatch(body)
			if named == nil || named[1] != tt.place {
				t.Fatalf("the comment points to %q, want %q", named, tt.place)
			}
			places := map[string]string{"the job summary": r.summary, "the log of this job": r.stdout}
			for _, place := range []string{tt.place, "the log of this job"} {
				if old, now := missing(places[place], "-", before), missing(places[place], "+", after); old+now > 0 {
					t.Errorf("%s lacks %d old and %d new lines", place, old, now)
				}
			}
			if n := utf8.RuneCountInString(body); n < 56_000 || n > 65_536 {
				t.Errorf("a comment of %d characters", n)
			}
			if len(r.summary) > 1<<20 {
				t.Errorf("a summary of %d bytes", len(r.summary))
			}
			if n := strings.Count(r.stdout, "\n::group::"); n != strings.Count(r.stdout, "\n::endgroup::\n") || tt.lines > 200 && n != tt.agents {
				t.Errorf("%d groups", n)
			}
		})
	}
}

// A plan that is refused as another one than was reviewed says all that differs
// in the log, which the comment points to.
func TestAllThatDiffersCanBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rewrite(1, 10, "is there")
	w.cli(0, "apply", "--auto-approve")
	w.rewrite(1, 700, "was to say")
	w.job(0, "", "plan")
	w.merge()
	lines := w.rewrite(1, 700, "says another thing")
	r := w.job(3, "plan-changed", "apply")
	_, differences, _ := strings.Cut(r.stdout, "What differs from the reviewed plan:")
	if n := missing(differences, "+", lines); n > 0 {
		t.Errorf("the log lacks %d lines of what differs", n)
	}
	has(t, "the comment", w.comment().Body, "see the log of this job")
}

// Where there is no room in the summary, as after other steps, the comment does
// not point there.
func TestAFullSummaryIsNotNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rewrite(1, 3000, "is new")
	w.summary = strings.Repeat("x", 950_000)
	w.job(0, "", "plan")
	w.comment("See the log of this job for the whole plan.")
}
