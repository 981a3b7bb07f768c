package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/lock"
)

// A fleet can be planned and applied in parts, a job each, as a workflow's matrix
// runs them. A part's job leaves a folder for the merge (the output part-path), and
// of the pull request's comment it says but one thing, that an apply is under way:
// what became of it all the merge alone knows.
//
//	plan.json, plan.md       the part's plan, as for any job
//	about.md                 which agents the plans are about
//	apply.json               what became of the part's apply (partDone)
//	before.lock.yaml         the lock that the apply began with, if any
//	agentsync.lock.yaml      and what it made of it
const (
	planFileName   = "plan.json"
	aboutFileName  = "about.md"
	doneFileName   = "apply.json"
	beforeFileName = "before.lock.yaml"

	partTold    = 6_000  // bytes of what a part's apply says
	mergedLimit = 55_000 // bytes of a merged plan in a comment, which with the rest stays below 60,000
	partDigits  = 32     // of a part's digest that a comment has
)

// partDone is what became of a part's apply.
type partDone struct {
	State state  `json:"state,omitempty"` // that a comment of this apply would be in; "" for none
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"` // Markdown

	Reason string       `json:"reason,omitempty"` // the job's failure-reason, "" for success
	Error  string       `json:"error,omitempty"`
	Report *sync.Report `json:"report,omitempty"` // nil where nothing was begun

	locks  bool   // the lock is to be left too
	before []byte // what it was
}

func (j *Job) isPart() bool { return j.Inputs.Scope.Shard != nil }

// partOf names the part, "" for a job of the whole fleet.
func (j *Job) partOf(before string) string {
	if !j.isPart() {
		return ""
	}
	return before + "part " + j.Inputs.Scope.Shard.String()
}

// files is the folder for what later steps read, made once.
func (j *Job) files() (dir string, err error) {
	if j.dir == "" {
		j.dir, err = os.MkdirTemp(j.Run.Temp, "agentsync-")
	}
	if j.isPart() {
		j.outputs.PartPath = j.dir
	}
	return j.dir, err
}

// keepLock commits the lock file, as far as an apply has changed it; a part leaves
// that to the merge.
func (j *Job) keepLock(ctx context.Context, before []byte) {
	if j.isPart() {
		j.part.locks, j.part.before = true, before
		return
	}
	j.commitLock(ctx, before)
}

// leavePart leaves in the part's folder what the plan is about, and what became of
// an apply that ended with err.
func (j *Job) leavePart(err error) error {
	if !j.isPart() || j.Command != "plan" && j.Command != "apply" {
		return nil
	}
	dir, dirErr := j.files()
	if dirErr != nil {
		return fmt.Errorf("leave the part: %w", dirErr)
	}
	left := map[string][]byte{aboutFileName: []byte(j.about)}
	if j.Command == "apply" {
		if err != nil {
			j.part.Reason, j.part.Error = reasonOf(err), errorText(err, j.Folder)
		}
		data, jsonErr := json.Marshal(j.part)
		if jsonErr != nil {
			return fmt.Errorf("leave the part: %w", jsonErr)
		}
		left[doneFileName] = data
	}
	if j.part.locks && j.project.LockFile() != "" {
		after, lockErr := engine.ReadLock(j.project.LockFile())
		if lockErr == nil {
			left[lock.FileName], lockErr = after.Bytes()
		}
		if lockErr != nil && !errors.Is(lockErr, os.ErrNotExist) {
			return fmt.Errorf("leave the lock: %w", lockErr)
		}
		if j.part.before != nil {
			left[beforeFileName] = j.part.before
		}
	}
	for name, data := range left {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("leave the part: %w", err)
		}
	}
	return nil
}

// partDigests are what a comment says of each of n parts of a plan, "" for none.
func partDigests(p *diff.Plan, n int) string {
	var digests []string
	for i := range n {
		digests = append(digests, partDigest(p.Part(diff.Shard{Index: i + 1, Of: n})))
	}
	return strings.Join(digests, ",")
}

func partDigest(p *diff.Plan) string {
	return strings.TrimPrefix(stepsDigest(p), "sha256:")[:partDigits]
}

// parts is how many parts the comment's plan was merged of, 0 for none.
func (s status) parts() int {
	if s.Parts == "" {
		return 0
	}
	return strings.Count(s.Parts, ",") + 1
}

// hasPart says whether a part's plan does what the same part of the reviewed plan
// would, which was merged of as many.
func (s status) hasPart(now *diff.Plan) bool {
	return now.Shard != nil && s.parts() == now.Shard.Of && strings.Split(s.Parts, ",")[now.Shard.Index-1] == partDigest(now)
}
