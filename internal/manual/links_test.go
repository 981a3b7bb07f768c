package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced  = regexp.MustCompile("(?ms)^> ```.*?^> ```$|^```.*?^```$|<!--.*?-->")
	inCode  = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	unnamed = regexp.MustCompile(`[^\p{L}\p{M}\p{N} _-]`)
)

// TestLinks follows the links of the documentation: a file is there, and where
// one names a heading, so is that. Others are web addresses by form.
func TestLinks(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	followed := 0
	for _, page := range pages {
		for _, match := range link.FindAllStringSubmatch(inCode.ReplaceAllString(text(t, page), ""), -1) {
			target := match[1]
			if strings.Contains(target, ":") {
				if !strings.HasPrefix(target, "https://") {
					t.Errorf("%s links to %s, which is no address of the web", page, target)
				}
				continue
			}
			followed++
			name, anchor, _ := strings.Cut(target, "#")
			to := page
			if name != "" {
				to = filepath.Join(filepath.Dir(page), filepath.FromSlash(name))
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			} else if anchor != "" && !anchors(text(t, to))[anchor] {
				t.Errorf("%s links to %s, a heading that is not there", page, target)
			}
		}
	}
	if followed < 30 {
		t.Errorf("followed %d links of %d pages, want those of all", followed, len(pages))
	}
}

// text is a page without its blocks of code and comments.
func text(t *testing.T, page string) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return fenced.ReplaceAllString(string(data), "")
}

// anchors are the names of a page's headings, as GitHub and the site make them.
func anchors(page string) map[string]bool {
	out := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		name := strings.ToLower(strings.ReplaceAll(match[1], "`", ""))
		out[strings.ReplaceAll(unnamed.ReplaceAllString(name, ""), " ", "-")] = true
	}
	return out
}

var namedPath = regexp.MustCompile("`((?:[a-z0-9_-]+/)+[a-z0-9_.-]+)`")

// TestNamedFiles holds that what the pages about the house name is there.
func TestNamedFiles(t *testing.T) {
	for _, page := range []string{"CONTRIBUTING.md", "docs/inside.md"} {
		named := namedPath.FindAllStringSubmatch(text(t, "../../"+page), -1)
		if len(named) < 8 {
			t.Errorf("%s names %d files and packages, want more", page, len(named))
		}
		for _, match := range named {
			if _, err := os.Stat("../../" + match[1]); err != nil {
				t.Errorf("%s names %s, which is not there", page, match[1])
			}
		}
	}
}
