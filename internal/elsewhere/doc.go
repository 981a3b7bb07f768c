// Package elsewhere has the tests of what brings agentsync to other places than a
// terminal and GitHub: the template for GitLab, whose shell is run as a runner
// would, against the sandbox and a fake of the few requests of GitLab's API that
// it sends; the hooks of pre-commit; the dev container; the entry of the JSON
// Schema Store.
package elsewhere
