package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// anyText are the strings of the reference's examples that stand for some
// other text: ids, tokens, times and prose.
var anyText = regexp.MustCompile(`^(\.\.\.|<.*>|mongo-id|user-id|org-id|optional|AGT_(12345678|XXXX)|call_ab12cd34ef56gh78|67c7\.+|Call summary text|\d{4}-\d\d-\d\dT.*)$`)

// TestWire holds the sandbox to the examples of the public reference. Each
// file of testdata/wire is a sequence of requests and the answers to them; in
// paths, the example's ids stand for those of the last agent and call.
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			exchanges := strings.Split(string(text), "-- request --\n")[1:]
			c := newClient(t, func(o *Options) {
				o.Email, o.Password, o.APIKey = "developer@example.com", "your-password", "your-api-key"
			})
			ids := map[string]string{}
			for _, e := range exchanges {
				request, answer, _ := strings.Cut(e, "-- answer --\n")
				exchange(t, c, ids, request, answer)
			}
		})
	}
}

// exchange sends one request of a fixture and compares the answer.
func exchange(t *testing.T, c *client, ids map[string]string, request, answer string) {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n")
	method, path, _ := strings.Cut(head, " ")
	for example, id := range ids {
		path = strings.ReplaceAll(path, example, id)
	}
	var send any
	if strings.TrimSpace(body) != "" {
		send = body
	}
	w := c.send(method, path, send)
	status, want, _ := strings.Cut(answer, "\n")
	if strconv.Itoa(w.Code) != status {
		t.Fatalf("%s: status %d, want %s: %s", head, w.Code, status, w.Body)
	}
	got, err := decode(w.Body.Bytes())
	if err != nil {
		t.Fatalf("%s: %v: %s", head, err, w.Body)
	}
	learn(got, ids)
	if strings.TrimSpace(want) == "" {
		return
	}
	wanted, err := decode([]byte(want))
	if err != nil {
		t.Fatalf("%s: the fixture: %v", head, err)
	}
	for _, d := range differences("", wanted, got) {
		t.Errorf("%s: %s", head, d)
	}
}

// learn notes the ids of an answer in place of the example's.
func learn(v any, ids map[string]string) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	if data, ok := m["data"].(map[string]any); ok {
		learn(data, ids)
	}
	if id, ok := m["agent_id"].(string); ok {
		ids["AGT_12345678"] = id
	}
	if id, ok := m["call_id"].(string); ok {
		ids["call_ab12cd34ef56gh78"] = id
	}
}

// differences compares an example with an answer: the same keys, the same
// types, and the same values but for anyText.
func differences(path string, want, got any) (out []string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v, not an object", path, got)}
		}
		for key := range w {
			if _, ok := g[key]; !ok {
				out = append(out, path+"."+key+" is missing")
				continue
			}
			out = append(out, differences(path+"."+key, w[key], g[key])...)
		}
		for key := range g {
			if _, ok := w[key]; !ok {
				out = append(out, path+"."+key+" is not in the reference")
			}
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return []string{fmt.Sprintf("%s is %v, want %v", path, got, want)}
		}
		for i := range w {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])...)
		}
		return out
	case string:
		if g, ok := got.(string); ok && anyText.MatchString(w) && g != "" {
			return nil
		}
	case json.Number:
		if g, ok := got.(json.Number); ok {
			a, _ := w.Float64()
			b, _ := g.Float64()
			if a == b {
				return nil
			}
		}
	}
	if want != got {
		return []string{fmt.Sprintf("%s is %#v, want %#v", path, got, want)}
	}
	return nil
}
