package planfile

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/agentsync/agentsync/diff"
)

var (
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	commitForm = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})?$`)
	statuses   = []diff.Status{diff.Create, diff.Update, diff.Delete, diff.Unchanged, diff.Orphan}
)

// IsDigest says whether a text has the form of a plan's digest.
func IsDigest(s string) bool { return digestForm.MatchString(s) }

// check refuses what Write would never have written.
func check(p *diff.Plan) error {
	if !IsDigest(p.Digest) {
		return fmt.Errorf("digest %.80q is not sha256: and 64 hex digits", p.Digest)
	}
	if !commitForm.MatchString(p.Base) {
		return fmt.Errorf("base %.80q is no commit", p.Base)
	}
	if s := p.Shard; s != nil && (!s.Valid() || !commitForm.MatchString(s.Commit)) {
		return fmt.Errorf("shard %s is no part of a fleet, or its commit %.80q is none", s, s.Commit)
	}
	agents, steps := map[string]bool{}, map[string]bool{}
	for i, a := range p.Agents {
		switch {
		case a.Name == "":
			return fmt.Errorf("agent %d has no name", i+1)
		case agents[a.Name]:
			return fmt.Errorf("agent %.80q is there twice", a.Name)
		case !slices.Contains(statuses, a.Status):
			return fmt.Errorf("agent %.80q: status %.80q is not known", a.Name, a.Status)
		}
		agents[a.Name] = true
		for _, s := range a.Steps {
			switch {
			case s.ID == "" || s.Action == "":
				return fmt.Errorf("agent %.80q: a step has no id or no action", a.Name)
			case steps[s.ID]:
				return fmt.Errorf("step %.80q is there twice", s.ID)
			}
			steps[s.ID] = true
		}
	}
	return nil
}
