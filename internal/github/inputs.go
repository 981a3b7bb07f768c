package github

// Inputs are what a job is asked to do, as the Action's inputs say it.
type Inputs struct {
	Comment         string // "true", "changes-only" or "false"
	RequireReviewed bool   // an apply needs a plan that was reviewed
	CommitLock      bool   // an apply commits the lock file
}

// The values of Inputs.Comment.
const (
	CommentAlways  = "true"
	CommentChanges = "changes-only"
	CommentNever   = "false"
)
