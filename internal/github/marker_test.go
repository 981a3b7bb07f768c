package github

import (
	"strings"
	"testing"
)

// TestMarkerReadsBack: whatever an environment is called, its marker is one
// comment on one line, and reads back.
func TestMarkerReadsBack(t *testing.T) {
	for _, name := range []string{"", "default", "staging", "a b", "eu/prod", `"`, "-->", "--!><b>", "\" -->\n<script>", "स्टेजिंग", "@everyone #12", "\x1b\r\n\u202e", "%41+", "\xff"} {
		for _, digest := range []string{"", "sha256:" + strings.Repeat("a", 64)} {
			for _, project := range []string{"", "agents/sales", `" -->`} {
				m := marker{Environment: name, Digest: digest, FormatVersion: "1", Project: project}
				line := m.String()
				if strings.Count(line, "-->") != 1 || !strings.HasSuffix(line, " -->") || strings.ContainsAny(line, "\r\n@#") {
					t.Errorf("%q: not a comment on a line: %s", name, line)
				}
				inert(t, line)
				for _, body := range []string{line, line + "\n### Plan", line + "\r\n### Plan\r\n"} {
					if got, ok := findMarker(body); !ok || got != m {
						t.Errorf("%q: read back as %+v, %v", body, got, ok)
					}
				}
			}
		}
	}
}

// TestFindMarkerIsStrict: what is not written by String, or not at the start,
// is no marker. Somebody may paste one into a reply.
func TestFindMarkerIsStrict(t *testing.T) {
	good := marker{Environment: "staging", Digest: "sha256:" + strings.Repeat("a", 64), FormatVersion: "1"}.String()
	for _, body := range []string{
		"", "\n" + good, " " + good, "> " + good, "look:\n" + good, good + " x", good + good,
		strings.Replace(good, "agentsync:plan", "agentsync:reviewed", 1),
		strings.Replace(good, "sha256:", "md5:", 1),
		strings.Replace(good, ":a", "%3Aa", 1),
		strings.Replace(good, "aaaa", "AAAA", 1),
		strings.Replace(good, "staging", "%zz", 1),
		strings.Replace(good, "staging", "a b", 1),
		strings.Replace(good, `"1"`, `"one"`, 1),
		strings.Replace(good, ` -->`, ` project="" -->`, 1),
		strings.Replace(good, ` -->`, ` extra="1" -->`, 1),
		"\ufeff" + good,
	} {
		if m, ok := findMarker(body); ok {
			t.Errorf("%q was read as %+v", body, m)
		}
	}
}

func FuzzFindMarker(f *testing.F) {
	f.Add(marker{Environment: "staging", Digest: "sha256:" + strings.Repeat("a", 64), FormatVersion: "1", Project: "x"}.String() + "\r\n")
	f.Fuzz(func(t *testing.T, body string) {
		if m, ok := findMarker(body); ok && !strings.HasPrefix(body, m.String()) {
			t.Errorf("%q was read as %+v", body, m)
		}
	})
}
