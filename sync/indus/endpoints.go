package indus

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/agentsync/agentsync/spec"
)

// class says when a request may be sent again (design section 5).
type class int

const (
	// read changes nothing: repeated after anything that may pass.
	read class = iota
	// repeatable writes end in the same state however often they are sent.
	repeatable
	// once writes add something, or mean something else the second time:
	// repeated only when the platform has surely not acted.
	once
	// single writes reach people. A limit that turns one away is not about how
	// often we ask, so that too is an answer: nothing is sent a second time that
	// the platform has seen, but with a new token.
	single
)

// access says what an endpoint wants to see before it answers.
type access int

const (
	open   access = iota // nothing, or a key in the body
	bearer               // an access token
)

// endpoint is one row of the table below.
type endpoint struct {
	method string
	path   string // template; each {…} is one path parameter
	access access
	class  class
	slow   bool // works for longer than others (a model, a ringing phone): twice the timeout
}

// The endpoints in the order of reference.md, the one place that knows where
// things are: an endpoint that moves is one changed line.
var (
	opLogin          = &endpoint{"POST", "/api/login", open, read, false}
	opRefresh        = &endpoint{"POST", "/api/refresh_token", open, read, false}
	opListLegacy     = &endpoint{"POST", "/api/agents", open, read, false}
	opListAgents     = &endpoint{"GET", "/api/agents/", bearer, read, false}
	opCreateAgent    = &endpoint{"POST", "/api/agents/create", bearer, once, false}
	opGetAgent       = &endpoint{"GET", "/api/agents/{agent_id}", bearer, read, false}
	opUpdateAgent    = &endpoint{"PUT", "/api/agents/{agent_id}", bearer, repeatable, false}
	opDeleteAgent    = &endpoint{"DELETE", "/api/agents/{agent_id}", bearer, repeatable, false}
	opCreateConfig   = &endpoint{"POST", "/api/agents/{agent_id}/configs", bearer, once, false}
	opListConfigs    = &endpoint{"GET", "/api/agents/{agent_id}/configs", bearer, read, false}
	opCurrentConfig  = &endpoint{"GET", "/api/agents/{agent_id}/configs/current", bearer, read, false}
	opGetConfig      = &endpoint{"GET", "/api/agents/{agent_id}/configs/{version}", bearer, read, false}
	opUpdateConfig   = &endpoint{"PUT", "/api/agents/{agent_id}/configs/{version}", bearer, repeatable, false}
	opDeleteConfig   = &endpoint{"DELETE", "/api/agents/{agent_id}/configs/{version}", bearer, repeatable, false}
	opPublish        = &endpoint{"POST", "/api/agents/{agent_id}/configs/{version}/publish", bearer, once, false}
	opRollback       = &endpoint{"POST", "/api/agents/{agent_id}/configs/{version}/rollback", bearer, once, false}
	opEnhance        = &endpoint{"POST", "/api/agents/{agent_id}/configs/enhance", bearer, read, true}
	opRender         = &endpoint{"POST", "/api/agents/{agent_id}/configs/render", bearer, read, false}
	opValidate       = &endpoint{"POST", "/api/agents/{agent_id}/configs/validate", bearer, read, false}
	opCreateOutcome  = &endpoint{"POST", "/api/agents/{agent_id}/call_outcomes", bearer, once, false}
	opListOutcomes   = &endpoint{"GET", "/api/agents/{agent_id}/call_outcomes", bearer, read, false}
	opUpdateOutcome  = &endpoint{"PATCH", "/api/agents/{agent_id}/call_outcomes/{outcome_name}", bearer, repeatable, false}
	opDeleteOutcome  = &endpoint{"DELETE", "/api/agents/{agent_id}/call_outcomes/{outcome_name}", bearer, repeatable, false}
	opCreateInfield  = &endpoint{"POST", "/api/agents/{agent_id}/call_infields", bearer, once, false}
	opListInfields   = &endpoint{"GET", "/api/agents/{agent_id}/call_infields", bearer, read, false}
	opUpdateInfield  = &endpoint{"PATCH", "/api/agents/{agent_id}/call_infields/{field_name}", bearer, repeatable, false}
	opDeleteInfield  = &endpoint{"DELETE", "/api/agents/{agent_id}/call_infields/{field_name}", bearer, repeatable, false}
	opUpdateService  = &endpoint{"PUT", "/api/agents/{agent_id}/config/{service_type}", bearer, repeatable, false}
	opDeveloperLogin = &endpoint{"POST", "/api/developer/login", open, read, false}
	opClick2Call     = &endpoint{"POST", "/api/developer/calls/click2call", bearer, single, true}
	opTranscript     = &endpoint{"GET", "/api/developer/calls/{call_id}/transcript", bearer, read, false}

	// Where newer deployments have the calls, and what only they have.
	opClick2CallNew = &endpoint{"POST", "/api/calls/click2call", bearer, single, true}
	opTranscriptNew = &endpoint{"GET", "/api/calls/{call_id}/transcript", bearer, read, false}
	opRecentCalls   = &endpoint{"GET", "/api/calls/recent", bearer, read, false}
)

var parameter = regexp.MustCompile(`\{\w+\}`)

// expand fills the template with args, escaped so that each stays one path
// segment. A value that a server or proxy could read as "this folder" or "the
// one above" is refused: DELETE …/call_outcomes/.. must never become a DELETE
// of the agent.
func (e *endpoint) expand(args []string) (string, error) {
	path := e.path
	for _, arg := range args {
		name := parameter.FindString(path)
		if !spec.Addressable(arg) {
			return "", fmt.Errorf("%q cannot stand for %s in a path", arg, name)
		}
		path = strings.Replace(path, name, url.PathEscape(arg), 1)
	}
	return path, nil
}

// op is the verb and the path's template, for messages.
func (e *endpoint) op() string { return e.method + " " + e.path }
