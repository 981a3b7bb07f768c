package spec

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/schema"
)

const (
	defaultEnv = "default"
	sandboxEnv = "sandbox"
)

// settings are agentsync.yaml's, for one environment.
type settings struct {
	name      string
	formerly  []string
	env       Environment
	policy    Policy
	patterns  []pattern
	at        []*node // the patterns' places
	suffix    string
	overrides []*override
	nowhere   bool // the environment is not known; only with LoadOptions.Past
}

// defaultSettings are those of a project without agentsync.yaml.
func defaultSettings(env string) settings {
	if env == "" {
		env = defaultEnv
	}
	return settings{
		policy: DefaultPolicy(),
		env: Environment{Name: env, Credentials: CredentialVars{
			Email: "INDUSLABS_EMAIL", Password: "INDUSLABS_PASSWORD", Token: "INDUSLABS_TOKEN", APIKey: "INDUSLABS_API_KEY",
		}},
	}
}

// readSettings reads the Project document, which may be nil, for one
// environment. All environments are checked, whichever is asked for.
func (l *loader) readSettings(doc *document, env string, r *fileResult) settings {
	s := defaultSettings(env)
	var spec *node
	if doc != nil {
		spec = doc.spec
		metadata := doc.root.get("metadata")
		s.name = metadata.get("name").text()
		for _, name := range metadata.get("previous_names").texts() {
			s.formerly = append(s.formerly, name.text())
		}
	}
	s.manifests(spec.get("manifests"), r.report)
	s.readPolicy(spec.get("policy"))
	s.baseURL("", spec.field("base_url"), r.report)

	var known []string
	if environments := spec.get("environments"); environments != nil {
		for _, f := range environments.fields {
			known = append(known, f.key)
			e := l.readEnvironment(f, r)
			if f.key == s.env.Name || s.env.Name == sandboxEnv && f.key == defaultEnv && environments.get(sandboxEnv) == nil {
				s.choose(e)
			}
		}
	}
	if s.env.Name == defaultEnv || s.env.Name == sandboxEnv || slices.Contains(known, s.env.Name) {
		return s
	}
	if l.past {
		s.nowhere = true
		return s
	}
	if !slices.Contains(known, defaultEnv) {
		known = append([]string{defaultEnv}, known...)
	}
	p := Problem{Message: "unknown environment " + schema.Quote(env), Hint: "known environments: " + strings.Join(known, ", ")}
	if doc != nil {
		p.Pos = Pos{File: projectFile}
		if f := spec.field("environments"); f != nil {
			p.Pos = f.pos
		}
	}
	r.report(p)
	return s
}

func (s *settings) manifests(list *node, report func(Problem)) {
	for _, item := range list.texts() {
		p, err := newPattern(item.text())
		if err != nil {
			report(Problem{Pos: item.pos, Message: fmt.Sprintf("manifests: %s: %s", schema.Quote(item.text()), err), Hint: "write a pattern such as agents/**/*.yaml"})
			continue
		}
		s.patterns, s.at = append(s.patterns, p), append(s.at, item)
	}
}

func (s *settings) readPolicy(n *node) {
	s.policy.Prune = n.get("prune").boolean(s.policy.Prune)
	s.policy.Provenance = n.get("provenance").boolean(s.policy.Provenance)
	s.policy.MaxDeletePercent = n.get("max_delete_percent").number(s.policy.MaxDeletePercent)
	s.policy.Adopt = n.get("adopt").textOr(s.policy.Adopt)
	s.policy.OnDrift = n.get("on_drift").textOr(s.policy.OnDrift)
}

// environment is one entry of environments.
type environment struct {
	settings
	credentials *node
}

func (l *loader) readEnvironment(f field, r *fileResult) environment {
	var e environment
	e.baseURL("environments."+f.key+".", f.node.field("base_url"), r.report)
	e.suffix = f.node.get("agent_name_suffix").text()
	e.credentials = f.node.get("credentials")
	list := f.node.get("overrides")
	if list == nil {
		return e
	}
	for _, item := range list.items {
		o := &override{patterns: item.get("agents").texts()}
		o.used = make([]bool, len(o.patterns))
		for _, p := range o.patterns {
			if _, err := path.Match(p.text(), ""); err != nil {
				r.report(Problem{Pos: p.pos, Message: fmt.Sprintf("environments.%s.overrides: the pattern %s has an unclosed [", f.key, schema.Quote(p.text())), Hint: "close it"})
			}
		}
		if spec := item.get("spec"); spec != nil && spec.kind == mapKind {
			l.checkSpec(projectFile, spec, r)
			o.spec = spec
		}
		e.overrides = append(e.overrides, o)
	}
	return e
}

// choose lays an environment over the project's settings.
func (s *settings) choose(e environment) {
	if e.env.BaseURL != "" {
		s.env.BaseURL, s.env.BaseURLPos = e.env.BaseURL, e.env.BaseURLPos
	}
	s.suffix, s.overrides = e.suffix, e.overrides
	c := &s.env.Credentials
	c.Email = e.credentials.get("email_env").textOr(c.Email)
	c.Password = e.credentials.get("password_env").textOr(c.Password)
	c.Token = e.credentials.get("token_env").textOr(c.Token)
	c.APIKey = e.credentials.get("api_key_env").textOr(c.APIKey)
}

// baseURL reads the platform's address. The message never repeats it: it may
// hold a password.
func (s *settings) baseURL(prefix string, f *field, report func(Problem)) {
	if f == nil || !f.node.isText() || f.node.text() == "" {
		return
	}
	address, problem, hint := checkURL(f.node.text())
	if problem != "" {
		report(Problem{Pos: f.node.pos, Message: prefix + "base_url: " + problem, Hint: hint})
		return
	}
	s.env.BaseURL, s.env.BaseURLPos = address, f.node.pos
}

func checkURL(text string) (address, problem, hint string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(text, " \t\n"):
		return "", "want an address such as https://developer.induslabs.io", ""
	case u.User != nil:
		return "", "the address must not hold a user or a password", "credentials come from environment variables"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return "", "the address must not have a query or a fragment", "leave out what begins with ? or #"
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return strings.TrimRight(text, "/"), "", ""
	case u.Scheme == "http":
		return "", "want https: http is for this machine alone, such as http://127.0.0.1:8080", "write https://"
	default:
		return "", "want an address that begins with https://", ""
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// boolean, number and textOr return a value, or what holds without one.
func (n *node) boolean(or bool) bool {
	if n != nil {
		if b, ok := n.value.(bool); ok {
			return b
		}
	}
	return or
}

func (n *node) number(or int) int {
	if n != nil {
		if v, ok := n.value.(interface{ Int64() (int64, error) }); ok {
			if i, err := v.Int64(); err == nil {
				return int(i)
			}
		}
	}
	return or
}

func (n *node) textOr(or string) string {
	if s := n.text(); s != "" {
		return s
	}
	return or
}
