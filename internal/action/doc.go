// Package action holds the GitHub Action's scripts, and tests the Action as its
// user meets it: action.yml and the workflows of examples/github, run by a real
// runner against a platform and a GitHub on loopback.
package action
