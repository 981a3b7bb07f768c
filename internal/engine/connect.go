package engine

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/sync"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// sandboxURL stands for the embedded platform in plans; nothing listens there.
const sandboxURL = "https://sandbox.invalid"

const defaultBaseURL = "https://developer.induslabs.io"

// setAddress decides the platform's address. The variable wins over the files,
// so that a pull request can't send the credentials of the one who runs it
// elsewhere.
func (p *Project) setAddress() error {
	env := &p.Environment
	if p.opt.Sandbox {
		env.BaseURL = sandboxURL
		return nil
	}
	address, named := p.opt.Getenv("INDUSLABS_BASE_URL"), "INDUSLABS_BASE_URL"
	switch {
	case address != "" && env.BaseURL != "" && env.BaseURL != address:
		p.opt.Logf("INDUSLABS_BASE_URL is used instead of %s's %s", env.BaseURLPos, env.BaseURL)
	case address == "" && env.BaseURL != "":
		address, named = env.BaseURL, env.BaseURLPos.String()
	case address == "":
		address, named = defaultBaseURL, "the default"
	}
	address, err := indus.CanonicalBaseURL(address)
	if err != nil {
		return fmt.Errorf("%s: %w", named, err)
	}
	env.BaseURL = address
	return nil
}

// checkAddress is about an address that only a file names. For a pull request
// that file is whatever its author wrote, and the credentials don't go there; in
// other CI, where nobody looks at agentsync.yaml first, it warns.
func (p *Project) checkAddress() error {
	env, getenv := p.Environment, p.opt.Getenv
	if getenv("INDUSLABS_BASE_URL") != "" || env.BaseURL == defaultBaseURL {
		return nil
	}
	const hint = "set INDUSLABS_BASE_URL in the workflow, so that no pull request can send them elsewhere"
	if getenv("GITHUB_ACTIONS") == "true" && strings.HasPrefix(getenv("GITHUB_EVENT_NAME"), "pull_request") {
		return Errorf(Refused, hint, "%s: the credentials would go to %s, which only the pull request's own file names", env.BaseURLPos, env.BaseURL)
	}
	if getenv("CI") == "true" {
		p.opt.Message("warning: %s: the credentials go to %s, which only this file names", env.BaseURLPos, env.BaseURL)
		p.opt.Message("  hint: %s", hint)
	}
	return nil
}

// connect returns the platform at the address that setAddress has decided, and
// what ends it. Nothing is sent yet.
func (p *Project) connect() (_ sync.Remote, done func(), err error) {
	options := indus.Options{
		Vars: p.Environment.Credentials, UserAgent: p.opt.UserAgent, Parallelism: p.opt.Parallelism,
		BaseURL: p.Environment.BaseURL, Transport: p.opt.Transport, Now: p.opt.Now, Sleep: p.opt.Sleep, Logf: p.opt.Logf,
	}
	done = func() {}
	if p.opt.Sandbox {
		server, err := p.sandbox()
		if err != nil {
			return nil, done, err
		}
		done = func() { _ = server.Close() }
		options.Transport = server.Transport()
		options.Credentials = indus.Credentials{
			Email: sandbox.DefaultEmail, Password: secret.New(sandbox.DefaultPassword), APIKey: secret.New(sandbox.DefaultAPIKey),
		}
	} else {
		if err := p.checkAddress(); err != nil {
			return nil, done, err
		}
		options.Credentials = p.credentials()
	}
	client, err := indus.New(options)
	if err == nil {
		err = client.CheckCredentials()
	}
	if err != nil {
		done()
		return nil, func() {}, err
	}
	return client, done, nil
}

func (p *Project) credentials() indus.Credentials {
	vars, getenv := p.Environment.Credentials, p.opt.Getenv
	return indus.Credentials{
		Email:    getenv(vars.Email),
		Password: secret.New(getenv(vars.Password)),
		Token:    secret.New(getenv(vars.Token)),
		APIKey:   secret.New(getenv(vars.APIKey)),
	}
}

// HasCredentials says whether the environment's variables hold any that can
// read the platform.
func (p *Project) HasCredentials() bool {
	c := p.credentials()
	return p.opt.Sandbox || !c.Token.IsZero() || c.Email != "" && !c.Password.IsZero()
}

// sandbox serves the embedded platform in this process.
func (p *Project) sandbox() (*sandbox.Server, error) {
	dir, err := p.stateFolder()
	if err != nil {
		return nil, err
	}
	o := sandbox.DefaultOptions()
	o.DataFile = filepath.Join(dir, "sandbox.json")
	o.Now, o.Sleep = p.opt.Now, p.opt.Sleep
	server, err := sandbox.New(o)
	if err != nil {
		return nil, fmt.Errorf("open the sandbox: %w", err)
	}
	return server, nil
}
