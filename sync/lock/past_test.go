package lock

import (
	"maps"
	"testing"
	"time"
)

func TestLiveOf(t *testing.T) {
	sales := Entry{AgentID: "AGT_1", AgentName: "Sales\n      version: 9", Version: 7, Newest: 8, Since: "2026-04-22T09:58:00Z", Config: "012345678901", Agent: map[string]string{"version": "0123456789ab"}}
	file := &File{Environments: map[string]Environment{
		"default": {
			"sales":   sales,
			"billing": {AgentID: "AGT_12", AgentName: "agent_id: AGT_1", Version: 3},
			"begun":   {AgentID: "AGT_3", AgentName: "Begun", Unfinished: true, Version: 4},
			"drafted": {AgentID: "AGT_4", AgentName: "Drafted"},
			"number":  {AgentID: "123", AgentName: "Number", Version: 2},
		},
		"staging": {"sales": {AgentID: "AGT_5", AgentName: "Sales (staging)", Version: 11, Config: "0123456789ab"}},
	}}
	data, err := file.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	type live struct {
		version, newest int
		config          string
	}
	want := map[string]live{"AGT_1": {7, 8, "012345678901"}, "AGT_12": {3, 3, ""}, "AGT_3": {}, "AGT_4": {}, "123": {2, 2, ""}, "AGT_5": {11, 11, "0123456789ab"}}
	all := map[string]live{}
	for id, l := range AllLive(data) {
		all[id] = live{l.Version, l.Newest, l.Config}
	}
	if !maps.Equal(all, want) {
		t.Errorf("all are\n%v, want\n%v", all, want)
	}
	want["AGT"], want[""] = live{}, live{}
	for id, want := range want {
		if l := LiveOf(data, id); (live{l.Version, l.Newest, l.Config}) != want {
			t.Errorf("%q: %v, want %v", id, l, want)
		}
	}
	if got := LiveOf(data, "AGT_1").Since; !got.Equal(time.Date(2026, 4, 22, 9, 58, 0, 0, time.UTC)) {
		t.Errorf("since %v", got)
	}
	if got, ok := LiveOf(data, "AGT_1").Entry(); !ok || !got.Equal(sales) {
		t.Errorf("the entry is %+v", got)
	}
	if got := LiveOf([]byte("agent_id: AGT_1"), "AGT_1"); got.Version != 0 {
		t.Errorf("v%d of no lock file", got.Version)
	}
}
