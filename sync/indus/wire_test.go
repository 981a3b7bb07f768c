package indus

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

const agentURL = "/api/agents/AGT_12345678"

// TestWire calls every method against the reference's own examples: verb,
// path, query, body and answer are pinned.
func TestWire(t *testing.T) {
	agent, config := fixture(t, "agent.json"), fixture(t, "config.json")
	outcome := map[string]any{"outcome_name": "lead status/ü", "is_visible": true}
	tests := []struct {
		line, body, answer string
		call               func(c *Client) (any, error)
		want               any // nil for no answer
	}{
		{"POST /api/agents/create", fixture(t, "create_agent_request.json"), agent, func(c *Client) (any, error) {
			var body map[string]any
			_ = json.Unmarshal([]byte(fixture(t, "create_agent_request.json")), &body)
			return c.CreateAgent(t.Context(), body)
		}, wantAgent()},
		{"GET " + agentURL, "", agent, func(c *Client) (any, error) { return c.Agent(t.Context(), "AGT_12345678") }, wantAgent()},
		{"PUT " + agentURL, `{"is_active":false}`, agent, func(c *Client) (any, error) {
			return nil, c.UpdateAgent(t.Context(), "AGT_12345678", map[string]any{"is_active": false})
		}, nil},
		{"DELETE " + agentURL, "", `{"message":"Agent deleted successfully"}`, func(c *Client) (any, error) {
			return nil, c.DeleteAgent(t.Context(), "AGT_12345678")
		}, nil},
		{"POST " + agentURL + "/configs?publish=false", `{"notes":"a < b"}`, config, func(c *Client) (any, error) {
			return c.CreateDraft(t.Context(), "AGT_12345678", map[string]any{"notes": "a < b"})
		}, wantVersion()},
		{"GET " + agentURL + "/configs?limit=100&skip=0", "", "[" + config + "]", func(c *Client) (any, error) {
			return c.Versions(t.Context(), "AGT_12345678", nil)
		}, []diff.Version{wantVersion()}},
		{"GET " + agentURL + "/configs/current", "", config, func(c *Client) (any, error) {
			v, err := c.CurrentVersion(t.Context(), "AGT_12345678")
			return *v, err
		}, wantVersion()},
		{"GET " + agentURL + "/configs/1", "", config, func(c *Client) (any, error) {
			v, err := c.Version(t.Context(), "AGT_12345678", 1)
			return *v, err
		}, wantVersion()},
		{"PUT " + agentURL + "/configs/7", `{"guidelines":[]}`, config, func(c *Client) (any, error) {
			return nil, c.UpdateDraft(t.Context(), "AGT_12345678", 7, map[string]any{"guidelines": []any{}})
		}, nil},
		{"DELETE " + agentURL + "/configs/7", "", "null", func(c *Client) (any, error) { return nil, c.DeleteDraft(t.Context(), "AGT_12345678", 7) }, nil},
		{"POST " + agentURL + "/configs/7/publish", "", "{}", func(c *Client) (any, error) { return nil, c.Publish(t.Context(), "AGT_12345678", 7) }, nil},
		{"POST " + agentURL + "/configs/7/rollback", "", "", func(c *Client) (any, error) { return nil, c.Rollback(t.Context(), "AGT_12345678", 7) }, nil},
		{"POST " + agentURL + "/configs/enhance", `{"system_prompt":"x"}`, `{"enhanced_system_prompt":"y","score":7}`, func(c *Client) (any, error) {
			return c.Enhance(t.Context(), "AGT_12345678", map[string]string{"system_prompt": "x"})
		}, diff.Enhanced{Texts: map[string]string{"system_prompt": "y"}, Other: map[string]any{"score": json.Number("7")}}},
		{"POST " + agentURL + "/configs/render?version=3", `{"city":"Mumbai"}`, fixture(t, "render.json"), func(c *Client) (any, error) {
			return c.Render(t.Context(), "AGT_12345678", checks.Ask{Version: 3, Values: map[string]any{"city": "Mumbai"}})
		}, checks.Rendered{Texts: map[string]string{"system_prompt": "...", "starting_instructions": "..."}}},
		{"POST " + agentURL + "/configs/render?system_prompt=%7Ba%7D+%26", `{}`, `{"data":{"rendered_system_prompt":"b &","rendered_starting_instructions":null,"errors":["city: Field required",{"loc":["body","n"],"msg":"no number"}]}}`,
			func(c *Client) (any, error) {
				return c.Render(t.Context(), "AGT_12345678", checks.Ask{Texts: map[string]string{"system_prompt": "{a} &"}})
			}, checks.Rendered{Texts: map[string]string{"system_prompt": "b &", "starting_instructions": ""}, Errors: []string{"city: Field required", "body.n: no number"}}},
		{"POST " + agentURL + "/configs/validate", `{}`, fixture(t, "validate.json"), func(c *Client) (any, error) {
			return c.Validate(t.Context(), "AGT_12345678", 0, nil)
		}, []string(nil)},
		{"POST " + agentURL + "/configs/validate?version=2", `{"n":"x"}`, `{"valid":false,"errors":["n: Expected number"]}`, func(c *Client) (any, error) {
			return c.Validate(t.Context(), "AGT_12345678", 2, map[string]any{"n": "x"})
		}, []string{"n: Expected number"}},
		{"POST " + agentURL + "/configs/validate?version=3", `{}`, `{"valid":false}`, func(c *Client) (any, error) {
			return c.Validate(t.Context(), "AGT_12345678", 3, nil)
		}, []string{"the platform does not say why"}},
		{"POST " + agentURL + "/call_outcomes", `{"outcome_name":"lead status/ü","is_visible":true}`, `{"status_code":201,"message":"ok","error":null,"data":{}}`, func(c *Client) (any, error) {
			return nil, c.CreateItem(t.Context(), "AGT_12345678", spec.SectionOutcomes, outcome)
		}, nil},
		{"GET " + agentURL + "/call_outcomes", "", `{"status_code":200,"message":"ok","error":null,"data":[{"id":"1","outcome_name":"x","is_visible":true}]}`, func(c *Client) (any, error) {
			return c.Items(t.Context(), "AGT_12345678", spec.SectionOutcomes)
		}, []value.Value{value.Of(map[string]any{"outcome_name": "x", "is_visible": true})}},
		{"PATCH " + agentURL + "/call_outcomes/lead%20status%2F%C3%BC", `{"is_visible":false}`, `{"status_code":200,"error":null,"data":{}}`, func(c *Client) (any, error) {
			return nil, c.UpdateItem(t.Context(), "AGT_12345678", spec.SectionOutcomes, "lead status/ü", map[string]any{"is_visible": false})
		}, nil},
		{"DELETE " + agentURL + "/call_outcomes/a%3Fb..c", "", `{"status_code":200,"error":null,"data":{}}`, func(c *Client) (any, error) {
			return nil, c.DeleteItem(t.Context(), "AGT_12345678", spec.SectionOutcomes, "a?b..c")
		}, nil},
		{"POST " + agentURL + "/call_infields", `{"field_name":"b"}`, `{"status_code":201,"error":null,"data":{}}`, func(c *Client) (any, error) {
			return nil, c.CreateItem(t.Context(), "AGT_12345678", spec.SectionInfields, map[string]any{"field_name": "b"})
		}, nil},
		{"GET " + agentURL + "/call_infields", "", `{"status_code":200,"error":null,"data":{"call_infields":[{"field_name":"b","created_at":"x"}]}}`, func(c *Client) (any, error) {
			return c.Items(t.Context(), "AGT_12345678", spec.SectionInfields)
		}, []value.Value{value.Of(map[string]any{"field_name": "b"})}},
		{"PATCH " + agentURL + "/call_infields/b", `{"field_type":"TEXT"}`, `{}`, func(c *Client) (any, error) {
			return nil, c.UpdateItem(t.Context(), "AGT_12345678", spec.SectionInfields, "b", map[string]any{"field_type": "TEXT"})
		}, nil},
		{"DELETE " + agentURL + "/call_infields/b", "", `{}`, func(c *Client) (any, error) {
			return nil, c.DeleteItem(t.Context(), "AGT_12345678", spec.SectionInfields, "b")
		}, nil},
		{"PUT " + agentURL + "/config/tts_config", `{"voice_id":"Indus-hi-maya"}`, config, func(c *Client) (any, error) {
			return nil, c.UpdateService(t.Context(), "AGT_12345678", "tts_config", map[string]any{"voice_id": "Indus-hi-maya"})
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			p := newPlatform(t, map[string][]answer{
				"POST /api/login": {{body: fixture(t, "login.json")}},
				tt.line:           {{body: tt.answer}},
			})
			got, err := tt.call(p.client())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); tt.want != nil && d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if p.got[0].line != "POST /api/login" || len(p.got) != 2 {
				t.Fatalf("requests: %v", p.got)
			}
			sameJSON(t, p.got[0].body, fmt.Sprintf(`{"email":"dev@example.com","password":%q}`, testPassword))
			r := p.got[1]
			if r.authorization != "Bearer <jwt>" || r.agent != "agentsync/test" {
				t.Errorf("authorization %q, agent %q", r.authorization, r.agent)
			}
			if tt.body == "" {
				if r.body != "" {
					t.Errorf("body %q", r.body)
				}
				return
			}
			sameJSON(t, r.body, tt.body)
		})
	}
}

