package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// route is one verb and path of reference.md.
type route struct {
	method  string
	pattern string // {name} takes one segment; {agent_id} looks the agent up, {version} is a number
	auth    bool
	state   bool // the handler looks at the state
	writes  bool // and changes it
	body    check
	query   []param
	handle  func(*call) answer

	segments []string
}

// param is a query parameter that is checked.
type param struct {
	name     string
	required bool
	check    func(value string) (kind, msg string)
}

// call is one request on its way through its handler.
type call struct {
	s      *Server
	st     *state
	r      *http.Request
	route  *route
	params map[string]string
	body   map[string]any
	sent   []byte
	now    time.Time
	actor  string // the user id that acts
	agent  *agent
}

// table is every endpoint, in the order in which paths are tried.
func (s *Server) table() []route {
	const (
		agents  = "/api/agents"
		one     = agents + "/{agent_id}"
		configs = one + "/configs"
	)
	read := func(method, pattern string, body check, h func(*call) answer, q ...param) route {
		return route{method: method, pattern: pattern, auth: true, state: true, body: body, handle: h, query: q}
	}
	write := func(method, pattern string, body check, h func(*call) answer, q ...param) route {
		rt := read(method, pattern, body, h, q...)
		rt.writes = true
		return rt
	}
	routes := []route{
		{method: "POST", pattern: "/api/login", body: loginBody, handle: login},
		{method: "POST", pattern: "/api/developer/login", body: loginBody, handle: login},
		write("POST", agents+"/create", createBody, createAgent),
		read("GET", one, nil, getAgent),
		write("PUT", one, updateAgentBody, updateAgent),
		write("DELETE", one, nil, deleteAgent),
		write("POST", configs, configBody, createDraft, param{"publish", false, isBool}),
		read("GET", configs, nil, listConfigs, page("skip", 0, -1), page("limit", 1, 100), param{"status_filter", false, isStatus}),
		read("GET", configs+"/current", nil, getCurrent),
		read("POST", configs+"/enhance", configBody, enhance),
		read("POST", configs+"/render", metadataBody, render, param{"version", false, isInt}),
		read("POST", configs+"/validate", metadataBody, validate, param{"version", false, isInt}),
		read("GET", configs+"/{version}", nil, getVersion),
		write("PUT", configs+"/{version}", configBody, updateDraft),
		write("DELETE", configs+"/{version}", nil, deleteDraft),
		write("POST", configs+"/{version}/publish", nil, publish),
		write("POST", configs+"/{version}/rollback", nil, rollback),
		write("PUT", one+"/config/{service_type}", metadataBody, updateService),
	}
	for _, k := range []*itemKind{&outcomes, &infields} {
		list := one + "/" + k.path
		routes = append(routes,
			write("POST", list, k.body, k.create),
			read("GET", list, nil, k.list),
			write("PATCH", list+"/{name}", k.patch, k.update),
			write("DELETE", list+"/{name}", nil, k.remove))
	}
	serveCalls := func(prefix string) {
		routes = append(routes,
			write("POST", prefix+"/click2call", callBody, click2call),
			write("GET", prefix+"/{call_id}/transcript", nil, transcript))
	}
	if s.opts.Calls == "both" || s.opts.Calls == "old" {
		serveCalls("/api/developer/calls")
	}
	if s.opts.Calls == "both" || s.opts.Calls == "new" {
		serveCalls("/api/calls")
		if s.opts.RecentCalls {
			routes = append(routes, read("GET", "/api/calls/recent", nil, recentCalls, page("page", 1, -1), page("limit", 1, 200),
				param{"date_from", false, isMoment}, param{"date_to", false, isMoment}))
		}
	}
	if !s.opts.NoRefresh {
		routes = append(routes, route{method: "POST", pattern: "/api/refresh_token", handle: refresh,
			query: []param{{"refresh_token", true, nil}}})
	}
	if s.opts.Listing != "none" {
		routes = append(routes, route{method: "POST", pattern: agents, state: true, body: metadataBody, handle: legacyList})
	}
	if s.opts.Listing == "bearer" {
		routes = append(routes, read("GET", agents+"/", nil, listAgents, page("skip", 0, -1), page("limit", 1, 100)))
	}
	for i := range routes {
		routes[i].segments = strings.Split(routes[i].pattern, "/")
	}
	return routes
}

