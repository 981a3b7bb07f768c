package sandbox

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestCreateAsDraft(t *testing.T) {
	c := newClient(t, func(o *Options) { o.CreatePublishes = false })
	a := c.create("A", "one")
	got := c.obj(404, "GET", a+"/configs/current", nil)
	if got["detail"] != "No current config found" {
		t.Errorf("%v", got)
	}
	c.do(404, "PUT", a+"/config/tts_config", `{"voice_id":"v"}`)
	c.do(404, "POST", a+"/configs/render", `{}`)
	c.do(400, "POST", a+"/configs/1/rollback", nil)
	if v := c.obj(200, "POST", a+"/configs", `{"notes":"n"}`); v["system_prompt"] != "one" || v["version"] != 2.0 {
		t.Errorf("a draft without a current config clones the latest version: %v", v)
	}
	c.do(200, "POST", a+"/configs/1/publish", nil)
	c.do(400, "POST", a+"/configs/1/publish", nil)
}

// TestRollback holds each reading of what a rollback and a superseded version
// are.
func TestRollback(t *testing.T) {
	for _, mode := range []string{"repoint", "clone"} {
		for _, superseded := range []string{"archived", "published"} {
			for _, restore := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%v", mode, superseded, restore), func(t *testing.T) {
					c := newClient(t, func(o *Options) {
						o.Rollback, o.Superseded, o.RestoreFields = mode, superseded, restore
					})
					a := c.create("A", "one")
					c.do(201, "POST", a+"/call_outcomes", outcome("lead"))
					c.do(200, "POST", a+"/configs?publish=true", `{"system_prompt":"two","notes":"second"}`)
					v := c.obj(200, "POST", a+"/configs/1/rollback", nil)
					number, versions := 1.0, 2
					if mode == "clone" {
						number, versions = 3.0, 3
					}
					if v["version"] != number || v["system_prompt"] != "one" || v["notes"] != "first" ||
						v["is_current"] != true || v["status"] != "published" {
						t.Errorf("current: %v", v)
					}
					if old := c.obj(200, "GET", a+"/configs/2", nil); old["status"] != superseded || old["is_current"] != false {
						t.Errorf("superseded: %v", old)
					}
					if list := c.do(200, "GET", a+"/configs", nil).([]any); len(list) != versions {
						t.Errorf("%d versions", len(list))
					}
					items := c.obj(200, "GET", a+"/call_outcomes", nil)["data"].([]any)
					if (len(items) == 0) != restore {
						t.Errorf("outcomes after the rollback: %v", items)
					}
				})
			}
		}
	}
}

func TestListing(t *testing.T) {
	for _, c := range []struct {
		listing                      string
		bearer, legacy, unslashedGet int
		allow                        string
	}{
		{"bearer", 200, 200, 405, "POST"},
		{"legacy", 405, 200, 405, "POST"},
		{"none", 404, 404, 404, ""},
	} {
		t.Run(c.listing, func(t *testing.T) {
			cl := newClient(t, func(o *Options) { o.Listing = c.listing })
			cl.create("A", "one")
			w := cl.send("GET", "/api/agents/", nil)
			if w.Code != c.bearer {
				t.Errorf("GET /api/agents/: %d", w.Code)
			}
			if got := w.Header().Get("Allow"); w.Code == 405 && got != c.allow {
				t.Errorf("Allow: %q", got)
			}
			cl.do(c.legacy, "POST", "/api/agents", map[string]any{"api_key": DefaultAPIKey})
			cl.do(c.unslashedGet, "GET", "/api/agents", nil)
		})
	}
}

func TestListingPages(t *testing.T) {
	c := newClient(t, nil)
	for i := range 5 {
		c.create(fmt.Sprint("A", i), "p")
	}
	if _, err := c.s.Dashboard().CreateAgent(map[string]any{"agent_name": "foreign", "agent_type": "INBOUND"}, map[string]any{}, "somebody"); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, page := range []string{"?skip=0&limit=2", "?skip=2&limit=2", "?skip=4&limit=2", "?skip=6"} {
		for _, a := range c.do(200, "GET", "/api/agents/"+page, nil).([]any) {
			names = append(names, a.(map[string]any)["agent_name"].(string))
		}
	}
	if fmt.Sprint(names) != "[A4 A3 A2 A1 A0]" {
		t.Errorf("%v", names)
	}
}