func wantAgent() diff.RemoteAgent {
	return diff.RemoteAgent{
		ID: "AGT_12345678",
		Fields: diff.FieldsOf(map[string]any{
			"agent_name": "Support Agent", "agent_description": "Handles support conversations", "agent_type": "INBOUND",
			"team":      []any{map[string]any{"user_id": "user-id", "role": "member", "added_at": "2026-03-11T10:00:00Z"}},
			"is_active": true, "whatsapp_enabled": false, "is_auto": true, "agent_cost": json.Number("5.0"),
		}),
		UpdatedAt: time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC),
	}
}

func wantVersion() diff.Version {
	zero := json.Number("0")
	return diff.Version{
		Number: 1, Status: "published", IsCurrent: true, Notes: "Initial config", UpdatedBy: "user-id", CreatedBy: "user-id",
		Content: diff.ConfigOf(map[string]any{
			"system_prompt": "You are a helpful agent.", "starting_instructions": "Greet the user.", "agent_type": "generic_alpha",
			"guardrail_ids": []any{"personality_v1", "environment_v1"},
			"metadata_schema": []any{map[string]any{
				"name": "customer_name", "type": "string", "required": true, "description": "Customer name", "default": nil, "enum_values": nil,
			}},
			"examples":   []any{map[string]any{"role": "user", "content": "Hello"}},
			"guidelines": []any{"Be concise"},
			"tts_config": map[string]any{"voice_id": "Indus-hi-maya"},
			"llm_config": map[string]any{"provider": "groq", "model": "openai/gpt-oss-120b", "temperature": zero, "max_tokens": zero, "context_turns": zero},
			"stt_config": map[string]any{"provider": "deepgram", "language": "hi"},
			"vad_config": map[string]any{"min_silence_duration": json.Number("0.3"), "min_speech_duration": json.Number("0.4"), "activation_threshold": json.Number("0.45")},
		}),
	}
}

