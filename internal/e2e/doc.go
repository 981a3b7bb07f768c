// Package e2e tests agentsync as its user meets it when things go wrong: the
// built program, a real server on loopback, real files, and faults in between.
//
// The tests do not run on Windows: they stop the program with SIGTERM, which no
// process can send another there.
package e2e
