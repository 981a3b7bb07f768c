package indus

import "golang.org/x/sys/windows"

// The numbers by which a system says what became of a connection. syscall's own
// names for them are made up on Windows, and match nothing.
var (
	cutErrors    = []error{windows.WSAECONNRESET, windows.WSAECONNABORTED}
	closedErrors = []error{windows.WSAECONNREFUSED, windows.WSAENETUNREACH, windows.WSAEHOSTUNREACH}
)
