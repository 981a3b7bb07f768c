package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/robustio"
)

func onFile(path string) func(*Options) { return func(o *Options) { o.DataFile = path } }

func TestStateSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "sandbox.json")
	first := newClient(t, onFile(path))
	a := first.create("Größe <&>", "one\r\ntwo")
	first.do(201, "POST", a+"/call_outcomes", outcome("lead"))
	first.do(200, "POST", a+"/configs?publish=true", `{"llm_config":{"temperature":0.2},"vad_config":{"activation_threshold":1}}`)
	call := first.obj(200, "POST", "/api/developer/calls/click2call", `{"customer_number":"919999999999","agent_number":"918888888888"}`)

	second := newClient(t, onFile(path))
	second.token = first.token
	for _, path := range []string{a, a + "/configs", a + "/configs/current", a + "/call_outcomes", a + "/call_infields", "/api/agents/"} {
		if x, y := first.send("GET", path, nil).Body.String(), second.send("GET", path, nil).Body.String(); x != y {
			t.Errorf("%s after the restart:\n%s\n%s", path, x, y)
		}
	}
	id := call["data"].(map[string]any)["call_id"].(string)
	second.do(200, "GET", "/api/calls/"+id+"/transcript", nil)
	if v := second.obj(200, "POST", a+"/configs", `{}`); v["version"] != 3.0 {
		t.Errorf("%v", v["version"])
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // which has no such rights
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := os.Stat(path + ".tmp"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the temporary file is left behind")
	}
}

// TestTwoServersShareAFile is agentsync --sandbox in two terminals: neither
// loses what the other wrote, and each sees it at once.
func TestTwoServersShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.json")
	clients := []*client{newClient(t, onFile(path)), newClient(t, onFile(path))}
	const each = 25
	var wait sync.WaitGroup
	for i, c := range clients {
		for n := range each {
			wait.Go(func() {
				body := fmt.Sprintf(`{"agent_in":{"agent_name":"%d-%d","agent_type":"INBOUND"},"agent_config":{}}`, i, n)
				if w := c.send("POST", "/api/agents/create", body); w.Code != 200 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
	}
	wait.Wait()
	for _, c := range clients {
		if n := len(c.do(200, "GET", "/api/agents/", nil).([]any)); n != 2*each {
			t.Errorf("%d agents", n)
		}
	}
	a := clients[0].create("last", "one")
	clients[1].do(200, "PUT", a, `{"agent_description":"seen"}`)
	if got := clients[0].obj(200, "GET", a, nil); got["agent_description"] != "seen" {
		t.Errorf("%v", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if n := len(clients[0].do(200, "GET", "/api/agents/", nil).([]any)); n != 0 {
		t.Errorf("%d agents without the file", n)
	}
}

func TestForeignFileIsRefused(t *testing.T) {
	for _, content := range []string{"", "hello", `{"stamp":`, `[]`, `{"agents":[{}]}`, `{"agents":[null]}`, `{"agents":[{"agent":{"agent_id":"AGT_1"},"versions":[null]}]}`} {
		path := filepath.Join(t.TempDir(), "data.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		o := DefaultOptions()
		o.DataFile = path
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", content, err)
		}
		if b, _ := os.ReadFile(path); string(b) != content {
			t.Errorf("%q was overwritten", content)
		}
	}
}

// TestUnwritableFile holds that a change that is not saved is not there.
func TestUnwritableFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sandbox.json")
	c := newClient(t, onFile(path))
	a := c.create("A", "one")
	if err := os.Mkdir(path+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path+".tmp", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.do(500, "PUT", a, `{"agent_description":"lost"}`)
	if got := c.obj(200, "GET", a, nil); got["agent_description"] != nil {
		t.Errorf("%v", got)
	}
}

// TestKilled runs a process that writes without end, kills it, and reads the
// file: it is whole, and has all that was acknowledged.
func TestKilled(t *testing.T) {
	if path := os.Getenv("SANDBOX_KILLED"); path != "" {
		writeWithoutEnd(t, path)
	}
	for round := range 3 {
		path := filepath.Join(t.TempDir(), "sandbox.json")
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "SANDBOX_KILLED="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for acknowledged < 20+7*round {
			if _, err := fmt.Fscanln(out, &acknowledged); err != nil {
				t.Fatal(err)
			}
			if b, err := robustio.ReadFile(path); err != nil || !json.Valid(b) {
				t.Fatalf("while writing: %v", err)
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		c := newClient(t, onFile(path))
		if n := len(c.do(200, "GET", "/api/agents/?limit=100", nil).([]any)); n < acknowledged {
			t.Errorf("%d agents of %d that were acknowledged", n, acknowledged)
		}
		c.create("after the kill", "p")
	}
}

func writeWithoutEnd(t *testing.T, path string) {
	c := newClient(t, onFile(path))
	for n := 1; ; n++ {
		c.create(fmt.Sprint("A", n), strings.Repeat("prompt ", 2000))
		fmt.Println(n)
	}
}

// TestManyClients is for the race detector: everything at once on one server.
func TestManyClients(t *testing.T) {
	c := newClient(t, onFile(filepath.Join(t.TempDir(), "sandbox.json")))
	shared := c.create("shared", "p")
	var wait sync.WaitGroup
	for i := range 6 {
		wait.Go(func() {
			a := c.create(fmt.Sprint("A", i), "p")
			for n := range 3 {
				c.do(200, "POST", a+"/configs?publish=true", `{"notes":"n"}`)
				c.do(201, "POST", shared+"/call_outcomes", outcome(fmt.Sprintf("o%d-%d", i, n)))
				c.do(200, "POST", shared+"/configs", `{}`)
				c.do(200, "GET", shared+"/configs", nil)
				c.do(200, "GET", "/api/agents/", nil)
				if _, err := c.s.Snapshot(); err != nil {
					t.Error(err)
				}
				if _, err := c.s.Dashboard().EditPrompt(strings.TrimPrefix(shared, "/api/agents/"), "q"); err != nil {
					t.Error(err)
				}
			}
			c.do(200, "DELETE", a, nil)
		})
	}
	wait.Wait()
	snap, err := c.s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	a, ok := snap.Agent("shared")
	if !ok || len(snap.Agents) != 1 || len(a.Outcomes) != 18 || len(a.Versions) != 37 {
		t.Errorf("%d agents, %d outcomes, %d versions", len(snap.Agents), len(a.Outcomes), len(a.Versions))
	}
}

// BenchmarkCreate measures a create next to 1,000 agents with 4 KB prompts.
func BenchmarkCreate(b *testing.B) {
	c := newClient(b, onFile(filepath.Join(b.TempDir(), "sandbox.json")))
	c.s.opts.TokenLife = time.Hour
	c.token = c.s.Token()
	prompt := strings.Repeat("x", 4096)
	var wait sync.WaitGroup
	for i := range 1000 {
		wait.Go(func() { c.create(fmt.Sprint("old", i), prompt) })
	}
	wait.Wait()
	for i := 0; b.Loop(); i++ {
		c.create(fmt.Sprint("new", i), prompt)
	}
}
