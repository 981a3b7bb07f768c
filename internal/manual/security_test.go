package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`(Test\\w+)(?:/(\\w+))?`")
	testFunc  = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestThreatsAreTested holds that each test that SECURITY.md names is there, and
// that each of its threats names one.
func TestThreatsAreTested(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, match := range testFunc.FindAllSubmatch(data, -1) {
			there[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(data), "|---|---|---|---|\n")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	if len(rows) < 15 {
		t.Fatalf("found %d threats, want them all", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row, " | ")
		named := namedTest.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 4 || len(named) == 0 {
			t.Errorf("no test is named in %q", row)
		}
		for _, name := range named {
			if !there[name[1]] {
				t.Errorf("SECURITY.md names %s, which is not there", name[1])
			}
			if story := "../cli/testdata/script/" + name[2] + ".txtar"; name[2] != "" {
				if _, err := os.Stat(story); err != nil {
					t.Errorf("SECURITY.md names the story %s, which is not there", name[2])
				}
			}
		}
	}
}
