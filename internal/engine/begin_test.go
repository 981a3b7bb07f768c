package engine

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestProjectName holds that a folder's name becomes one that the schema takes.
func TestProjectName(t *testing.T) {
	for folder, want := range map[string]string{
		"voice-agents": "voice-agents", "Acme Voice": "acme-voice", "_hidden.": "hidden", "2024": "2024",
		"क्लिनिक": "klinik", "!!": "agents", "--": "agents", strings.Repeat("a", 62) + "-b": strings.Repeat("a", 62), "a--b": "a-b",
	} {
		if got := projectName(filepath.Join(t.TempDir(), folder)); got != want {
			t.Errorf("%q: got %q, want %q", folder, got, want)
		}
	}
	if got := projectName(string(filepath.Separator)); got != "agents" {
		t.Errorf("the root: got %q", got)
	}
}
