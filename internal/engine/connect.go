package engine

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/agentsync/agentsync/internal/secret"
	"github.com/agentsync/agentsync/sync/indus"
	"github.com/agentsync/agentsync/sync/sandbox"
)

// sandboxURL stands for the embedded platform in plans; nothing listens there.
const sandboxURL = "https://sandbox.invalid"

const defaultBaseURL = "https://developer.induslabs.io"

// baseURLVar names the platform's address; it is the environment's own word
// against which a file's is held.
const baseURLVar = "INDUSLABS_BASE_URL"

// getenv reads a variable; white space around it, as a pasted secret may have it,
// is dropped.
func (o Options) getenv(name string) string { return strings.TrimSpace(o.Getenv(name)) }

// inCI says that nobody looks at agentsync.yaml before the program reads it. A
// runner of GitHub is one whatever CI says.
func (o Options) inCI() bool { return o.getenv("CI") == "true" || o.getenv("GITHUB_ACTIONS") == "true" }

// address is the platform's: what the variable and the files say, which must not
// differ, else the default. In CI an address that a file alone names is refused:
// whoever may change the file could have the credentials sent there.
func (p *Project) address() (string, error) {
	env := p.Environment
	if p.opt.Sandbox {
		return sandboxURL, nil
	}
	given, err := canonicalURL(baseURLVar, p.opt.getenv(baseURLVar))
	if err != nil {
		return "", err
	}
	written, err := canonicalURL(env.BaseURLPos.String(), env.BaseURL)
	switch {
	case err != nil:
		return "", err
	case given != "" && written != "" && given != written:
		return "", Errorf(Usage, "make them the same, or take one of the two away",
			"two addresses: %s is %s, and %s says %s", baseURLVar, given, env.BaseURLPos, written)
	case given == "" && written != "" && written != defaultBaseURL && p.opt.inCI():
		return "", Errorf(Refused, "set "+baseURLVar+" in the workflow, so that no change of a file can send them elsewhere",
			"%s: the credentials would go to %s, which only this file names", env.BaseURLPos, written)
	}
	return cmp.Or(given, written, defaultBaseURL), nil
}

// canonicalURL is an address in the one way to write it, "" for none; named says
// where it is from.
func canonicalURL(named, address string) (string, error) {
	if address == "" {
		return "", nil
	}
	address, err := indus.CanonicalBaseURL(address)
	if err != nil {
		return "", fmt.Errorf("%s: %w", named, err)
	}
	return address, nil
}

// connect returns the platform at the address in p.Environment, and what ends
// it. Nothing is sent yet. options say what to read; all else in them is filled in.
func (p *Project) connect(options indus.Options) (_ *indus.Client, done func(), err error) {
	options.Vars, options.UserAgent, options.Parallelism = p.Environment.Credentials, p.opt.UserAgent, p.opt.Parallelism
	options.BaseURL, options.Transport = p.Environment.BaseURL, p.opt.Transport
	options.Now, options.Sleep = p.opt.Now, p.opt.Sleep
	options.Logf, options.Messagef = p.opt.Logf, p.opt.Message
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
		options.Credentials = p.credentials()
	}
	client, err := indus.New(options)
	if err == nil {
		if err = client.CheckCredentials(); err != nil && p.hasSandbox() {
			err = Errorf(KindOf(err), "--sandbox is the embedded platform, which this folder has been used with", "%w", err)
		}
	}
	if err != nil {
		done()
		return nil, func() {}, err
	}
	if p.opt.Progress != nil {
		p.opt.Progress(0, 0)
	}
	return client, done, nil
}

func (p *Project) credentials() indus.Credentials {
	vars, getenv := p.Environment.Credentials, p.opt.getenv
	return indus.Credentials{
		Email:    getenv(vars.Email),
		Password: secret.New(getenv(vars.Password)),
		Token:    secret.New(getenv(vars.Token)),
		APIKey:   secret.New(getenv(vars.APIKey)),
	}
}

// Account says as whom the platform is asked, with most of a mail address's name
// left out: "as dev…@example.com"; "" where no credentials are set.
func (p *Project) Account() string {
	c := p.credentials()
	switch {
	case p.opt.Sandbox:
		return "the embedded platform"
	case !c.Token.IsZero():
		return "with " + p.Environment.Credentials.Token
	case c.Email == "" || c.Password.IsZero():
		return ""
	}
	name, host, isMail := strings.Cut(c.Email, "@")
	letters := []rune(name)
	shown := "as " + string(letters[:min(3, len(letters)/2)]) + "…"
	if isMail {
		shown += "@" + host
	}
	return shown
}

// HasCredentials says whether the environment's variables hold any that can
// read the platform.
func (p *Project) HasCredentials() bool {
	c := p.credentials()
	return p.opt.Sandbox || !c.Token.IsZero() || c.Email != "" && !c.Password.IsZero()
}

const sandboxFile = "sandbox.json"

// hasSandbox reports whether the embedded platform was used in this folder.
func (p *Project) hasSandbox() bool {
	_, err := os.Stat(filepath.Join(p.opt.Dir, stateDir, sandboxFile))
	return err == nil
}

// sandbox serves the embedded platform in this process.
func (p *Project) sandbox() (*sandbox.Server, error) {
	dir, err := p.stateFolder()
	if err != nil {
		return nil, err
	}
	o := sandbox.DefaultOptions()
	o.DataFile = filepath.Join(dir, sandboxFile)
	o.Now, o.Sleep = p.opt.Now, p.opt.Sleep
	server, err := sandbox.New(o)
	if err != nil {
		return nil, fmt.Errorf("open the sandbox: %w", err)
	}
	return server, nil
}
