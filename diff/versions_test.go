package diff

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// TestAPartOfTheListPlansAsTheWhole holds that a plan of the versions that
// AskVersions asks for is the plan of the whole list, whatever the page size. It
// may differ where AskVersions says so alone: where the plan of the whole list
// goes to a version, or deletes a draft, that was not read.
func TestAPartOfTheListPlansAsTheWhole(t *testing.T) {
	shorter, missed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		in, whole := genHistory(t)
		want := in.Agents[0]
		part := askPages(in, want, whole, rapid.SampledFrom([]int{7, 20, 50, 100}).Draw(t, "page"))
		if len(part.Versions) < len(whole.Versions) {
			shorter++
		}
		a, b := planOf(t, in, whole), planOf(t, in, part)
		if missedOne(a, want, whole, part) {
			missed++
			a, b = withoutConfig(a, want), withoutConfig(b, want)
		}
		if missedCopy(in, whole, part) {
			a, b = withoutDrift(a), withoutDrift(b)
		}
		if d := cmp.Diff(a, b, cmp.AllowUnexported(value.Value{}, value.Patch{})); d != "" {
			t.Fatalf("of %d versions, %d were read, and the plans differ (-whole +part):\n%s", len(whole.Versions), len(part.Versions), d)
		}
	})
	if shorter == 0 || missed == 0 {
		t.Errorf("%d lists were read in part, and in %d of them a version was missed: this has tested nothing", shorter, missed)
	}
}

// askPages reads pages of a list, and single versions, as sync does.
func askPages(in Input, want spec.Agent, whole *RemoteAgent, page int) *RemoteAgent {
	part := *whole
	asked := AskVersions(in, want, whole, Want(want, whole))
	for n := page; ; n += page {
		listed := whole.Versions[:min(n, len(whole.Versions))]
		part.Versions = slices.Clone(listed)
		if len(listed) == len(whole.Versions) {
			return &part
		}
		if asked.Enough(listed) {
			part.ListedTo = listed[len(listed)-1].Number
			for _, number := range asked.Further(listed) {
				if v := FindVersion(whole.Versions, number); v != nil {
					part.Versions = append(part.Versions, *v)
				}
			}
			return &part
		}
	}
}

func planOf(t *rapid.T, in Input, r *RemoteAgent) AgentPlan {
	in.Remote = Remote{Agents: map[string]*RemoteAgent{"sales": r}}
	plan, problems := Compute(in)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	out := plan.Agents[0]
	out.Wanted = nil
	for _, refusal := range plan.Refusals {
		out.Steps = append(out.Steps, Step{Action: Action(refusal.Rule)})
	}
	return out
}

// missedOne reports whether the plan of the whole list has a step on a version
// that was not read, or whether such a one has what is wanted.
func missedOne(plan AgentPlan, want spec.Agent, whole, part *RemoteAgent) bool {
	unread := func(number int) bool { return FindVersion(part.Versions, number) == nil }
	return slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.To != nil && unread(*s.To) }) ||
		want.Release.Mode == "draft" && slices.ContainsFunc(whole.Versions, func(v Version) bool {
			return v.IsDraft() && unread(v.Number) && ConfigMismatch(want, v.Content) == nil
		})
}

// missedCopy reports whether no lock knows the agent, and what is live repeats an
// older version that was not read.
func missedCopy(in Input, whole, part *RemoteAgent) bool {
	live := whole.Current
	return live != nil && in.Memory["sales"].Version == 0 && slices.ContainsFunc(whole.Versions, func(v Version) bool {
		return v.Number < live.Number && !v.IsDraft() && v.Notes == live.Notes && SameContent(&v, live) && FindVersion(part.Versions, v.Number) == nil
	})
}

// withoutDrift is a plan without what it says of who has changed the config.
func withoutDrift(plan AgentPlan) AgentPlan {
	plan.Drift, plan.Moves = nil, nil
	return plan
}

// withoutConfig is a plan without its steps on versions, what follows from
// whether there are any, and the fingerprint, which has the version that a step
// names. What is called drift stays: of that nothing may be missed.
func withoutConfig(plan AgentPlan, want spec.Agent) AgentPlan {
	plan.Status, plan.Unfinished, plan.Moves = "", false, nil // a plan without steps has no moves
	if want.Release.Mode == "draft" {                         // the draft that is wanted is there
		plan.Drift = nil
	}
	plan.Steps = slices.DeleteFunc(slices.Clone(plan.Steps), func(s Step) bool { return s.Action.Facts().Section == spec.SectionConfig })
	for i := range plan.Steps {
		plan.Steps[i].Needs = nil
	}
	plan.Fingerprint = ""
	return plan
}

