package github_test

import "testing"

const projectAt = `apiVersion: agentsync/v1
kind: Project
spec:
  base_url: `

// A pull request that names another address would get the credentials sent there.
func TestAPullRequestDoesNotSayWhereCredentialsGo(t *testing.T) {
	w := newWorld(t)
	address := w.env["INDUSLABS_BASE_URL"]
	w.write("agentsync.yaml", projectAt+address+"\n")
	w.replace("prompts/sales.md", "politely", "boldly")
	w.env["INDUSLABS_BASE_URL"], w.env["CI"] = "", "true"
	before := len(w.faults.Requests())
	r := w.job(4, "refused", "plan")
	const line = "agentsync.yaml:4:13: the credentials would go to "
	has(t, "stderr", r.stderr, "error: "+line+address+", which only the pull request's own file names", "hint: set INDUSLABS_BASE_URL in the workflow")
	has(t, "the summary", r.summary, "### ❌ The plan failed", line)
	w.cli(4, "plan") // without the Action
	if n := len(w.faults.Requests()); n != before {
		t.Errorf("%d requests to the platform", n-before)
	}

	w.env["INDUSLABS_BASE_URL"] = address
	w.job(0, "", "plan")
	w.merge()
	w.env["INDUSLABS_BASE_URL"] = ""
	r = w.job(0, "", "apply")
	has(t, "stderr", r.stderr, "warning: agentsync.yaml:4:13: the credentials go to "+address+", which only this file names")
}

// The default address may be written down.
func TestTheDefaultAddressIsNobodysTrick(t *testing.T) {
	w := newWorld(t)
	w.write("agentsync.yaml", projectAt+"https://developer.induslabs.io/\n")
	for _, name := range []string{"INDUSLABS_BASE_URL", "INDUSLABS_EMAIL", "INDUSLABS_PASSWORD"} {
		w.env[name] = ""
	}
	has(t, "stderr", w.job(1, "error", "plan").stderr, "no credentials: set INDUSLABS_EMAIL")
}
