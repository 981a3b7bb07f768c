package lock

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	entry := func(id string) Entry { return Entry{AgentID: id, AgentName: strings.ToLower(id)} }
	moved := entry("C")
	moved.Version = 2
	theirsToo := entry("C")
	theirsToo.Version = 9
	before := &File{Environments: map[string]Environment{"prod": {"a": entry("A"), "b": entry("B"), "c": entry("C"), "old": entry("O")}}}
	after := &File{Environments: map[string]Environment{
		"prod":    {"a": entry("A"), "b": entry("B"), "c": moved, "new": entry("N")},
		"staging": {"x": entry("X")}, // another environment's is theirs to say
	}}
	theirs := &File{Environments: map[string]Environment{
		"prod":    {"a": Entry{AgentID: "A2", AgentName: "a"}, "c": theirsToo, "old": entry("O"), "more": entry("M")},
		"staging": {"y": entry("Y")},
	}}
	got, err := Merge(before, after, theirs, "prod")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Environment{
		"prod":    {"a": Entry{AgentID: "A2", AgentName: "a"}, "c": moved, "more": entry("M"), "new": entry("N")},
		"staging": {"y": entry("Y")},
	}
	if diff := cmp.Diff(want, got.Environments); diff != "" {
		t.Error(diff)
	}
	if len(theirs.Environments["prod"]) != 4 {
		t.Error("theirs was changed")
	}
}

// An environment that was renamed has moved its entries; what somebody has added
// under its old name meanwhile stays.
func TestMergeAfterARename(t *testing.T) {
	entry := func(id string) Entry { return Entry{AgentID: id, AgentName: strings.ToLower(id)} }
	before := &File{Environments: map[string]Environment{"production": {"a": entry("A"), "b": entry("B")}}}
	after := &File{Environments: map[string]Environment{"live": {"a": entry("A")}}}
	theirs := &File{Environments: map[string]Environment{"production": {"a": entry("A"), "b": entry("B"), "c": entry("C")}}}
	got, err := Merge(before, after, theirs, "live")
	want := map[string]Environment{"live": {"a": entry("A")}, "production": {"c": entry("C")}}
	if diff := cmp.Diff(want, got.Environments); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if len(theirs.Environments["production"]) != 3 {
		t.Error("theirs was changed")
	}
}

func TestMergeRefusesWhatIsNoLockFile(t *testing.T) {
	none := &File{}
	after := &File{Environments: map[string]Environment{"prod": {"a": {AgentID: "A", AgentName: "a"}}}}
	theirs := &File{Environments: map[string]Environment{"prod": {"b": {AgentID: "A", AgentName: "a"}}}}
	if _, err := Merge(none, after, theirs, "prod"); err == nil || !strings.Contains(err.Error(), "the same agent_id A") {
		t.Errorf("got %v", err)
	}
}