func TestStrict(t *testing.T) {
	strict := newClient(t, func(o *Options) { o.Strict = true; o.Extra = []string{"voice_style", "tts_config.speed"} })
	a := strict.create("A", "one")
	for path, body := range map[string]string{
		"POST " + a + "/configs":                   `{"sytem_prompt":"x"}`,
		"PUT " + a + "/configs/1":                  `{"call_outcomes":[]}`,
		"PUT " + a:                                 `{"agent_type":"OUTBOUND"}`,
		"POST " + a + "/call_infields":             `{"field_name":"f","field_type":"TEXT","is_visible":true,"agent_id":"x"}`,
		"PATCH " + a + "/call_infields/x":          `{"field_typ":"TEXT"}`,
		"PUT " + a + "/config/tts_config":          `{"voice":"x"}`,
		"POST /api/agents/create":                  `{"agent_in":{"agent_name":"B","agent_type":"INBOUND","nme":1},"agent_config":{}}`,
		"POST /api/agents/create ":                 `{"agent_in":{"agent_name":"B","agent_type":"INBOUND"},"agent_config":{},"call_outcomes":[]}`,
		"POST " + a + "/configs?publish=true":      `{"metadata_schema":[{"name":"a","typ":"string"}]}`,
		"POST " + a + "/configs?x=1&publish=false": `{"vad_config":{"threshold":1}}`,
	} {
		method, path, _ := strings.Cut(strings.TrimSpace(path), " ")
		got := fmt.Sprint(strict.obj(422, method, path, body)["detail"])
		if !strings.Contains(got, "extra_forbidden") {
			t.Errorf("%s %s: %s", method, path, got)
		}
	}
	v := strict.obj(200, "POST", a+"/configs", `{"voice_style":"warm","tts_config":{"voice_id":"v","speed":1.5}}`)
	if v["voice_style"] != "warm" || v["tts_config"].(map[string]any)["speed"] != 1.5 {
		t.Errorf("extra fields: %v", v)
	}

	lax := newClient(t, nil)
	a = lax.create("A", "one")
	v = lax.obj(200, "POST", a+"/configs", `{"voice_style":"warm","tts_config":{"voice_id":"v","speed":1.5}}`)
	if _, there := v["voice_style"]; there || v["tts_config"].(map[string]any)["speed"] != 1.5 {
		t.Errorf("unknown fields are dropped, a section's are kept: %v", v)
	}
}

func TestWrapAndSoftErrors(t *testing.T) {
	c := newClient(t, func(o *Options) { o.Wrap, o.SoftErrors = true, true })
	got := c.obj(200, "POST", "/api/agents/create", `{"agent_in":{"agent_name":"A","agent_type":"INBOUND"},"agent_config":{}}`)
	a := "/api/agents/" + got["data"].(map[string]any)["agent_id"].(string)
	if got["status_code"] != 200.0 {
		t.Errorf("%v", got)
	}
	list := c.obj(200, "GET", a+"/configs", nil)
	if len(list["data"].(map[string]any)["configs"].([]any)) != 1 {
		t.Errorf("%v", list)
	}
	if soft := c.obj(200, "DELETE", a+"/call_outcomes/x", nil); soft["status_code"] != 404.0 {
		t.Errorf("%v", soft)
	}
	c.do(404, "GET", a+"/configs/9", nil)
}

func TestServices(t *testing.T) {
	c := newClient(t, nil)
	a := c.create("A", "one")
	v := c.obj(200, "PUT", a+"/config/llm_config", `{"provider":"groq","temperature":1}`)
	if llm := v["llm_config"].(map[string]any); llm["provider"] != "groq" || llm["temperature"] != 1.0 || v["version"] != 1.0 {
		t.Errorf("%v", v)
	}
	c.do(400, "PUT", a+"/config/notes", `{}`)
	c.do(400, "PUT", a+"/config/vad_config", `{"activation_threshold":"high"}`)
	c.do(422, "PUT", a+"/config/vad_config", `[]`)
}

func TestDraftNumbers(t *testing.T) {
	c := newClient(t, nil)
	a := c.create("A", "one")
	c.do(200, "POST", a+"/configs", `{}`)
	c.do(200, "DELETE", a+"/configs/2", nil)
	if v := c.obj(200, "POST", a+"/configs", `{}`); v["version"] != 2.0 {
		t.Errorf("one more than the highest that is there: %v", v["version"])
	}
}

