package diff

import (
	"testing"

	"github.com/agentsync/agentsync/spec"
)

// TestNeedVersions holds when the version list, which is large, is read: only
// when what is live is not what is wanted.
func TestNeedVersions(t *testing.T) {
	live := func(number int, config string) *RemoteAgent {
		return &RemoteAgent{Current: &Version{Number: number, Content: object(t, config)}}
	}
	nothing := &RemoteAgent{}
	inPlace := spec.Release{ServiceUpdates: "in_place"}
	draft := spec.Release{ServiceUpdates: "in_place", Mode: "draft"}
	for name, tt := range map[string]struct {
		config  string
		release spec.Release
		absent  bool
		remote  *RemoteAgent
		want    bool
	}{
		"a new agent":                      {`{"system_prompt":"One."}`, spec.Release{}, false, nil, false},
		"a new agent with a pin":           {`{}`, spec.Release{Version: 1}, false, nil, false},
		"it is live":                       {`{"system_prompt":"One."}`, spec.Release{}, false, live(2, `{"system_prompt":"One."}`), false},
		"something else is live":           {`{"system_prompt":"Two."}`, spec.Release{}, false, live(2, `{"system_prompt":"One."}`), true},
		"nothing is live":                  {`{"system_prompt":"Two."}`, spec.Release{}, false, nothing, true},
		"no config is managed":             {`{}`, spec.Release{}, false, nothing, false},
		"the pin is live":                  {`{"system_prompt":"Two."}`, spec.Release{Version: 2}, false, live(2, `{"system_prompt":"One."}`), false},
		"another one is live":              {`{}`, spec.Release{Version: 1}, false, live(2, `{"system_prompt":"One."}`), true},
		"a pin, and nothing is live":       {`{}`, spec.Release{Version: 1}, false, nothing, true},
		"it is to be deleted":              {`{}`, spec.Release{}, true, live(2, `{}`), true},
		"a service, in place":              {`{"llm_config":{"temperature":1}}`, inPlace, false, live(2, `{"llm_config":{"temperature":0.5}}`), false},
		"a service, versioned":             {`{"llm_config":{"temperature":1}}`, spec.Release{ServiceUpdates: "versioned"}, false, live(2, `{"llm_config":{"temperature":0.5}}`), true},
		"a service, as a draft":            {`{"llm_config":{"temperature":1}}`, draft, false, live(2, `{"llm_config":{"temperature":0.5}}`), true},
		"more than a service, in place":    {`{"llm_config":{"temperature":1},"system_prompt":"Two."}`, inPlace, false, live(2, `{"system_prompt":"One."}`), true},
		"beside a field that is unmanaged": {`{"llm_config":{"temperature":1}}`, inPlace, false, live(2, `{"system_prompt":"One."}`), false},
	} {
		t.Run(name, func(t *testing.T) {
			want := manifest(t, tt.config)
			want.Release, want.Lifecycle.Absent = tt.release, tt.absent
			if got := NeedVersions(want, tt.remote, Want(want, tt.remote)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
	further := manifest(t, `{}`)
	further.Passthrough = patchOf(t, `{"speed":2}`)
	if !NeedVersions(further, live(1, `{"speed":1}`), Want(further, live(1, `{"speed":1}`))) {
		t.Error("a further field is config that git manages")
	}
}
