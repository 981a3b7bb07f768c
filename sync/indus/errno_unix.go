//go:build !windows

package indus

import "syscall"

// The numbers by which a system says what became of a connection.
var (
	cutErrors    = []error{syscall.ECONNRESET, syscall.EPIPE}
	closedErrors = []error{syscall.ECONNREFUSED, syscall.ENETUNREACH, syscall.EHOSTUNREACH}
)
