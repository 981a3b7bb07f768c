//go:build !windows

package cli

import (
	"errors"
	"syscall"
)

// isGone says whether a write failed because its reader is gone.
func isGone(err error) bool { return errors.Is(err, syscall.EPIPE) }
