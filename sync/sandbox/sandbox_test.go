package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// client speaks to a sandbox in JSON, through its handler alone.
type client struct {
	t     testing.TB
	s     *Server
	token string
}

func newClient(t testing.TB, edit func(*Options)) *client {
	t.Helper()
	o := DefaultOptions()
	if edit != nil {
		edit(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &client{t: t, s: s, token: s.Token()}
}

// send makes a request with a JSON text (or any value) as its body.
func (c *client) send(method, path string, body any) *httptest.ResponseRecorder {
	c.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		r = bytes.NewReader(mustEncode(b))
	}
	req := httptest.NewRequest(method, path, r)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, req)
	return w
}

// do is send for a request that must be answered with this status; it returns
// the answer's JSON.
func (c *client) do(status int, method, path string, body any) any {
	c.t.Helper()
	w := c.send(method, path, body)
	if w.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	var v any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			c.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	return v
}

// obj is do for an answer that is an object.
func (c *client) obj(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	m, ok := c.do(status, method, path, body).(map[string]any)
	if !ok {
		c.t.Fatalf("%s %s: the answer is not an object", method, path)
	}
	return m
}

// create makes an agent with a prompt and returns its path.
func (c *client) create(name, prompt string) string {
	c.t.Helper()
	a := c.obj(200, "POST", "/api/agents/create", map[string]any{
		"agent_in":     map[string]any{"agent_name": name, "agent_type": "INBOUND"},
		"agent_config": map[string]any{"system_prompt": prompt, "notes": "first"},
	})
	return "/api/agents/" + a["agent_id"].(string)
}

func outcome(name string) map[string]any {
	return map[string]any{"outcome_name": name, "outcome_description": "d", "outcome_type": "TEXT", "is_visible": true}
}

func TestLoginRefreshAndExpiry(t *testing.T) {
	now := time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC)
	c := newClient(t, func(o *Options) { o.Now = func() time.Time { return now } })
	for _, path := range []string{"/api/login", "/api/developer/login"} {
		bad := c.obj(400, "POST", path, `{"email":"x","password":"y"}`)
		if bad["error"] == nil || bad["status_code"] != 400.0 {
			t.Errorf("bad login: %v", bad)
		}
	}
	in := c.obj(200, "POST", "/api/login", map[string]any{"email": DefaultEmail, "password": DefaultPassword})
	data := in["data"].(map[string]any)
	c.token = data["access_token"].(string)
	c.do(200, "GET", "/api/agents/", nil)
	now = now.Add(5 * time.Minute)
	w := c.send("GET", "/api/agents/", nil)
	if w.Code != 401 || w.Body.String() != `{"detail":"Could not validate credentials"}` || w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("expired: %d %s", w.Code, w.Body)
	}
	again := c.obj(200, "POST", "/api/refresh_token?refresh_token="+data["refresh_token"].(string), nil)
	c.token = again["data"].(map[string]any)["access_token"].(string)
	if again["data"].(map[string]any)["refresh_token"] != data["refresh_token"] {
		t.Error("refresh gave another refresh token")
	}
	c.do(200, "GET", "/api/agents/", nil)
	c.s.RevokeTokens()
	c.do(401, "GET", "/api/agents/", nil)
	now = now.Add(24 * time.Hour)
	c.do(401, "POST", "/api/refresh_token?refresh_token="+data["refresh_token"].(string), nil)
	c.do(422, "POST", "/api/refresh_token", nil)
	c.token = data["refresh_token"].(string)
	c.do(401, "GET", "/api/agents/", nil)
	c.token = ""
	c.do(401, "GET", "/api/agents/AGT_1", nil)
}

func TestStory(t *testing.T) {
	c := newClient(t, nil)
	a := c.create("Outbound", "one")
	c.do(201, "POST", a+"/call_outcomes", outcome("lead"))
	draft := c.obj(200, "POST", a+"/configs", map[string]any{"system_prompt": "two"})
	if draft["version"] != 2.0 || draft["status"] != "draft" || draft["notes"] != "first" {
		t.Errorf("draft: %v", draft)
	}
	live := c.obj(200, "POST", a+"/configs/2/publish", nil)
	if len(live["call_outcomes"].([]any)) != 1 || live["is_current"] != true {
		t.Errorf("published: %v", live)
	}
	if old := c.obj(200, "GET", a+"/configs/1", nil); old["status"] != "archived" || old["is_current"] != false {
		t.Errorf("superseded: %v", old)
	}
	back := c.obj(200, "POST", a+"/configs/1/rollback", nil)
	if back["version"] != 1.0 || back["system_prompt"] != "one" {
		t.Errorf("rolled back: %v", back)
	}
	list := c.obj(200, "GET", a+"/call_outcomes", nil)
	if len(list["data"].([]any)) != 0 {
		t.Errorf("a rollback restores the fields: %v", list)
	}
	c.do(200, "DELETE", a, nil)
	c.do(404, "GET", a, nil)
	if n := c.s.CountWrites(); n != 6 {
		t.Errorf("writes: %d", n)
	}
}
