package indus

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/agentsync/agentsync/internal/secret"
)

func newSecret(s string) secret.Secret { return secret.New(s) }

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v is no *Error", err, err)
	}
	return e
}

// TestErrorShapes holds the one line that a user sees for each shape of
// reference.md, "Answers and errors".
func TestErrorShapes(t *testing.T) {
	long := strings.Repeat("x", 2000)
	tests := []struct {
		name   string
		status int
		body   string
		header map[string]string
		want   string
	}{
		{"envelope", 400, `{"status_code":400,"message":"Failed","error":"agent name already exists","data":null,"request_id":"req_1"}`, nil,
			"400: agent name already exists (request req_1)"},
		{"envelope object", 400, `{"status_code":400,"message":"Failed","error":{"code":"DUP","message":"duplicate"},"data":null}`, nil, "400: duplicate"},
		{"envelope unknown object", 400, `{"status_code":400,"message":"Failed","error":{"code":"DUP","api_key":"k","livekit_api_secret":"s"},"data":null}`, nil, "400: code: DUP"},
		{"envelope message alone", 400, `{"status_code":400,"message":"Failed to update","error":null,"data":null}`, nil, "400: Failed to update"},
		{"envelope says so", 200, `{"status_code":403,"message":"no","error":"Not authorized","data":null}`, nil, "403: Not authorized"},
		{"envelope disagrees", 403, `{"status_code":200,"message":"fine","error":null,"data":{}}`, nil, "403: fine"},
		{"success with an error", 200, `{"status_code":200,"message":"fine","error":"it broke","data":{}}`, nil, "200: it broke"},
		{"detail", 404, `{"detail":"Agent not found"}`, map[string]string{"X-Request-ID": "abc"}, "404: Agent not found (request abc)"},
		{"422", 422, `{"detail":[{"loc":["body","agent_in"],"msg":"Field required","type":"missing","input":{"password":"hunter2"}},
			{"loc":["body",0],"msg":"bad"},{"msg":"c"},{"msg":"d"}]}`, nil, "422: body.agent_in: Field required; body.0: bad; c; and 1 more"},
		{"html", 500, "<html><head><title>502 Bad\n Gateway</title></head><body>secret</body></html>", map[string]string{"Content-Type": "text/html"}, "500: 502 Bad Gateway"},
		{"html of its own status", 500, "<html><h1>500 Oops &amp; <b>sorry</b></h1></html>", nil, "500: Oops & sorry"},
		{"nothing", 500, "", nil, "500: Internal Server Error"},
		{"half an object", 500, `{"detail":"x`, nil, "500: Internal Server Error"},
		{"plain text", 500, "Internal failure", nil, "500: Internal failure"},
		{"405", 405, `{"detail":"Method Not Allowed"}`, map[string]string{"Allow": "GET, PUT"}, "405: Method Not Allowed (allowed: GET, PUT)"},
		{"terminal escapes", 400, `{"detail":"a\u001b[2Jb\u202ec\n::set-output name=x::y","request_id":"r\u001b"}`, nil,
			`400: a\x1b[2Jb\u202ec ::set-output name=x::y (request r\x1b)`},
		{"endless", 400, `{"detail":"` + long + `"}`, nil, "400: " + long[:300] + "…"},
		{"unknown status", 599, "", nil, "599: no message"},
		{"array", 500, `["a"]`, nil, "500: Internal Server Error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlatform(t, map[string][]answer{"GET /api/agents/AGT_1": {{status: tt.status, body: tt.body, header: tt.header}}})
			_, err := p.client(withToken).Agent(t.Context(), "AGT_1")
			if got, want := errText(err), "GET /api/agents/AGT_1: "+tt.want; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if e := asError(t, err); e.MayHaveActed() || e.Tries() != 1 || e.NotFound() != (e.Status == 404) {
				t.Errorf("acted %v, tries %d, not found %v", e.MayHaveActed(), e.Tries(), e.NotFound())
			}
		})
	}
}

