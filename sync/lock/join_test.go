package lock

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentsync/agentsync/spec"
)

func joinedText(t *testing.T, base, ours, theirs string) (string, []string) {
	t.Helper()
	var files [3]*File
	for i, text := range []string{base, ours, theirs} {
		file, err := Parse([]byte("apiVersion: agentsync/v1\nkind: Lock\nenvironments: " + text))
		if err != nil {
			t.Fatal(err)
		}
		files[i] = file
	}
	joined := Join(files[0], files[1], files[2])
	data, err := joined.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var conflicts []string
	for _, c := range joined.Conflicts {
		conflicts = append(conflicts, c.Place()+": "+c.Ours+", "+c.Theirs)
	}
	_, text, _ := strings.Cut(string(data), "environments:")
	return text, conflicts
}

func TestJoin(t *testing.T) {
	const a, a2, b = "a: {agent_id: A, agent_name: A, version: 1}", "a: {agent_id: A, agent_name: A, version: 2}", "b: {agent_id: B, agent_name: B}"
	const isA, isA2, isB = "\n    a:\n      agent_id: A\n      agent_name: A\n      version: 1", "\n    a:\n      agent_id: A\n      agent_name: A\n      version: 2", "\n    b:\n      agent_id: B\n      agent_name: B"
	in := func(entries ...string) string { return "{p: {" + strings.Join(entries, ", ") + "}}" }
	for name, tt := range map[string]struct {
		base, ours, theirs string
		want               string
		conflicts          []string
	}{
		"both the same":            {in(a), in(a2), in(a2), "\n  p:" + isA2 + "\n", nil},
		"one has changed":          {in(a), in(a), in(a2), "\n  p:" + isA2 + "\n", nil},
		"each has added":           {in(), in(a), in(b), "\n  p:" + isA + isB + "\n", nil},
		"one has removed":          {in(a, b), in(a, b), in(b), "\n  p:" + isB + "\n", nil},
		"both have removed":        {in(a, b), in(b), in(b), "\n  p:" + isB + "\n", nil},
		"environments of each":     {"{}", in(a), "{q: {" + b + "}}", "\n  p:" + isA + "\n  q:" + isB + "\n", nil},
		"removed here, changed":    {in(a), in(b), in(a2), "\n  p:\n<<<<<<< ours\n=======" + isA2 + "\n>>>>>>> theirs" + isB + "\n", []string{"environments.p.a: removed, changed"}},
		"changed, removed there":   {in(a), in(a2), in(b), "\n  p:\n<<<<<<< ours" + isA2 + "\n=======\n>>>>>>> theirs" + isB + "\n", []string{"environments.p.a: changed, removed"}},
		"one has given a new key":  {in(a), in("c: {agent_id: A, agent_name: A, version: 1}"), in(a), "\n  p:" + strings.Replace(isA, "a:", "c:", 1) + "\n", nil},
		"one id under two keys":    {in(), in(a), in("c: {agent_id: A, agent_name: A, version: 1}"), "\n  p:" + isA + "\n<<<<<<< ours\n=======" + strings.Replace(isA, "a:", "c:", 1) + "\n>>>>>>> theirs\n", []string{"environments.p.c.agent_id: that of a, A"}},
		"a field that one has not": {"{}", in("a: {agent_id: A, agent_name: A}"), in(a), "\n  p:" + isA + "\n", nil},
		"digests of two items": {in("a: {agent_id: A, agent_name: A, call_outcomes: {x: aaaaaaaaaaaa, y: aaaaaaaaaaaa, z: aaaaaaaaaaaa}}"),
			in("a: {agent_id: A, agent_name: A, call_outcomes: {x: bbbbbbbbbbbb, y: aaaaaaaaaaaa}}"), in("a: {agent_id: A, agent_name: A, call_outcomes: {x: aaaaaaaaaaaa, y: bbbbbbbbbbbb, z: aaaaaaaaaaaa}}"),
			"\n  p:\n    a:\n      agent_id: A\n      agent_name: A\n      call_outcomes:\n        x: bbbbbbbbbbbb\n        y: bbbbbbbbbbbb\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			text, conflicts := joinedText(t, tt.base, tt.ours, tt.theirs)
			if d := cmp.Diff(tt.want, text); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if d := cmp.Diff(tt.conflicts, conflicts); d != "" {
				t.Errorf("conflicts -want +got:\n%s", d)
			}
		})
	}
}

// TestJoinOfEachField holds that no field of an entry is forgotten: what one side
// alone has changed is taken, from whichever side, and what both have is told,
// but for the fields where both can be right.
func TestJoinOfEachField(t *testing.T) {
	base := Entry{AgentID: "1", AgentName: "A", Version: 1, Newest: 5, Since: "s", Config: "c", Wants: "w", Draft: 2,
		Expect: []string{"e"}, PutBack: "{}", Agent: map[string]string{"a": "1"}, Outcomes: map[string]string{"o": "1"}, Infields: map[string]string{"i": "1"},
		Smoke: &spec.PendingCall{CallID: "1"}}
	one := Entry{"2", "B", true, true, 2, 6, "t", "d", "x", 3, []string{"f"}, `{"a":[]}`, map[string]string{"a": "2"}, map[string]string{"o": "2"}, map[string]string{"i": "2"}, &spec.PendingCall{CallID: "2"}}
	two := Entry{"3", "C", true, true, 3, 7, "u", "e", "y", 4, []string{"g"}, `{"b":[]}`, map[string]string{"a": "3"}, map[string]string{"o": "3"}, map[string]string{"i": "3"}, &spec.PendingCall{CallID: "3"}}
	neverInConflict := map[string]bool{"Protect": true, "Unfinished": true, "Wants": true, "Since": true, "Expect": true}
	for i := range reflect.TypeFor[Entry]().NumField() {
		name := reflect.TypeFor[Entry]().Field(i).Name
		with := func(from Entry) Entry {
			out := base
			reflect.ValueOf(&out).Elem().Field(i).Set(reflect.ValueOf(from).Field(i))
			return out
		}
		for _, sides := range [][2]Entry{{with(one), base}, {base, with(one)}} {
			if got, conflicts := mergeEntries(base, sides[0], sides[1]); len(conflicts) > 0 || !got.Equal(with(one)) {
				t.Errorf("%s of one side: got %+v and %v", name, got, conflicts)
			}
		}
		got, conflicts := mergeEntries(base, with(one), with(two))
		if want := !neverInConflict[name]; want != (len(conflicts) == 1) {
			t.Errorf("%s of both sides: got %+v and %v", name, got, conflicts)
		}
		switch name {
		case "Wants":
			if got.Wants != "" {
				t.Errorf("two manifests, and it is said to be as %s wants", got.Wants)
			}
		case "Expect":
			if !reflect.DeepEqual(got.Expect, []string{"f", "g"}) {
				t.Errorf("expects %v", got.Expect)
			}
		}
	}
}
