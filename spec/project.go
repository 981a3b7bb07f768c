package spec

import (
	"cmp"
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
	patterns  []*pattern
	suffix    string
	overrides []*override
	lintOff   []string
	nowhere   bool // the environment is not known; only with LoadOptions.Past
}

// settings reads the Project document among those of agentsync.yaml, if there is
// one.
func (l *loader) settings(r *fileResult) settings {
	var found *document
	for _, doc := range r.documents {
		switch {
		case doc.kind != "Project":
		case found == nil:
			found = doc
		default:
			r.report(problem(doc.root.Pos, "the first is at "+found.root.Pos.String()+": keep one of them",
				"a second Project in %s", projectFile))
		}
	}
	s := settings{policy: DefaultPolicy(), env: Environment{Name: cmp.Or(l.opt.Env, defaultEnv), Credentials: CredentialVars{
		Email: "INDUSLABS_EMAIL", Password: "INDUSLABS_PASSWORD", Token: "INDUSLABS_TOKEN", APIKey: "INDUSLABS_API_KEY",
	}}}
	l.secrets = s.env.Credentials.names()
	if found == nil {
		if len(r.problems.Errors()) > 0 {
			s.env.Name = defaultEnv // the wanted one may well be in the part that cannot be read
		}
		l.chooseEnvironment(&s, Pos{}, schema.None, r)
		return s
	}
	metadata := found.root.Get("metadata")
	s.name = metadata.Get("name").Text()
	for _, name := range metadata.Get("previous_names").Texts() {
		s.formerly = append(s.formerly, name.Text())
	}
	s.readPatterns(found.spec.Get("manifests"), r.report)
	decode(found.spec.Get("policy"), &s.policy)
	s.lintOff = l.readLint(found.spec.Get("lint"))
	s.env.readURL("", found.spec.Get("base_url"), r.report)
	l.chooseEnvironment(&s, Pos{File: projectFile}, found.spec.Get("environments"), r)
	return s
}

// chooseEnvironment lays the wanted environment over a project's settings; at is
// the place for a project without environments. All of them are checked.
func (l *loader) chooseEnvironment(s *settings, at Pos, environments *node, r *fileResult) {
	name := s.env.Name
	chosen := environments.Get(name)
	if name == sandboxEnv && chosen.IsNone() {
		chosen = environments.Get(defaultEnv)
	}
	var known []string
	l.checkFormerNames(environments, r)
	for _, e := range environments.Below {
		known = append(known, e.Key)
		env, overrides := s.env, l.readOverrides(e, r)
		env.readURL("environments."+e.Key+".", e.Get("base_url"), r.report)
		for _, variable := range e.Get("credentials").Below {
			l.secrets = append(l.secrets, variable.Text())
		}
		if e == chosen {
			decode(e.Get("credentials"), &env.Credentials)
			for _, former := range e.Get("previous_names").Texts() {
				env.Formerly = append(env.Formerly, former.Text())
			}
			s.env, s.suffix, s.overrides = env, e.Get("agent_name_suffix").Text(), overrides
			s.env.NameSuffix = s.suffix
		}
	}
	if !slices.Contains(known, defaultEnv) {
		known = slices.Insert(known, 0, defaultEnv)
	}
	switch {
	case name == sandboxEnv || slices.Contains(known, name):
		return
	case l.opt.Past:
		s.nowhere = true
		return
	case !environments.IsNone():
		at = environments.KeyPos()
	}
	r.report(problem(at, "known environments: "+strings.Join(known, ", "), "unknown environment %s", schema.Quote(name)))
}

// checkFormerNames holds that a name belongs to one environment: its agents would
// be two environments' own.
func (l *loader) checkFormerNames(environments *node, r *fileResult) {
	owner := map[string]*node{}
	for _, e := range environments.Below {
		owner[e.Key] = e
	}
	for _, e := range environments.Below {
		for _, former := range e.Get("previous_names").Texts() {
			if other := owner[former.Text()]; other != nil {
				r.report(problem(former.Pos, "a name is one environment's: take it out here, or there",
					"environments.%s.previous_names: %s is a name of environment %s", e.Key, schema.Quote(former.Text()), schema.Quote(other.Key)))
				continue
			}
			owner[former.Text()] = e
		}
	}
}

func (s *settings) readPatterns(list *node, report func(Problem)) {
	for _, item := range list.Texts() {
		p, err := newPattern(item.Text())
		if err != nil {
			report(problem(item.Pos, "write a pattern such as agents/**/*.yaml", "manifests: %s: %s", schema.Quote(item.Text()), err))
			continue
		}
		p.pos = item.Pos
		s.patterns = append(s.patterns, p)
	}
}

func (l *loader) readOverrides(e *node, r *fileResult) []*override {
	var out []*override
	for _, item := range e.Get("overrides").Below {
		o := &override{patterns: item.Get("agents").Texts(), spec: schema.None}
		o.used = make([]bool, len(o.patterns))
		for _, p := range o.patterns {
			if _, err := path.Match(p.Text(), ""); err != nil {
				r.report(problem(p.Pos, "close it",
					"environments.%s.overrides: the pattern %s has an unclosed [", e.Key, schema.Quote(p.Text())))
			}
		}
		if spec := item.Get("spec"); spec.IsMap() {
			l.checkSpec(projectFile, spec, r)
			o.spec = spec
		}
		out = append(out, o)
	}
	return out
}

// readURL reads the platform's address. The message never repeats it: it may
// hold a password.
func (e *Environment) readURL(prefix string, n *node, report func(Problem)) {
	if n.Text() == "" {
		return
	}
	if message, hint := checkURL(n.Text()); message != "" {
		report(problem(n.Pos, hint, "%sbase_url: %s", prefix, message))
		return
	}
	e.BaseURL, e.BaseURLPos = strings.TrimRight(n.Text(), "/"), n.Pos
}

func checkURL(text string) (problem, hint string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(text, " \t\n"):
		return "want an address such as https://developer.induslabs.io", ""
	case u.User != nil:
		return "the address must not hold a user or a password", "credentials come from environment variables"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return "the address must not have a query or a fragment", "leave out what begins with ? or #"
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return "", ""
	case u.Scheme == "http":
		return "want https: http is for this machine alone, such as http://127.0.0.1:8080", "write https://"
	default:
		return "want an address that begins with https://", ""
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