// TestFate holds what is known of a write after each end of it, and how often
// it was sent.
func TestFate(t *testing.T) {
	create := func(c *Client) error {
		_, err := c.CreateAgent(t.Context(), map[string]any{"agent_in": map[string]any{}})
		return err
	}
	update := func(c *Client) error { return c.UpdateAgent(t.Context(), "A", map[string]any{"is_active": true}) }
	publish := func(c *Client) error { return c.Publish(t.Context(), "A", 8) }
	get := func(c *Client) error { _, err := c.Agent(t.Context(), "A"); return err }
	good := answer{body: `{"agent_id":"A"}`}
	do := func(f func(http.ResponseWriter, *http.Request)) answer { return answer{do: f} }
	tests := []struct {
		name    string
		call    func(*Client) error
		answers []answer
		sent    int
		acted   bool
		want    string // "" for success
	}{
		{"create 500", create, []answer{{status: 500}}, 1, true, "500: Internal Server Error"},
		{"create 503", create, []answer{{status: 503}}, 1, true, "503: Service Unavailable"},
		{"create 400", create, []answer{{status: 400}}, 1, false, "400: Bad Request"},
		{"create 429", create, []answer{{status: 429}, {status: 429}, good}, 3, false, ""},
		{"create cut", create, []answer{do(cut)}, 1, true, "cut connection: EOF"},
		{"create half", create, []answer{do(halfAnswer)}, 1, true, "cut answer: unexpected EOF"},
		{"create no JSON", create, []answer{{body: "<html><title>Welcome</title></html>"}}, 1, true, `200: answer is not JSON: a page titled "Welcome"`},
		{"create without id", create, []answer{{body: `{"message":"ok"}`}}, 1, true, "unexpected answer: no agent_id in the answer"},
		{"create empty", create, []answer{{}}, 1, true, "unexpected answer: null instead of an object"},
		{"publish 502", publish, []answer{{status: 502}}, 1, true, "502: Bad Gateway"},
		{"publish 429", publish, []answer{{status: 429, header: map[string]string{"Retry-After": "2"}}, {}}, 2, false, ""},
		{"update cut, then good", update, []answer{do(cut), good}, 2, false, ""},
		{"update cut, then refused", update, []answer{do(cut), {status: 400}}, 2, true, "400: Bad Request"},
		{"update half, then good", update, []answer{do(halfAnswer), good}, 2, false, ""},
		{"update no JSON", update, []answer{{body: "{"}}, 1, true, "200: answer is not JSON: unexpected EOF"},
		{"update 503 for ever", update, []answer{{status: 503}}, 6, true, "503: Service Unavailable after 6 tries"},
		{"update 500", update, []answer{{status: 500}}, 1, true, "500: Internal Server Error"},
		{"read 502 503 504", get, []answer{{status: 502}, {status: 503}, {status: 504}, good}, 4, false, ""},
		{"read half, then good", get, []answer{do(halfAnswer), {body: "{"}, good}, 3, false, ""},
		{"read cut for ever", get, []answer{do(cut)}, 6, false, "cut connection after 6 tries: EOF"},
		{"read 429 for ever", get, []answer{{status: 429, body: `{"detail":"slow down"}`}}, 6, false, "429: slow down after 6 tries"},
		{"read 500", get, []answer{{status: 500}}, 1, false, "500: Internal Server Error"},
	}
	lines := map[string]string{"create": "POST /api/agents/create", "update": "PUT /api/agents/A", "publish": "POST /api/agents/A/configs/8/publish", "read": "GET /api/agents/A"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verb, _, _ := strings.Cut(tt.name, " ")
			line := lines[verb]
			p := newPlatform(t, map[string][]answer{line: tt.answers})
			// Without keep-alive, as net/http itself repeats a GET that a kept
			// connection cuts.
			c := p.client(withToken, func(o *Options) { o.Transport = &http.Transport{DisableKeepAlives: true} })
			err := tt.call(c)
			want := tt.want
			if want != "" {
				want = line + ": " + want
			}
			if got := errText(err); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if n := p.count(line); n != tt.sent {
				t.Errorf("sent %d times, want %d", n, tt.sent)
			}
			if err != nil && (asError(t, err).MayHaveActed() != tt.acted || asError(t, err).Tries() != tt.sent) {
				t.Errorf("acted %v, tries %d", asError(t, err).MayHaveActed(), asError(t, err).Tries())
			}
		})
	}
}

// TestNoConnection: a create whose dial fails has surely not acted, and is
// tried again. Each try is said as it ends. Where nothing was ever heard of the
// platform, three are enough.
func TestNoConnection(t *testing.T) {
	p := newPlatform(t, nil)
	p.server.Close()
	c := p.client(withToken)
	_, err := c.CreateAgent(t.Context(), nil)
	e := asError(t, err)
	if e.MayHaveActed() || e.Tries() != 3 || !strings.HasPrefix(e.Error(), "POST /api/agents/create: no connection after 3 tries: dial tcp 127.0.0.1:") {
		t.Errorf("%v: acted %v, tries %d", e, e.MayHaveActed(), e.Tries())
	}
	if len(p.slept) != 2 || p.slept[0] >= p.slept[1] {
		t.Errorf("slept %v", p.slept)
	}
	if len(p.said) != 2 || !strings.Contains(p.said[0], "connection refused), try 1 of 3") || !strings.Contains(p.said[1], "try 2 of 3") {
		t.Errorf("said %q", p.said)
	}
}

