package github

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	api "github.com/google/go-github/v84/github"
)

// sticky is the one comment of an environment of a project in a pull request.
type sticky struct {
	client *Client
	number int
	marker marker // whose environment and project are the key

	id   int64 // 0 while there is none
	note note
	raw  string // body as it stands on GitHub
	more []int64
}

// find looks for the comment through all pages. Several of ours, as two runs
// at once leave them: the oldest is the comment, and its text is that of the
// one that was written last.
func (s *sticky) find(ctx context.Context) error {
	me, err := s.client.author(ctx)
	if err != nil {
		return err
	}
	all, err := s.client.Comments(ctx, s.number)
	if err != nil {
		return err
	}
	s.id, s.raw, s.note, s.more = 0, "", note{}, nil
	var newest time.Time
	slices.SortStableFunc(all, func(a, b *api.IssueComment) int { return cmp.Compare(a.GetID(), b.GetID()) })
	for _, c := range all {
		n, ok := parseNote(c.GetBody())
		if !ok || !me.wrote(c.User) || n.marker.Environment != s.marker.Environment || n.marker.Project != s.marker.Project {
			continue
		}
		if s.id == 0 {
			s.id, s.raw = c.GetID(), c.GetBody()
		} else {
			s.more = append(s.more, c.GetID())
		}
		if at := c.GetUpdatedAt().Time; !at.Before(newest) {
			newest, s.note = at, n
		}
	}
	return nil
}

// put makes the comment say n: it is edited in place, or made when there is
// none. Further ones of ours are deleted.
func (s *sticky) put(ctx context.Context, n note) error {
	body := n.String()
	err := error(nil)
	if s.id != 0 && body != s.raw {
		err = s.client.EditComment(ctx, s.id, body)
	}
	if s.id == 0 || statusOf(err) == http.StatusNotFound { // somebody has deleted it just now
		err = s.create(ctx, body)
	}
	if err != nil {
		return err
	}
	s.note, s.raw = n, body
	for _, id := range s.more {
		if err := s.client.DeleteComment(ctx, id); err != nil {
			return err
		}
	}
	s.more = nil
	return nil
}

// create makes the comment. A POST whose answer was lost may have made it: it
// is looked for before it is sent again.
func (s *sticky) create(ctx context.Context, body string) error {
	var err error
	if s.id, err = s.client.CreateComment(ctx, s.number, body); err == nil {
		return nil
	}
	if status := statusOf(err); status != 0 && status < 500 || ctx.Err() != nil {
		return err
	}
	if findErr := s.find(ctx); findErr != nil {
		return err
	}
	if s.id != 0 {
		return s.client.EditComment(ctx, s.id, body)
	}
	s.id, err = s.client.CreateComment(ctx, s.number, body)
	return err
}
