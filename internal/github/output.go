package github

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/internal/engine"
)

// Outputs are what later steps of the job can read. The zero value says
// nothing was found out.
type Outputs struct {
	Changes                bool
	Digest                 string
	PlanPath, MarkdownPath string
	Create, Update, Delete int
	Reason                 string // "" is success
}

// reasons are the values of the output failure-reason.
var reasons = map[engine.Kind]string{
	engine.Failed:      "error",
	engine.Usage:       "error",
	engine.Invalid:     "validation",
	engine.Refused:     "refused",
	engine.Drifted:     "drift",
	engine.NotReviewed: "not-reviewed",
	engine.Stale:       "plan-changed",
	engine.Unapplied:   "apply-failed",
	engine.Interrupted: "interrupted",
}

// Write appends the outputs to the file at path, all of them: a step that
// failed still has its outputs. "" writes nothing.
func (o Outputs) Write(path string) error {
	if path == "" {
		return nil
	}
	var b strings.Builder
	for _, one := range [][2]string{
		{"changes", strconv.FormatBool(o.Changes)}, {"digest", o.Digest},
		{"plan-path", o.PlanPath}, {"markdown-path", o.MarkdownPath},
		{"to-create", strconv.Itoa(o.Create)}, {"to-update", strconv.Itoa(o.Update)}, {"to-delete", strconv.Itoa(o.Delete)},
		{"failure-reason", o.Reason},
	} {
		// A delimiter that nobody can foresee: no value can end its own block.
		delimiter := "agentsync_" + rand.Text()
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", one[0], delimiter, one[1], delimiter)
	}
	if err := appendFile(path, b.String()); err != nil {
		return fmt.Errorf("write the outputs: %w", err)
	}
	return nil
}

func appendFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
