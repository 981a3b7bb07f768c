package engine

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/agentsync/agentsync/sync/sandbox"
)

// BenchmarkImportHistory imports agents with 50 versions each, of 2 KB prompts, into
// an empty repository, from the embedded platform.
func BenchmarkImportHistory(b *testing.B) {
	for _, agents := range []int{50, 100, 200} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
			o := sandbox.DefaultOptions()
			o.Email, o.TokenLife = "a@example.com", 1000*time.Hour
			o.Password = "p"
			o.Now = func() time.Time { return now }
			server, err := sandbox.New(o)
			if err != nil {
				b.Fatal(err)
			}
			d := server.Dashboard()
			for i := range agents {
				now = now.Add(time.Minute)
				id, err := d.CreateAgent(map[string]any{"agent_name": fmt.Sprintf("Agent %d", i), "agent_type": "INBOUND"},
					map[string]any{"system_prompt": "Hello."}, "")
				for k := 0; err == nil && k < 49; k++ {
					now = now.Add(time.Minute)
					_, err = d.EditPrompt(id, strings.Repeat("Ask for the name.\n", 100)+fmt.Sprintf("%d %d", i, k))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				b.StopTimer()
				dir := b.TempDir()
				if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
					b.Fatalf("%s %v", out, err)
				}
				opt := optionsFor(dir, server.Transport(), io.Discard)
				b.StartTimer()
				got, err := Import(context.Background(), opt, ImportOptions{History: "prompts"})
				if err != nil || got.History.Commits != 50*agents {
					b.Fatalf("%v %+v", err, got)
				}
			}
		})
	}
}