// TestPathsStayInside holds that no name leads a request to another resource:
// a proxy may read .. even when it is escaped.
func TestPathsStayInside(t *testing.T) {
	p := newPlatform(t, nil)
	c := p.client(withToken)
	for _, name := range []string{"", ".", "..", "../..", "a/../b", `..\x`} {
		err := c.DeleteItem(t.Context(), "AGT_1", spec.SectionOutcomes, name)
		if err == nil || !strings.Contains(err.Error(), "cannot stand for {outcome_name}") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestEndpoints holds that the table is whole.
func TestEndpoints(t *testing.T) {
	endpoints := []*endpoint{
		opLogin, opRefresh, opListLegacy, opListAgents, opCreateAgent, opGetAgent, opUpdateAgent, opDeleteAgent,
		opCreateConfig, opListConfigs, opCurrentConfig, opGetConfig, opUpdateConfig, opDeleteConfig, opPublish, opRollback,
		opEnhance, opRender, opValidate, opCreateOutcome, opListOutcomes, opUpdateOutcome, opDeleteOutcome,
		opCreateInfield, opListInfields, opUpdateInfield, opDeleteInfield, opUpdateService, opDeveloperLogin, opClick2Call, opTranscript,
	}
	if len(endpoints) != 31 {
		t.Errorf("%d endpoints, the reference has 31", len(endpoints))
	}
	seen := map[string]bool{}
	for i, e := range endpoints {
		if line := e.op(); e.method == "" || seen[line] {
			t.Errorf("endpoint %d: %q is empty or there twice", i+1, line)
		} else {
			seen[line] = true
		}
		if e.method == "GET" && e.class != read {
			t.Errorf("endpoint %d: a GET is a read", i+1)
		}
	}
}

// TestNoSuchVersion: a version that is not there is an error that is NotFound.
func TestNoSuchVersion(t *testing.T) {
	p := newPlatform(t, map[string][]answer{"GET /api/agents/A/configs/9": {{status: 404, body: `{"detail":"Version not found"}`}}})
	v, err := p.client(withToken).Version(t.Context(), "A", 9)
	if v != nil || errText(err) != "GET /api/agents/A/configs/9: 404: Version not found" || !asError(t, err).NotFound() {
		t.Errorf("%v, %v", v, err)
	}
}

// TestLists reads lists in every wrapping, in pages, and from a server that
// ignores skip.
func TestLists(t *testing.T) {
	for _, body := range []string{
		`[{"version":1},{"version":2.0}]`,
		`{"data":[{"version":1},{"version":2.0}]}`,
		`{"configs":[{"version":1},{"version":"2"}]}`,
		`{"status_code":200,"message":"","error":null,"data":[{"version":1},{"version":2}]}`,
		`{"status_code":200,"message":"","error":null,"data":{"configs":[{"version":1},{"version":2},{"version":1}]}}`,
	} {
		p := newPlatform(t, map[string][]answer{"GET /api/agents/A/configs?limit=100&skip=0": {{body: body}}})
		versions, err := p.client(withToken).Versions(t.Context(), "A", nil)
		if err != nil || len(versions) != 2 || versions[0].Number != 2 || versions[1].Number != 1 {
			t.Errorf("%s: %v, %v", body, versions, err)
		}
	}
	for _, body := range []string{`[]`, `null`, `{}`, `{"data":[]}`, `{"status_code":200,"error":null,"data":null}`} {
		p := newPlatform(t, map[string][]answer{"GET /api/agents/A/call_outcomes": {{body: body}}})
		items, err := p.client(withToken).Items(t.Context(), "A", spec.SectionOutcomes)
		if err != nil || len(items) != 0 {
			t.Errorf("%s: %v, %v", body, items, err)
		}
	}
	for _, body := range []string{`{"message":"x"}`, `"text"`, `[1]`, `{"data":{"data":{"data":{"data":[]}}}}`} {
		p := newPlatform(t, map[string][]answer{"GET /api/agents/A/call_outcomes": {{body: body}}})
		_, err := p.client(withToken).Items(t.Context(), "A", spec.SectionOutcomes)
		if err == nil || !strings.HasPrefix(err.Error(), "GET /api/agents/A/call_outcomes: unexpected answer: ") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestPages(t *testing.T) {
	page := func(from, n int) answer {
		var agents []string
		for i := from; i < from+n; i++ {
			agents = append(agents, fmt.Sprintf(`{"agent_id":"AGT_%d","agent_name":"a%d","livekit_api_key":"LK"}`, i, i))
		}
		return answer{body: "[" + strings.Join(agents, ",") + "]"}
	}
	for name, tt := range map[string]struct {
		script map[string][]answer
		want   int
	}{
		"three pages": {map[string][]answer{
			"GET /api/agents/?limit=100&skip=0":   {page(0, 100)},
			"GET /api/agents/?limit=100&skip=100": {page(99, 100)}, // one agent was created meanwhile
			"GET /api/agents/?limit=100&skip=200": {page(199, 3)},
			"GET /api/agents/?limit=100&skip=203": {page(0, 0)},
		}, 202},
		"capped at 20": {map[string][]answer{
			"GET /api/agents/?limit=100&skip=0":  {page(0, 20)},
			"GET /api/agents/?limit=100&skip=20": {page(20, 20)},
			"GET /api/agents/?limit=100&skip=40": {page(40, 0)},
		}, 40},
		"a total": {map[string][]answer{
			"GET /api/agents/?limit=100&skip=0":  {{body: `{"total":21,"agents":` + page(0, 20).body + `}`}},
			"GET /api/agents/?limit=100&skip=20": {{body: `{"total":21,"agents":` + page(20, 1).body + `}`}},
		}, 21},
		"skip ignored": {map[string][]answer{
			"GET /api/agents/?limit=100&skip=0":   {page(0, 130)},
			"GET /api/agents/?limit=100&skip=130": {page(0, 130)},
		}, 130},
	} {
		p := newPlatform(t, tt.script)
		agents, ok, err := p.client(withToken).ListAgents(t.Context())
		if err != nil || !ok || len(agents) != tt.want {
			t.Errorf("%s: %d agents, %v, %v", name, len(agents), ok, err)
		}
		for _, a := range agents {
			if len(a.Fields.Keys()) != 1 {
				t.Fatalf("fields %v", a.Fields)
			}
		}
	}
}

// TestVersionPages reads no more pages of versions than it must, and each
// version once, whatever the server makes of the limit.
func TestVersionPages(t *testing.T) {
	has := func(number int) func([]diff.Version) bool {
		return func(versions []diff.Version) bool { return diff.FindVersion(versions, number) != nil }
	}
	for name, tt := range map[string]struct {
		newest, oldest, limit int // what the server has, and its longest page
		total                 bool
		enough                func([]diff.Version) bool
		want, requests        int
	}{
		"one page":                         {7, 1, 100, false, nil, 7, 1},
		"capped":                           {45, 1, 20, false, nil, 45, 3},
		"capped, a page ends at 1":         {40, 1, 20, false, nil, 40, 2},
		"a page as long as was asked":      {100, 1, 100, false, nil, 100, 2},
		"version 1 was deleted":            {30, 3, 20, false, nil, 28, 3},
		"a total, version 1 was deleted":   {30, 3, 20, true, nil, 28, 2},
		"none":                             {0, 1, 20, false, nil, 0, 1},
		"the newest are enough":            {400, 1, 50, false, has(380), 50, 1},
		"the third page has what is asked": {400, 1, 50, false, has(251), 150, 3},
		"never enough":                     {30, 1, 20, false, has(31), 30, 2},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			serve := func(r *http.Request) (*http.Response, error) {
				requests++
				skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
				var list []string
				for n := tt.newest - skip; n >= tt.oldest && len(list) < tt.limit; n-- {
					list = append(list, fmt.Sprintf(`{"version":%d}`, n))
				}
				body := "[" + strings.Join(list, ",") + "]"
				if tt.total {
					body = fmt.Sprintf(`{"configs":%s,"total":%d}`, body, tt.newest-tt.oldest+1)
				}
				return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			}
			c := newPlatform(t, nil).client(withToken, func(o *Options) { o.Transport = roundTripper(serve) })
			versions, err := c.Versions(t.Context(), "A", tt.enough)
			if err != nil || versions == nil || len(versions) != tt.want || requests != tt.requests {
				t.Fatalf("%d versions in %d requests, want %d in %d; %v", len(versions), requests, tt.want, tt.requests, err)
			}
			for i, v := range versions {
				if v.Number != tt.newest-i {
					t.Errorf("version %d stands at %d", v.Number, i)
				}
			}
		})
	}
}

// TestListing tries the listings that a platform may have.
func TestListing(t *testing.T) {
	withKey := func(o *Options) {
		withToken(o)
		o.Credentials.APIKey = Credentials{APIKey: newSecret(testAPIKey)}.APIKey
	}
	legacy, bearerList := "POST /api/agents", "GET /api/agents/?limit=100&skip=0"
	tests := []struct {
		name   string
		change func(*Options)
		script map[string][]answer
		ok     bool
		err    string
		n      int // requests of two calls
	}{
		{"legacy", withKey, map[string][]answer{legacy: {{body: fixture(t, "list_legacy.json")}}}, true, "", 2},
		{"no key", withToken, map[string][]answer{bearerList: {{body: "[]"}}}, true, "", 2},
		{"legacy gone", withKey, map[string][]answer{legacy: {{status: 405, body: `{"detail":"Method Not Allowed"}`}}, bearerList: {{body: "[]"}}}, true, "", 4},
		{"neither", withKey, map[string][]answer{legacy: {{status: 404, body: `{"detail":"Not Found"}`}}, bearerList: {{status: 405}}}, false, "", 2},
		{"not served", withToken, map[string][]answer{bearerList: {{status: 501}}}, false, "", 1},
		{"not allowed", withToken, map[string][]answer{bearerList: {{status: 403, body: `{"detail":"Not yours"}`}}}, false, "GET /api/agents/: 403: Not yours", 2},
		{"legacy redirects", withKey, map[string][]answer{
			legacy:              {{status: 307, header: map[string]string{"Location": "/api/agents/"}}},
			"POST /api/agents/": {{status: 405}}, bearerList: {{body: "[]"}},
		}, true, "", 6},
		{"bad key", withKey, map[string][]answer{legacy: {{status: 400, body: `{"status_code":400,"message":"Bad key","error":"Invalid API key ` + testAPIKey + `","data":null}`}}},
			false, "POST /api/agents: 400: Invalid API key [secret] (check INDUSLABS_API_KEY)", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlatform(t, tt.script)
			c := p.client(tt.change)
			for range 2 {
				_, ok, err := c.ListAgents(t.Context())
				if ok != tt.ok || errText(err) != tt.err {
					t.Errorf("%v, %v", ok, err)
				}
			}
			if got := p.lines(); len(got) != tt.n {
				t.Errorf("%d requests: %v", len(got), got)
			}
		})
	}
}

// TestOddVersions reads what servers have been seen to answer, or may.
func TestOddVersions(t *testing.T) {
	get := func(body string) (*diff.Version, error) {
		p := newPlatform(t, map[string][]answer{"GET /api/agents/A/configs/current": {{body: body}}})
		return p.client(withToken).CurrentVersion(t.Context(), "A")
	}
	v, err := get(`{"version":5.0,"updated_at":"2026-04-22T09:58:53.903000","created_at":"soon","error":"x","data":{"a":1},"livekit_api_key":"LK"}`)
	want := &diff.Version{
		Number: 5, Status: "published", IsCurrent: true, UpdatedAt: time.Date(2026, 4, 22, 9, 58, 53, 903e6, time.UTC),
		Content: diff.ConfigOf(map[string]any{"error": "x", "data": map[string]any{"a": json.Number("1")}}),
	}
	if d := cmp.Diff(want, v); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	for _, body := range []string{`{"status_code":200,"error":null,"data":{"version":5}}`, `{"config":{"version":5}}`, `{"status":"ok","data":{"version":"5"}}`} {
		if v, err := get(body); err != nil || v.Number != 5 {
			t.Errorf("%s: %v, %v", body, v, err)
		}
	}
	for _, body := range []string{`{"status_code":404,"message":"No current config","error":"none","data":null}`} {
		if v, err := get(body); err != nil || v != nil {
			t.Errorf("%s: %v, %v", body, v, err)
		}
	}
}
