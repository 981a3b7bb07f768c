// Package action holds the GitHub Action's scripts, and tests the Action as its
// user meets it: action.yml and the workflows of examples/github, run by a real
// runner against a platform and a GitHub on loopback.
//
// The tests that run scripts make their runner of links to a system's tools and of
// scripts as programs, which Windows does not have: there, release.yml tries the
// Action itself.
package action
