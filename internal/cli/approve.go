package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/git"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// driftLines tells of each section that the platform moved since the last
// apply, and when and by whom where the platform says so.
func driftLines(p *planned) []string {
	var lines []string
	for _, agent := range p.plan.Agents {
		for _, section := range value.SortedKeys(agent.Drift) {
			class := agent.Drift[section]
			if class != diff.Drift && class != diff.Both {
				continue
			}
			line := fmt.Sprintf("drift: %s: %s %s", agent.Name, sectionWords(section), moved(section, p.seen.Agents[agent.Name]))
			if len(agent.Steps) > 0 && agent.Steps[0].Action == diff.Adopt {
				line += "; agentsync has never applied it"
			}
			if class == diff.Both {
				line += ", and git moved too"
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// driftReason says what a plan with drift would overwrite.
func driftReason(p *diff.Plan) string {
	for _, agent := range p.Agents {
		for _, class := range agent.Drift {
			if (class == diff.Drift || class == diff.Both) && agent.Steps[0].Action != diff.Adopt {
				return "the platform was changed since the last apply, and this would overwrite it"
			}
		}
	}
	return "agentsync has never applied what it would adopt here, and this would overwrite it"
}

func sectionWords(section string) string { return strings.ReplaceAll(section, "_", " ") }

func moved(section string, r *diff.RemoteAgent) string {
	if r == nil {
		return "is gone from the platform"
	}
	at, by := r.UpdatedAt, r.UpdatedBy
	if section == spec.SectionConfig && r.Current != nil {
		at, by = r.Current.UpdatedAt, r.Current.UpdatedBy
	}
	text := "changed on the platform"
	if section == spec.SectionOutcomes || section == spec.SectionInfields {
		return text // the platform does not say when
	}
	if !at.IsZero() {
		text += " at " + at.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	if by != "" {
		text += " by " + by
	}
	return text
}

// ask puts the question on the terminal. Anything but yes is no.
func (a *app) ask(ctx context.Context, drift []string) error {
	question := "Apply this plan?"
	if len(drift) > 0 {
		for _, line := range drift {
			a.message("%s", line)
		}
		question = "Apply this plan and overwrite what was changed on the platform?"
	}
	fmt.Fprintf(a.env.Stderr, "%s Only \"yes\" is yes: ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.env.Stdin).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.env.Stderr)
		return errors.Join(errInterrupted, errors.New("nothing was applied"))
	case line := <-answer:
		if strings.EqualFold(line, "yes") {
			return nil
		}
		if line == "" {
			return errors.New("not applied: there was no answer")
		}
		return fmt.Errorf("not applied: the answer was %s", render.Escape(fmt.Sprintf("%q", line)))
	}
}

// headCommit is the commit that is checked out in dir, in full; "" where there
// is none, or no git.
func headCommit(ctx context.Context, dir string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	repo, err := git.Open(ctx, dir)
	if err != nil {
		return ""
	}
	commit, err := repo.Commit(ctx, "HEAD")
	if err != nil {
		return ""
	}
	return commit
}
