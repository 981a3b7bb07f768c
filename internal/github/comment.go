package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/console"
	"github.com/agentsync/agentsync/sync"
)

// sticky is the one comment of an environment of a project in a pull request.
type sticky struct {
	client *Client
	number int    // the pull request's
	marker marker // whose environment and project are the key

	id   int64 // 0 while there is none
	note note
	more []int64 // further comments of ours
}

// sticky is this project's comment in a pull request.
func (j *Job) sticky(number int) sticky {
	return sticky{client: j.Client, number: number, marker: j.marker()}
}

// find looks for the comment. Of several, as two runs at once leave them, the
// oldest is the comment, and its text is that of the one written last.
func (s *sticky) find(ctx context.Context) error {
	me, err := s.client.author(ctx)
	if err != nil {
		return err
	}
	all, err := s.client.Comments(ctx, s.number)
	if err != nil {
		return err
	}
	s.id, s.note, s.more = 0, note{}, nil
	var latest time.Time
	for _, c := range all {
		n, ok := parseNote(c.GetBody())
		if !ok || !wrote(me, c.User) || !n.marker.sameKey(s.marker) {
			continue
		}
		if s.id == 0 {
			s.id = c.GetID()
		} else {
			s.more = append(s.more, c.GetID())
		}
		if at := c.GetUpdatedAt().Time; !at.Before(latest) {
			latest, s.note = at, n
		}
	}
	return nil
}

// put makes the one comment say n. Further ones of ours are deleted.
func (s *sticky) put(ctx context.Context, n note) error {
	body, err := n.String(), error(nil)
	if s.id != 0 {
		err = s.client.EditComment(ctx, s.id, body)
	}
	if s.id == 0 || statusOf(err) == http.StatusNotFound { // somebody has deleted it just now
		err = s.create(ctx, body)
	}
	if err != nil {
		return err
	}
	s.note = n
	for _, id := range s.more {
		if err := s.client.DeleteComment(ctx, id); err != nil {
			return err
		}
	}
	s.more = nil
	return nil
}

// create makes the comment, once, also when the answer to its POST is lost.
func (s *sticky) create(ctx context.Context, body string) (err error) {
	s.id, err = s.client.CreateComment(ctx, s.number, body)
	if code := statusOf(err); err == nil || code != 0 && code < 500 || ctx.Err() != nil || s.find(ctx) != nil {
		return err
	}
	if s.id != 0 {
		return s.client.EditComment(ctx, s.id, body)
	}
	s.id, err = s.client.CreateComment(ctx, s.number, body)
	return err
}

// tell makes the comment say what became of the reviewed plan, which stays in
// it, folded; and the comments of earlier pull requests, where the apply needed
// their reviews. body returns the text below the title in about so many bytes. A
// comment that can't be written is a warning, so that no apply stays half done.
func (j *Job) tell(ctx context.Context, r *review, s state, title string, body func(limit int) string) {
	for _, one := range append([]*review{r}, r.used...) {
		if one.id == 0 || j.Inputs.Comment == CommentNever {
			continue
		}
		head := "### " + title + j.title() + "\n\n"
		if one != r {
			head += "Together with what was merged after it.\n\n"
		}
		n := one.note
		n.status, n.foot = status{State: s, Steps: n.status.Steps, Commit: r.commit}, j.foot("Last told")
		for _, limit := range []int{30_000, 10_000, 3_000, 500} {
			n.told = head + body(limit)
			if len(n.String()) <= bodyLimit {
				break
			}
		}
		if len(n.String()) > bodyLimit {
			n.document = "_The plan is too large to stand here; it is in the log of the pull request's run._"
		}
		if err := one.put(ctx, n); err != nil {
			j.warn("the comment was not brought up to date", err)
		}
	}
}

// nothingWritten is a body that says why nothing was done.
func nothingWritten(why string) func(int) string {
	return func(limit int) string { return "Nothing was written.\n\n" + fenced("text", why, limit) }
}

// reportMarkdown is an apply's report in about limit bytes.
func (j *Job) reportMarkdown(report *sync.Report, failure error, limit int) string {
	var b strings.Builder
	counts := report.Summary
	fmt.Fprintf(&b, "%d of %s done", counts.Done, render.Count(counts.Steps, "step"))
	for i, n := range []int{counts.Failed, counts.Unknown, counts.Skipped} {
		if n > 0 {
			fmt.Fprintf(&b, ", %d %s", n, []string{"failed", "unknown", "skipped"}[i])
		}
	}
	b.WriteString(".\n")
	why := reportFailures(report)
	if why == "" && failure != nil {
		why = errorText(failure, j.Folder)
	}
	if why != "" {
		b.WriteString("\n" + fenced("text", why, limit/3))
	}
	if failure != nil {
		b.WriteString("\n**What to do:** when what is wrong is mended, run this job again: it looks at what is there, and does the rest of this plan and nothing else.\n")
	}
	if limit < 2_000 {
		return b.String() + "\nEvery step is in the job's log and summary.\n"
	}
	var steps strings.Builder
	console.Report(&steps, report)
	return b.String() + "\n" + folded("Every step", fenced("text", strings.TrimSpace(steps.String()), limit*2/3))
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