// TestConnectionIsGone: a platform that has answered, and refuses connections
// then, may be one that is started again, and gets all tries. Many requests that
// find this out say it once.
func TestConnectionIsGone(t *testing.T) {
	p := newPlatform(t, map[string][]answer{"GET /api/agents/A": {{body: `{"agent_id":"A","agent_name":"a"}`}}})
	c := p.client(withToken)
	if _, err := c.Agent(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	p.server.Close()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			_, err := c.Agent(t.Context(), "A")
			if !strings.Contains(errText(err), "no connection after 6 tries: ") {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(p.said) != 5 || !strings.Contains(p.said[4], "try 5 of 6") {
		t.Errorf("said %q", p.said)
	}
}

// TestDeleteTwice: 404 after an uncertain delete is success, without one it
// is 404.
func TestDeleteTwice(t *testing.T) {
	gone := answer{status: 404, body: `{"detail":"Agent not found"}`}
	p := newPlatform(t, map[string][]answer{"DELETE /api/agents/A": {{status: 502}, gone}})
	c := p.client(withToken)
	if err := c.DeleteAgent(t.Context(), "A"); err != nil {
		t.Error(err)
	}
	if err := c.DeleteAgent(t.Context(), "A"); err == nil || !asError(t, err).NotFound() {
		t.Errorf("second delete: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]string{
		"7": "7s", "600": "10m0s", "86400": "1h0m0s", "Wed, 22 Apr 2026 10:00:09 GMT": "9s", "0": "500ms", "soon": "500ms", "-5": "500ms",
	} {
		p := newPlatform(t, map[string][]answer{"GET /api/agents/A": {{status: 503, header: map[string]string{"Retry-After": value}}, {body: `{"agent_id":"A"}`}}})
		if _, err := p.client(withToken).Agent(t.Context(), "A"); err != nil || len(p.slept) != 1 || p.slept[0].String() != want {
			t.Errorf("%s: slept %v, %v", value, p.slept, err)
		}
	}
}

// TestRedirects: never to another host, and a write to nowhere at all.
func TestRedirects(t *testing.T) {
	stranger := newPlatform(t, nil) // fails on any request
	to := func(status int, where string) answer {
		return answer{status: status, header: map[string]string{"Location": where}}
	}
	get, put := "GET /api/agents/A", "PUT /api/agents/A"
	tests := []struct {
		name, line string
		first      answer
		want       string
		acted      bool
	}{
		{"another host", get, to(307, stranger.server.URL+"/x"), "307: redirected to another host, " + stranger.server.URL + ": not followed", false},
		{"another scheme", get, to(301, "https://127.0.0.1/x"), "301: redirected to another host, https://127.0.0.1: not followed", false},
		{"no place", get, to(302, ""), "302: redirected to nowhere", false},
		{"same host", get, to(307, "/api/agents/A/"), "", false},
		{"a circle", get, to(307, "/api/agents/A"), "508: redirected in a circle", false},
		{"a write", put, to(307, "/api/agents/A/"), "307: redirected: not followed", false},
		{"a write that may have acted", put, to(303, "/done"), "303: redirected: not followed", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlatform(t, map[string][]answer{tt.line: {tt.first}, "GET /api/agents/A/": {{body: `{"agent_id":"A"}`}}})
			c := p.client(withToken)
			var err error
			if tt.line == put {
				err = c.UpdateAgent(t.Context(), "A", map[string]any{})
			} else {
				_, err = c.Agent(t.Context(), "A")
			}
			want := tt.want
			if want != "" {
				want = tt.line + ": " + want
			}
			if errText(err) != want {
				t.Errorf("\n got %v\nwant %s", err, want)
			}
			if err != nil && asError(t, err).MayHaveActed() != tt.acted {
				t.Error("MayHaveActed is wrong")
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://developer.induslabs.io/": "", "http://127.0.0.1:80": "", "http://[::1]:8": "", "http://localhost/prefix": "",
		"":                       "no base URL is given",
		"http://example.com":     "base URL: http://example.com would carry credentials in the clear: want https (http is for a loopback host only)",
		"https://u:pw@example.c": "base URL: must not hold a user name or password",
		"ftp://example.com":      "base URL: ftp://example.com would carry credentials in the clear: want https (http is for a loopback host only)",
		"example.com":            "base URL: want https://host",
		"https://example.com/?x": "base URL: must not hold a query or fragment",
	} {
		if _, err := New(Options{BaseURL: url}); errText(err) != want {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestHugeAnswers: a hostile server cannot fill the memory.
func TestHugeAnswers(t *testing.T) {
	endless := answer{do: func(w http.ResponseWriter, _ *http.Request) {
		chunk := strings.Repeat(" ", 1<<20)
		for {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}}
	p := newPlatform(t, map[string][]answer{"GET /api/agents/A": {endless}})
	_, err := p.client(withToken).Agent(t.Context(), "A")
	if errText(err) != "GET /api/agents/A: answer larger than 64 MiB" {
		t.Error(err)
	}
}
