package lock

import "testing"

func TestLiveVersion(t *testing.T) {
	file := &File{Environments: map[string]Environment{
		"default": {
			"sales":   {AgentID: "AGT_1", AgentName: "Sales\n      version: 9", Version: 7, Config: "0123456789ab", Agent: map[string]string{"version": "0123456789ab"}},
			"billing": {AgentID: "AGT_12", AgentName: "agent_id: AGT_1", Version: 3},
			"begun":   {AgentID: "AGT_3", AgentName: "Begun", Unfinished: true, Version: 4},
			"drafted": {AgentID: "AGT_4", AgentName: "Drafted"},
			"number":  {AgentID: "123", AgentName: "Number", Version: 2},
		},
		"staging": {"sales": {AgentID: "AGT_5", AgentName: "Sales (staging)", Version: 11}},
	}}
	data, err := file.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]int{"AGT_1": 7, "AGT_12": 3, "AGT_3": 0, "AGT_4": 0, "123": 2, "AGT_5": 11, "AGT": 0, "": 0} {
		if got := LiveVersion(data, id); got != want {
			t.Errorf("%q: v%d, want v%d", id, got, want)
		}
	}
	if got := LiveVersion([]byte("agent_id: AGT_1"), "AGT_1"); got != 0 {
		t.Errorf("v%d of no lock file", got)
	}
}
