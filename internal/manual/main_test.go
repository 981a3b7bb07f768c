package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestManual writes twice, into two folders: the same bytes, and among them what
// packages take.
func TestManual(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	if err := write(one, "2026-01-02T15:04:05Z"); err != nil {
		t.Fatal(err)
	}
	if err := write(two, "2026-01-02T20:34:05+05:30"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"man/agentsync.1", "man/agentsync-github-apply.1",
		"completions/agentsync.bash", "completions/agentsync.zsh", "completions/agentsync.fish", "completions/agentsync.ps1"} {
		if info, err := os.Stat(filepath.Join(one, name)); err != nil || info.Size() < 500 {
			t.Errorf("want %s to say something, got %v, %v", name, info, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(one, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name, _ := filepath.Rel(one, path)
		a, errA := os.ReadFile(path)
		b, errB := os.ReadFile(filepath.Join(two, name))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s is not the same twice: %v, %v", name, errA, errB)
		}
	}
	if write(one, "2026-01-02T15:04:05Z") == nil {
		t.Error("want an error where the folder exists: an old page could stay in it")
	}
}
