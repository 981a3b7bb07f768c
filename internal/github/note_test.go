package github

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A comment is read back as it was written, also after a browser edited it.
func TestNotesSurviveARoundTrip(t *testing.T) {
	line := rapid.StringOfN(rapid.RuneFrom([]rune("ab <>-!`\"#:@\t{}é\u202e")), 0, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		n := note{
			marker: marker{Environment: line.Draw(t, "environment"), Project: line.Draw(t, "project"), FormatVersion: "1"},
			status: status{State: rapid.SampledFrom([]state{planned, applying, applied}).Draw(t, "state"), Commit: rapid.SampledFrom([]string{"", strings.Repeat("a", 40)}).Draw(t, "commit")},
			foot:   "Planned at abc.",
		}
		if rapid.Bool().Draw(t, "planned") {
			n.marker.Digest = "sha256:" + strings.Repeat("0", 64)
			n.status.Steps = n.marker.Digest
			n.document = "### plan\n```diff\n+ " + line.Draw(t, "document") + "\n```"
		}
		if rapid.Bool().Draw(t, "told") || n.document == "" {
			n.told = "### Told\n\n" + fenced("text", line.Draw(t, "told"), 100)
		}
		if rapid.Bool().Draw(t, "poison") {
			n.told += "\n" + fenced("text", "x: "+documentBegin+"\ny: "+documentEnd+"\nz: "+footBegin, 1000)
		}
		body := n.String()
		if rapid.Bool().Draw(t, "browser") {
			body = strings.ReplaceAll(body, "\n", "\r\n")
		}
		got, ok := parseNote(body)
		if !ok || !got.same(n) || got.foot != n.foot {
			t.Fatalf("%q is read as %+v, %t", body, got, ok)
		}
		if _, ok := parseNote(" " + body); ok {
			t.Fatal("a marker that is not at the start counts")
		}
	})
}

func TestOutputsCanNotBeEscaped(t *testing.T) {
	path := t.TempDir() + "/outputs"
	if err := (Outputs{PlanPath: "x\nfailure-reason=none\nEOF\n"}).Write(path); err != nil {
		t.Fatal(err)
	}
	if err := (Outputs{}).Write(""); err != nil {
		t.Error(err)
	}
	if err := (Outputs{}).Write(path + "/nowhere"); err == nil {
		t.Error("no error for a file that can't be written")
	}
}