// find is the route for a method and an escaped path. When only the method is
// wrong, allow has the methods that the path takes.
func (s *Server) find(method, path string) (rt *route, params map[string]string, allow []string) {
	segments := strings.Split(path, "/")
	for i := range s.routes {
		got, ok := s.routes[i].match(segments)
		if !ok {
			continue
		}
		if s.routes[i].method == method {
			return &s.routes[i], got, nil
		}
		allow = append(allow, s.routes[i].method)
	}
	return nil, nil, allow
}

func (rt *route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(rt.segments) {
		return nil, false
	}
	var params map[string]string
	for i, want := range rt.segments {
		if !strings.HasPrefix(want, "{") {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		if params == nil {
			params = map[string]string{}
		}
		params[strings.Trim(want, "{}")] = value
	}
	return params, true
}

// parse checks path, query and body, and keeps the body as it is stored.
func (c *call) parse(body []byte) []problem {
	p := &parser{strict: c.s.opts.Strict, extra: c.s.opts.Extra}
	if v, ok := c.params["version"]; ok {
		if kind, msg := isInt(v); kind != "" {
			p.fail([]any{"path", "version"}, kind, msg)
		}
	}
	query := c.r.URL.Query()
	for _, q := range c.route.query {
		value, loc := query.Get(q.name), []any{"query", q.name}
		switch {
		case !query.Has(q.name) && q.required:
			p.fail(loc, "missing", "Field required")
		case query.Has(q.name) && q.check != nil:
			if kind, msg := q.check(value); kind != "" {
				p.fail(loc, kind, msg)
			}
		}
	}
	if c.route.body == nil {
		return p.problems
	}
	if len(bytes.TrimSpace(body)) == 0 {
		p.fail([]any{"body"}, "missing", "Field required")
		return p.problems
	}
	v, err := decode(body)
	if err != nil {
		p.fail([]any{"body", 0}, "json_invalid", "JSON decode error")
		return p.problems
	}
	if why := storable(v, 0); why != "" {
		p.fail([]any{"body"}, "json_invalid", "JSON decode error: "+why)
		return p.problems
	}
	c.body, _ = c.route.body(p, []any{"body"}, v).(map[string]any)
	return p.problems
}

// run looks the agent up, when the path names one, and calls the handler.
func (c *call) run() answer {
	id, named := c.params["agent_id"]
	if !named {
		return c.route.handle(c)
	}
	a := c.st.agents[id]
	switch {
	case a == nil:
		return tracedDetail(http.StatusNotFound, "Agent not found")
	case a.Owner != c.s.owner:
		return tracedDetail(http.StatusForbidden, "Not authorized for this agent")
	}
	c.agent = a
	if c.route.writes {
		a.enc = nil
	}
	return c.route.handle(c)
}

// number is a checked numeric query parameter, def when it is not given.
func (c *call) number(name string, def int) int {
	n, err := strconv.Atoi(c.r.URL.Query().Get(name))
	if err != nil {
		return def
	}
	return n
}

func isInt(v string) (kind, msg string) {
	if _, err := strconv.Atoi(v); err != nil {
		return "int_parsing", "Input should be a valid integer, unable to parse string as an integer"
	}
	return "", ""
}

func isBool(v string) (kind, msg string) {
	if _, ok := booleans[strings.ToLower(v)]; !ok {
		return "bool_parsing", "Input should be a valid boolean, unable to interpret input"
	}
	return "", ""
}

var booleans = map[string]bool{"true": true, "1": true, "yes": true, "on": true,
	"false": false, "0": false, "no": false, "off": false}

func isStatus(v string) (kind, msg string) {
	if v != "draft" && v != "published" && v != "archived" {
		return "enum", "Input should be 'draft', 'published' or 'archived'"
	}
	return "", ""
}

// page is a numeric parameter with bounds; a negative high has no upper one.
func page(name string, low, high int) param {
	return param{name: name, check: func(v string) (kind, msg string) {
		if kind, msg = isInt(v); kind != "" {
			return kind, msg
		}
		n, _ := strconv.Atoi(v)
		switch {
		case n < low:
			return "greater_than_equal", "Input should be greater than or equal to " + strconv.Itoa(low)
		case high >= 0 && n > high:
			return "less_than_equal", "Input should be less than or equal to " + strconv.Itoa(high)
		}
		return "", ""
	}}
}
