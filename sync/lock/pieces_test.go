package lock

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/spec"
)

// large is a lock file of several pieces, whose texts and names are a trial to YAML.
func large() *File {
	texts := []string{"Sales", "12", "yes", " a ", "two\n\n  lines\n", "#no: comment", "é\u2028", "<<", "'\"", "~", strings.Repeat("long ", 60)}
	f := &File{Environments: map[string]Environment{"default": {}, "staging": {}, "prod.eu": {}, "empty": {}}}
	for env, block := range f.Environments {
		for i := range 300 {
			if env == "empty" {
				break
			}
			text := texts[i%len(texts)]
			block[fmt.Sprintf("%d-agent", i)] = Entry{AgentID: fmt.Sprintf("AGT_%d", i), AgentName: text, Version: i, Config: "0123456789ab",
				Expect: []string{"111111111111", "222222222222"}, PutBack: `{"call_outcomes":[{"outcome_name":"` + fmt.Sprint(i) + `"}]}`,
				Agent: map[string]string{text: "aaaaaaaaaaaa"}, Outcomes: map[string]string{"o10": "bbbbbbbbbbbb", "o9": "cccccccccccc"},
				Smoke: &spec.PendingCall{Releases: "dddddddddddd", State: spec.CallWaits}}
		}
	}
	return f
}

func bytesOf(t *testing.T, f *File) []byte {
	t.Helper()
	data, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestBytesAreThoseOfTheWhole holds that nobody sees that a file is written in pieces.
func TestBytesAreThoseOfTheWhole(t *testing.T) {
	for name, f := range map[string]*File{"large": large(), "empty": {}} {
		doc := document{APIVersion: apiVersion, Kind: kind, Environments: map[string]Environment{}}
		for env, block := range f.Environments {
			if len(block) > 0 {
				doc.Environments[env] = block
			}
		}
		want := bytes.NewBufferString(header)
		enc := yaml.NewEncoder(want)
		enc.SetIndent(2)
		if err := enc.Encode(doc); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), string(bytesOf(t, f))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestALargeFileIsReadInPieces(t *testing.T) {
	f := large()
	got, ok := decodePieces(bytesOf(t, f))
	if !ok {
		t.Fatal("it was not read in pieces")
	}
	delete(f.Environments, "empty")
	if d := cmp.Diff(f.Environments, got); d != "" {
		t.Error(d)
	}
}

// TestWhatIsNoLargeFileOfOurs holds that a file that somebody has edited says the same
// as if it were read whole, or is refused with the same words.
func TestWhatIsNoLargeFileOfOurs(t *testing.T) {
	data := string(bytesOf(t, large()))
	last := "    299-agent:\n"
	for name, edited := range map[string]string{
		"a comment":             strings.ReplaceAll(data, last, "# here\n"+last),
		"an entry twice":        data + "    0-agent: {agent_id: AGT_X, agent_name: X}\n",
		"an environment twice":  data + "  default:\n    x: {agent_id: AGT_X, agent_name: X}\n",
		"an environment aside":  data + "  other: {x: {agent_id: AGT_X, agent_name: X}}\n",
		"an empty environment":  data + "  other:\n",
		"an unknown field":      data + "      color: red\n",
		"another document":      data + "---\na: 1\n",
		"a key after all":       data + "more: 1\n",
		"no newline at its end": strings.TrimSuffix(data, "\n"),
		"windows newlines":      strings.ReplaceAll(data, "\n", "\r\n"),
		"an anchor":             strings.Replace(strings.Replace(data, "agent_id: AGT_0\n", "agent_id: &id AGT_0\n", 1), "agent_id: AGT_299\n", "agent_id: *id\n", 1),
		"a text across entries": strings.ReplaceAll(data, "agent_name: Sales\n", "agent_name: \"Sa\n    les\"\n"),
		"no blanks before keys": strings.ReplaceAll(data, "\n  ", "\n"),
		"another kind":          strings.Replace(data, "kind: Lock", "kind: Agent", 1),
		"its end cut off":       data[:len(data)-30],
	} {
		want, wantErr := decodeWhole([]byte(edited))
		got, err := decode([]byte(edited))
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s: got error %v, want %v", name, err, wantErr)
		}
		for env, block := range want {
			if d := cmp.Diff(block, got[env]); d != "" && len(block)+len(got[env]) > 0 {
				t.Errorf("%s: %s: %s", name, env, d)
			}
		}
	}
}
