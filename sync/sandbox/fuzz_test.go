package sandbox

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzRequests holds that no request panics or answers 5xx, and that every
// answer with a body is one JSON value.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{
		{"POST", "/api/login", `{"email":"a","password":"b"}`},
		{"POST", "/api/agents/create", `{"agent_in":{"agent_name":"A","agent_type":"INBOUND","team":[{"user_id":"u"}]},"agent_config":{"metadata_schema":[{"name":"n"}]},"call_outcome":{"outcome_name":"o","outcome_description":"","outcome_type":"FIXED","outcome_enum":["x"],"is_visible":true}}`},
		{"PUT", "AGENT", `{"agent_name":"x","agent_cost":1e999}`},
		{"POST", "AGENT/configs?publish=true", `{"system_prompt":"{a}","llm_config":{"max_tokens":1e400,"temperature":-0.0}}`},
		{"GET", "AGENT/configs?limit=-1&skip=9999999999999999999", ``},
		{"GET", "AGENT/configs/99999999999999999999", ``},
		{"POST", "AGENT/configs/1/rollback", ``},
		{"POST", "AGENT/configs/render?system_prompt={x}&version=1", `{"x":{"y":[1]}}`},
		{"POST", "AGENT/configs/validate", `{"n":1}`},
		{"POST", "AGENT/configs/enhance", `{"system_prompt":null}`},
		{"POST", "AGENT/call_infields", `{"field_name":"f","field_type":"TEXT","is_visible":true}`},
		{"PATCH", "AGENT/call_outcomes/lead", `{"outcome_enum":[],"outcome_type":"FIXED"}`},
		{"DELETE", "AGENT/call_outcomes/%zz", ``},
		{"PUT", "AGENT/config/llm_config", `null`},
		{"POST", "/api/calls/click2call", `{"customer_number":"919999999999","agent_number":"AGT_","agent_config":{"a":[]}}`},
		{"POST", "/api/agents", `{"api_key":{}}`},
		{"POST", "/api/agents/create", strings.Repeat("[", 20000)},
		{"POST", "AGENT/configs", `{"tts_config":{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, target, body string) {
		c := newClient(t, nil)
		agent := c.create("first", "{n} {a}")
		c.do(201, "POST", agent+"/call_outcomes", outcome("lead"))
		target = strings.Replace(target, "AGENT", agent, 1)
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") || strings.ContainsAny(method+target, " \r\n\t") || method == "" {
			t.Skip()
		}
		req := httptest.NewRequest("GET", "/", strings.NewReader(body))
		req.Method, req.URL = method, u
		req.Header.Set("Authorization", "Bearer "+c.token)
		w := httptest.NewRecorder()
		c.s.ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
		if w.Body.Len() > 0 {
			if _, err := decode(w.Body.Bytes()); err != nil {
				t.Errorf("%s %s: %v: %s", method, target, err, w.Body)
			}
		}
		if _, err := c.s.Snapshot(); err != nil {
			t.Error(err)
		}
	})
}
