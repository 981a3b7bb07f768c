//go:build unix

package indus

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/agentsync/agentsync/internal/secret"
)

// BenchmarkReads reads 4,000 configs with 4 KB prompts with 16 workers, as a
// plan of 1,000 agents does, from a server in the same process. cpu-s/4000 is
// the processor time of both together; bare is the same with net/http alone.
func BenchmarkReads(b *testing.B) {
	prompt, _ := json.Marshal(strings.Repeat("You are a helpful voice agent. ", 130))
	body := fmt.Sprintf(`{"version":3,"status":"published","is_current":true,"system_prompt":%s,"llm_config":{"temperature":0.2}}`, prompt)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond) // the link
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}))
	defer server.Close()
	const n, workers = 4000, 16
	run := func(b *testing.B, read func(i int) error) {
		for b.Loop() {
			before := cpu()
			work := make(chan int)
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for i := range work {
						if err := read(i); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range n {
				work <- i
			}
			close(work)
			wg.Wait()
			b.ReportMetric((cpu() - before).Seconds(), "cpu-s/4000")
		}
	}
	b.Run("client", func(b *testing.B) {
		c, err := New(Options{BaseURL: server.URL, Credentials: Credentials{Token: secret.New("token")}})
		if err != nil {
			b.Fatal(err)
		}
		run(b, func(i int) error {
			_, err := c.CurrentVersion(b.Context(), fmt.Sprintf("AGT_%d", i/4))
			return err
		})
	})
	b.Run("bare", func(b *testing.B) {
		client := &http.Client{Transport: newTransport(workers)}
		run(b, func(i int) error {
			resp, err := client.Get(fmt.Sprintf("%s/api/agents/AGT_%d/configs/current", server.URL, i/4))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			_, err = io.Copy(io.Discard, resp.Body)
			return err
		})
	})
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
