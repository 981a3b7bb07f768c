package lock

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/internal/value"
)

// TestAnyName writes names of agents, outcomes and infields that the platform
// may hold, and reads the same: YAML has a meaning for some of them ("<<" merges,
// "null" and "~" are nothing, "0x1" is a number).
func TestAnyName(t *testing.T) {
	for _, name := range []string{"\t\nA", "\n\tA", " \nA", "\n", "\u0085\nA"} {
		readsTheSame(t, Entry{AgentID: "AGT_1", AgentName: name, Outcomes: map[string]string{name: "0123456789ab"}})
	}
	hostile := rapid.SampledFrom([]string{"<<", "~", "null", "true", "0x1", "1_000", "1e3", "- a", "a: b", "#", "!!str x", "&a", "*a", "|", "'", "\"", "---", "...", " ", "क़", "\u2028", "\ufeff", "2026-01-01", "=", "? x", "{", "[", "%", "@", "`", "a\nb", "\t"})
	name := rapid.Map(rapid.OneOf(hostile, rapid.String()), value.Text) // as names come in
	rapid.Check(t, func(t *rapid.T) {
		digest := rapid.SampledFrom([]string{"0123456789ab", "123456789012", "012345670123", "1234567890e1", "0e1234567890"})
		digests := rapid.MapOfN(name, digest, 1, 4)
		entry := Entry{
			AgentID: "AGT_1", AgentName: name.Draw(t, "agent"),
			Outcomes: digests.Draw(t, "outcomes"), Infields: digests.Draw(t, "infields"),
		}
		readsTheSame(t, entry)
	})
}

func readsTheSame(t interface{ Fatalf(string, ...any) }, entry Entry) {
	in := &File{Environments: map[string]Environment{"default": {"a": entry}}}
	data, err := in.Bytes()
	if err != nil {
		t.Fatalf("%q: %v", entry.AgentName, err)
	}
	out, err := Parse(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Fatalf("%s\n%s", d, data)
	}
}
