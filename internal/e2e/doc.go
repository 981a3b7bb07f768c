// Package e2e tests agentsync as its user meets it when things go wrong: the
// built program, a real server on loopback, real files, and faults in between.
package e2e
