package cli

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isGone says whether a write failed because its reader is gone.
func isGone(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
