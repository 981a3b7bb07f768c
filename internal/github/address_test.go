package github_test

import "testing"

const projectAt = `apiVersion: agentsync/v1
kind: Project
spec:
  base_url: `

// A file that names another address would get the credentials sent there,
// whatever has started the run.
func TestAFileDoesNotSayWhereCredentialsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.env["INDUSLABS_BASE_URL"]
	w.write("agentsync.yaml", projectAt+address+"\n")
	w.replace("prompts/sales.md", "politely", "boldly")
	before := len(w.faults.Requests())
	const line = "agentsync.yaml:4:13: the credentials would go to "
	w.env["INDUSLABS_BASE_URL"], w.env["CI"] = "", "true"
	for _, event := range []string{"pull_request", "push", "merge_group", "workflow_run", "issue_comment", "schedule", "workflow_dispatch"} {
		w.env["GITHUB_EVENT_NAME"] = event
		r := w.job(4, "refused", "plan")
		has(t, "stderr", r.stderr, "error: "+line+address+", which only this file names", "hint: set INDUSLABS_BASE_URL in the workflow")
		has(t, "the summary", r.summary, "### ❌ The plan failed", line)
	}
	w.cli(4, "plan") // without the Action
	w.env["CI"] = "" // a step may unset it
	w.job(4, "refused", "drift")
	w.merge()
	w.job(4, "refused", "apply")
	if n := len(w.faults.Requests()); n != before {
		t.Errorf("%d requests to the platform", n-before)
	}

	w.env["INDUSLABS_BASE_URL"] = address + "/"
	w.onPull()
	w.job(0, "", "plan")
	w.env["INDUSLABS_BASE_URL"] = "https://developer.induslabs.io"
	r := w.job(64, "error", "plan")
	has(t, "stderr", r.stderr, "error: two addresses: INDUSLABS_BASE_URL is https://developer.induslabs.io, and agentsync.yaml:4:13 says "+address)
}

// The default address may be written down.
func TestTheDefaultAddressIsNobodysTrick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("agentsync.yaml", projectAt+"https://developer.induslabs.io/\n")
	for _, name := range []string{"INDUSLABS_BASE_URL", "INDUSLABS_EMAIL", "INDUSLABS_PASSWORD"} {
		w.env[name] = ""
	}
	has(t, "stderr", w.job(1, "error", "plan").stderr, "no credentials: set INDUSLABS_EMAIL")
}
