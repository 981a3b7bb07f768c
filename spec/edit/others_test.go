package edit

import (
	"strings"
	"testing"

	"github.com/agentsync/agentsync/spec"
)

// Whatever the splices did: an agent that was not to change, in any environment, is
// an error.
func TestTellOthers(t *testing.T) {
	project := func(names ...string) *spec.Project {
		p := &spec.Project{}
		for i, name := range names {
			p.Agents = append(p.Agents, spec.Agent{Name: string(rune('a' + i)), AgentName: name})
		}
		return p
	}
	e := &Editor{envs: []string{"", "production"}}
	for name, c := range map[string]struct {
		now         []*spec.Project
		notes, fail string
	}{
		"the agent itself": {[]*spec.Project{project("new", "b"), project("a", "b")}, "", ""},
		"it elsewhere":     {[]*spec.Project{project("new", "b"), project("new", "b")}, "a: the change is in the environment production too", ""},
		"another":          {[]*spec.Project{project("new", "new"), project("a", "b")}, "", "the change of a would change b too: change"},
		"another elsewhere": {[]*spec.Project{project("new", "b"), project("a", "new")}, "",
			"the change of a would change b too in the environment production"},
	} {
		out := []Result{{Agent: "a"}}
		e.tellOthers([]*spec.Project{project("a", "b"), project("a", "b")}, c.now, []spec.Agent{{Name: "a"}}, out)
		failed := ""
		if out[0].Err != nil {
			failed = out[0].Err.Error()
		}
		if strings.Join(out[0].Notes, "") != c.notes || !strings.HasPrefix(failed, c.fail) || failed != "" && c.fail == "" {
			t.Errorf("%s: %q, %q", name, out[0].Notes, failed)
		}
	}
}