func TestDraftNumbersAreNotReused(t *testing.T) {
	c := newClient(t, func(o *Options) { o.Numbers = "once" })
	a := c.create("A", "one")
	c.do(200, "POST", a+"/configs", `{}`)
	c.do(200, "DELETE", a+"/configs/2", nil)
	c.do(404, "GET", a+"/configs/2", nil)
	c.do(400, "DELETE", a+"/configs/1", nil)
	c.do(400, "PUT", a+"/configs/1", `{"notes":"x"}`)
	if v := c.obj(200, "POST", a+"/configs", `{}`); v["version"] != 3.0 {
		t.Errorf("%v", v["version"])
	}
	if v := c.obj(200, "PUT", a+"/configs/3", `{"guidelines":null,"notes":"n\r\n"}`); v["notes"] != "n\r\n" || v["guidelines"] == nil {
		t.Errorf("%v", v)
	}
	if list := c.do(200, "GET", a+"/configs?status_filter=draft", nil).([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	c.do(422, "GET", a+"/configs?status_filter=live", nil)
	c.do(422, "POST", a+"/configs?publish=perhaps", `{}`)
}

func TestOtherOwnersAndDuplicates(t *testing.T) {
	c := newClient(t, nil)
	id, err := c.s.Dashboard().CreateAgent(map[string]any{"agent_name": "theirs", "agent_type": "INBOUND"}, map[string]any{}, "somebody")
	if err != nil {
		t.Fatal(err)
	}
	c.do(403, "GET", "/api/agents/"+id, nil)
	c.do(403, "DELETE", "/api/agents/"+id, nil)
	mine := c.create("theirs", "p")
	c.create("other", "p")
	c.do(400, "PUT", mine, `{"agent_name":"other"}`)
	c.do(200, "PUT", mine, `{"agent_name":"theirs"}`)
	c.do(400, "POST", "/api/agents/create", `{"agent_in":{"agent_name":"other","agent_type":"INBOUND"},"agent_config":{}}`)
}

func TestNumbersAndTimesAsPythonWritesThem(t *testing.T) {
	now := time.Date(2026, 4, 22, 9, 58, 53, 903_456_789, time.UTC)
	c := newClient(t, func(o *Options) { o.Now = func() time.Time { return now } })
	a := c.create("A", "one")
	body := c.send("GET", a, nil).Body.String()
	for _, want := range []string{`"agent_cost":5.0`, `"created_at":"2026-04-22T09:58:53.903000"`, `"livekit_api_secret":"LK-SECRET-0-AGT_`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	body = c.send("PUT", a+"/config/llm_config", `{"temperature":0,"max_tokens":5.0}`).Body.String()
	if !strings.Contains(body, `"temperature":0.0`) || !strings.Contains(body, `"max_tokens":5,`) {
		t.Error(body)
	}
	for in, want := range map[float64]string{0: "0.0", 5: "5.0", 0.3: "0.3", 1e-5: "1e-05", 1e16: "1e+16", -2.5: "-2.5"} {
		if got := pyFloat(in).String(); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestPathsThatDoNotMatch(t *testing.T) {
	c := newClient(t, nil)
	a := c.create("A", "one")
	if w := c.send("GET", a+"/?x=1", nil); w.Code != 307 || w.Header().Get("Location") != a+"?x=1" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if w := c.send("PATCH", a, nil); w.Code != 405 || w.Header().Get("Allow") != "GET, PUT, DELETE" {
		t.Errorf("%d %q", w.Code, w.Header().Get("Allow"))
	}
	none := newClient(t, func(o *Options) { o.NoRefresh = true })
	none.do(404, "POST", "/api/refresh_token?refresh_token=x", nil)
}

func TestRateLimit(t *testing.T) {
	now := time.Now()
	c := newClient(t, func(o *Options) { o.Now = func() time.Time { return now }; o.RateLimit, o.RetryAfter = 2, true })
	var got []int
	var last *httptest.ResponseRecorder
	for range 3 {
		last = c.send("GET", "/api/agents/", nil)
		got = append(got, last.Code)
	}
	if fmt.Sprint(got) != "[200 200 429]" || last.Header().Get("Retry-After") != "1" {
		t.Errorf("%v %q", got, last.Header().Get("Retry-After"))
	}
	now = now.Add(500 * time.Millisecond)
	c.do(200, "GET", "/api/agents/", nil)
	c.do(429, "GET", "/api/agents/", nil)
}

func TestLogHidesSecrets(t *testing.T) {
	var log strings.Builder
	c := newClient(t, func(o *Options) { o.Log = &log })
	in := c.obj(200, "POST", "/api/login", map[string]any{"email": DefaultEmail, "password": DefaultPassword})
	refresh := in["data"].(map[string]any)["refresh_token"].(string)
	c.do(200, "POST", "/api/refresh_token?refresh_token="+refresh, nil)
	a := c.create("A\nB", "p")
	c.do(200, "GET", a+"/configs?limit=5&skip=0", nil)
	c.do(404, "GET", "/x%0ay?limit=%0a", nil)
	c.do(400, "POST", "/api/agents", `{"api_key":"wrong"}`)
	for _, secret := range append(c.s.Secrets(), refresh) {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	line := regexp.MustCompile(`(?m)^(GET|POST) /\S+ \d{3}$`)
	if n := len(line.FindAllString(log.String(), -1)); n != 6 || strings.Count(log.String(), "\n") != 6 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
	if !strings.Contains(log.String(), "refresh_token=***") || !strings.Contains(log.String(), "limit=5&skip=0") {
		t.Error(log.String())
	}
}

func TestUnknownSwitchValue(t *testing.T) {
	for _, o := range []Options{{Rollback: "x"}, {Superseded: "x"}, {Listing: "x"}, {Calls: "x"}, {TranscriptDelay: -1}, {RateLimit: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// TestSeed holds that the same requests to the same seed give the same bytes.
func TestSeed(t *testing.T) {
	now := time.Now()
	run := func(seed int64) string {
		c := newClient(t, func(o *Options) { o.Seed = seed; o.Now = func() time.Time { return now } })
		a := c.create("A", "p")
		return c.token + c.send("GET", a+"/configs", nil).Body.String() + c.send("GET", a, nil).Body.String()
	}
	first, second, other := run(1), run(1), run(2)
	if first != second || first == other {
		t.Error("a seed does not decide ids and tokens")
	}
}