// genHistory is an agent with up to 130 versions, of this project's applies, of
// others' and of the dashboard, and a manifest and a lock that may be behind.
func genHistory(t *rapid.T) (Input, *RemoteAgent) {
	const old = "an old prompt"
	prompts := []string{"One.", "Two.", "Three.", old}
	r := &RemoteAgent{ID: "AGT_1", Fields: value.Of(map[string]any{"agent_name": "Sales"})}
	n := rapid.IntRange(1, 130).Draw(t, "versions")
	for number := n; number > 0; number-- {
		kind := rapid.SampledFrom([]string{"dashboard", "dashboard", "ours", "edited", "draft of ours", "draft"}).Draw(t, "kind")
		if quiet := rapid.Bool().Draw(t, "quiet"); quiet {
			kind = "dashboard" // so that what is asked for is often far back
		}
		prompt := fmt.Sprintf("dashboard %d", number)
		if kind != "dashboard" {
			prompt = rapid.SampledFrom(prompts).Draw(t, "prompt")
		}
		v := Version{Number: number, Status: "archived", Content: value.Of(map[string]any{"system_prompt": prompt})}
		if kind == "draft of ours" || kind == "draft" {
			v.Status = "draft"
		}
		if kind == "ours" || kind == "draft of ours" {
			v.Notes = Provenance{"acme", "default", "0123456789ab", configDigest(v.Content, nil)}.String()
		}
		if kind == "edited" {
			v.Notes = Provenance{"acme", "default", "0123456789ab", "ba9876543210"}.String()
		}
		r.Versions = append(r.Versions, v)
	}
	at := rapid.IntRange(0, n).Draw(t, "live")
	if rapid.Bool().Draw(t, "the newest is live") {
		at = 0
	}
	if at < n && !r.Versions[at].IsDraft() {
		live := &r.Versions[at]
		live.IsCurrent, live.Status = true, "published"
		if rapid.Bool().Draw(t, "repeats an older one") {
			from := r.Versions[rapid.IntRange(at, n-1).Draw(t, "which")]
			live.Content, live.Notes = from.Content, from.Notes
		}
		r.Current = live
	}
	want := spec.Agent{Name: "sales", AgentName: "Sales", Agent: value.NewPatch(map[string]any{"agent_name": "Sales"}),
		Config: value.NewPatch(map[string]any{"system_prompt": rapid.SampledFrom(append(prompts, "a new prompt")).Draw(t, "wanted")})}
	want.Release.Mode = rapid.SampledFrom([]string{"publish", "publish", "draft"}).Draw(t, "mode")
	want.Lifecycle.Absent = rapid.IntRange(0, 9).Draw(t, "absent") == 0
	if want.Release.Mode == "publish" && rapid.IntRange(0, 4).Draw(t, "pinned") == 0 {
		want.Release.Version = rapid.IntRange(1, n).Draw(t, "pin")
	}
	in := Input{
		Policy: spec.Policy{Adopt: "by_name", Provenance: rapid.IntRange(0, 4).Draw(t, "provenance") > 0}, Agents: []spec.Agent{want},
		Identity: Identity{Project: "acme", Environment: "default"}, Memory: Memory{}, Known: 1,
	}
	origin := Origin(rapid.IntRange(int(OriginUnknown), int(OriginWanted)).Draw(t, "origin"))
	in.OriginOf = func(string, *Version, Provenance) Origin { return origin }
	if rapid.IntRange(0, 3).Draw(t, "locked") > 0 {
		last := r.Versions[rapid.IntRange(0, n-1).Draw(t, "last applied")]
		in.Memory["sales"] = Remembered{AgentID: r.ID, AgentName: "Sales", Version: last.Number, Config: LiveDigest(want, &last),
			Draft: rapid.IntRange(0, n).Draw(t, "draft"), Unfinished: rapid.IntRange(0, 4).Draw(t, "unfinished") == 0}
	}
	return in, r
}
