package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/sync"
)

// tell makes the comment say what became of the reviewed plan, which stays in
// it, folded; and the comments of earlier pull requests, where the apply needed
// their reviews. body returns the text below the title in about so many bytes. A
// comment that can't be written is a warning: GitHub's trouble must not leave
// an apply half told, or half done.
func (j *Job) tell(ctx context.Context, r *review, s state, title string, body func(limit int) string) {
	if j.Inputs.Comment == CommentNever {
		return
	}
	j.tellOne(ctx, r.comment, status{State: s, Commit: r.commit}, title, "", body)
	for _, one := range r.used {
		j.tellOne(ctx, one.comment, status{State: s, Commit: r.commit}, title, "Together with what was merged after it.\n\n", body)
	}
}

func (j *Job) tellOne(ctx context.Context, comment *sticky, s status, title, intro string, body func(limit int) string) {
	if comment == nil || comment.id == 0 {
		return
	}
	n := comment.note
	s.Steps = n.status.Steps
	n.status = s
	n.foot = j.foot("Last told")
	for _, limit := range []int{30_000, 10_000, 3_000, 500} {
		n.told = "### " + title + j.title(j.environment()) + "\n\n" + intro + body(limit)
		if len(n.String()) <= bodyLimit {
			break
		}
	}
	if len(n.String()) > bodyLimit {
		n.document = "_The plan is too large to stand here; it is in the log of the pull request's run._"
	}
	if err := comment.put(ctx, n); err != nil {
		j.warn("the comment was not brought up to date", err)
	}
}

// nothingWritten is a body that says why nothing was done.
func nothingWritten(why string) func(int) string {
	return func(limit int) string { return "Nothing was written.\n\n" + fenced("text", why, limit) }
}

func headline(s state) string {
	switch s {
	case applied:
		return "✅ Applied"
	case interrupted:
		return "❌ The apply was interrupted"
	}
	return "❌ The apply failed"
}

// reportMarkdown is an apply's report: counts, what failed, what to do, and
// every step, folded.
func (j *Job) reportMarkdown(report *sync.Report, failure error, limit int) string {
	var b strings.Builder
	counts := report.Summary
	fmt.Fprintf(&b, "%d of %s done", counts.Done, render.Count(counts.Steps, "step"))
	for _, one := range []struct {
		n    int
		word string
	}{{counts.Failed, "failed"}, {counts.Unknown, "unknown"}, {counts.Skipped, "skipped"}} {
		if one.n > 0 {
			fmt.Fprintf(&b, ", %d %s", one.n, one.word)
		}
	}
	b.WriteString(".\n")
	if why := reportFailures(report); why != "" {
		b.WriteString("\n" + fenced("text", why, limit/3))
	} else if failure != nil {
		b.WriteString("\n" + fenced("text", errorText(failure, j.Folder), limit/3))
	}
	if failure != nil {
		b.WriteString("\n**What to do:** when what is wrong is mended, run this job again: it looks at what is there, and does the rest of this plan and nothing else.\n")
	}
	var text strings.Builder
	console.Report(&text, report)
	if limit >= 2_000 {
		b.WriteString("\n" + folded("Every step", fenced("text", strings.TrimSpace(text.String()), limit*2/3)))
	} else {
		b.WriteString("\nEvery step is in the job's log and summary.\n")
	}
	return b.String()
}

// reportFailures says of each agent why it did not end as wanted.
func reportFailures(report *sync.Report) string {
	var b strings.Builder
	for _, agent := range report.Agents {
		if agent.Error != "" && agent.Result == "failed" {
			fmt.Fprintf(&b, "%s: %s\n", agent.Name, strings.ReplaceAll(agent.Error, "\n", "; "))
		}
	}
	return b.String()
}
