// Package e2e tests agentsync as its user meets it when things go wrong: the
// built program, a real server on loopback, real files, and faults in between.
//
// The tests are for unix: they stop the program with SIGTERM, which no process
// can send another on Windows.
package e2e
