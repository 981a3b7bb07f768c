// Package fakegithub is a GitHub REST API for tests, as an http.Handler with
// its state in memory: repositories, pull requests, comments with pages, the
// pull requests of a commit, branches and what changed on them, issues with labels, and files that are written
// through the contents endpoint or as trees and commits that a branch is set to. It shares no code with the client that it
// tests. It answers as GitHub does where agentsync depends on it: pages with
// Link headers, an installation token's 403 on GET /user, a read-only token's
// "Resource not accessible by integration", 409 on a file that moved.
//
// A test embeds it (New, then httptest.NewServer) and works on its state with
// Edit and State; a process serves it with package serve, and its state is
// read and replaced at /_fake/state.
package fakegithub
