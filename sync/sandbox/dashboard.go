package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// Dashboard is another user of the same organization, who changes agents
// without agentsync. Bodies have the API's own fields, as Go values; a change
// that the API would refuse is an error.
type Dashboard struct {
	s    *Server
	user string
}

// Dashboard acts as the dashboard's user.
func (s *Server) Dashboard() *Dashboard {
	return &Dashboard{s: s, user: userID(s.opts.Seed, "dashboard")}
}

// UserID is what updated_by and created_by say of this user's changes.
func (d *Dashboard) UserID() string { return d.user }

// AgentID is the id of the agent with this name, whoever owns it.
func (d *Dashboard) AgentID(name string) (string, error) {
	snap, err := d.s.Snapshot()
	if err != nil {
		return "", err
	}
	a, ok := snap.Agent(name)
	if !ok {
		return "", fmt.Errorf("sandbox: not exactly one agent is named %q", name)
	}
	return a.ID, nil
}

// edit calls f with the agent at hand. It saves unless f returns an error.
func (d *Dashboard) edit(agentID string, f func(c *call) error) error {
	var failed error
	err := d.s.store.write(func(st *state) bool {
		c := &call{s: d.s, st: st, now: d.s.opts.Now(), actor: d.user}
		if agentID != "" {
			if c.agent = st.agents[agentID]; c.agent == nil {
				failed = fmt.Errorf("sandbox: no agent %s", agentID)
				return false
			}
			c.agent.enc = nil
		}
		failed = f(c)
		return failed == nil
	})
	if err != nil {
		return err
	}
	return failed
}

// Call makes a call of the customer to the agent, answered or not by the number's
// end, as click2call does; it has a transcript.
func (d *Dashboard) Call(agentID, customer string) (callID string, err error) {
	err = d.edit("", func(c *call) error {
		if !isPhone(customer) {
			return fmt.Errorf("sandbox: %q is no phone number", customer)
		}
		p := c.newCall(customer)
		p.Wanted = true
		if a, ok := c.dial(p, agentID, nil); !ok {
			return fmt.Errorf("sandbox: %s", a.message)
		}
		callID = c.keep(p)
		return nil
	})
	return callID, err
}

// checked reads Go values the way a request's body is read.
func (d *Dashboard) checked(body check, v any) (map[string]any, error) {
	b, err := encode(v)
	if err != nil {
		return nil, err
	}
	if v, err = decode(b); err != nil {
		return nil, err
	}
	p := &parser{extra: d.s.opts.Extra}
	fields, _ := body(p, nil, v).(map[string]any)
	if len(p.problems) > 0 {
		return nil, fmt.Errorf("sandbox: %v: %s", p.problems[0].Loc, p.problems[0].Msg)
	}
	return fields, nil
}

// EditConfig lays fields over the current config and publishes the result, as
// the dashboard's save does. Notes are kept unless fields has them. It returns
// the new version's number.
func (d *Dashboard) EditConfig(agentID string, fields map[string]any) (number int, err error) {
	return d.newVersion(agentID, fields, true)
}

// EditPrompt is EditConfig for the system prompt.
func (d *Dashboard) EditPrompt(agentID, prompt string) (number int, err error) {
	return d.EditConfig(agentID, map[string]any{"system_prompt": prompt})
}

// CreateDraft is EditConfig without publishing.
func (d *Dashboard) CreateDraft(agentID string, fields map[string]any) (number int, err error) {
	return d.newVersion(agentID, fields, false)
}

func (d *Dashboard) newVersion(agentID string, fields map[string]any, live bool) (number int, err error) {
	body, err := d.checked(configBody, fields)
	if err != nil {
		return 0, err
	}
	err = d.edit(agentID, func(c *call) error {
		v := c.overlaid(body)
		if live {
			c.makeCurrent(v)
		}
		number = v.number()
		return nil
	})
	return number, err
}

// EditDraft lays fields over a draft.
func (d *Dashboard) EditDraft(agentID string, number int, fields map[string]any) error {
	body, err := d.checked(configBody, fields)
	if err != nil {
		return err
	}
	return d.withVersion(agentID, number, func(c *call, v *version) error {
		if v.status() != "draft" {
			return fmt.Errorf("sandbox: v%d of %s is not a draft", number, agentID)
		}
		v.Doc.merge(body)
		c.touch(v)
		return nil
	})
}

// Publish makes a draft current.
func (d *Dashboard) Publish(agentID string, number int) error {
	return d.withVersion(agentID, number, func(c *call, v *version) error {
		if v.status() != "draft" {
			return fmt.Errorf("sandbox: v%d of %s is not a draft", number, agentID)
		}
		c.makeCurrent(v)
		return nil
	})
}

// Rollback makes a version that was live before live again.
func (d *Dashboard) Rollback(agentID string, number int) error {
	return d.withVersion(agentID, number, func(c *call, v *version) error {
		if !v.WasLive {
			return fmt.Errorf("sandbox: v%d of %s was never published", number, agentID)
		}
		c.rollBack(v)
		return nil
	})
}

func (d *Dashboard) withVersion(agentID string, number int, f func(c *call, v *version) error) error {
	return d.edit(agentID, func(c *call) error {
		v := c.agent.version(number)
		if v == nil {
			return fmt.Errorf("sandbox: %s has no v%d", agentID, number)
		}
		return f(c, v)
	})
}

// EditConfigInPlace sets one field of the current config, without a new
// version: a service section, as endpoint 28 does, or any other field.
func (d *Dashboard) EditConfigInPlace(agentID, name string, value any) error {
	body, err := d.checked(configBody, map[string]any{name: value})
	if err != nil {
		return err
	}
	return d.edit(agentID, func(c *call) error {
		v := c.agent.current()
		if v == nil {
			return fmt.Errorf("sandbox: %s has no current config", agentID)
		}
		v.Doc.merge(body)
		c.touch(v)
		return nil
	})
}

// EditAgent changes an agent's own fields.
func (d *Dashboard) EditAgent(agentID string, fields map[string]any) error {
	body, err := d.checked(updateAgentBody, fields)
	if err != nil {
		return err
	}
	return d.edit(agentID, func(c *call) error {
		c.agent.Doc.merge(body)
		c.agent.Doc.set("updated_at", naive(c.now))
		return nil
	})
}

// CreateAgent makes an agent with one published version. owner "" is the
// account itself; an agent of any other owner answers it with 403.
func (d *Dashboard) CreateAgent(fields, config map[string]any, owner string) (agentID string, err error) {
	in, err := d.checked(object("", agentIn(), drop), fields)
	if err != nil {
		return "", err
	}
	content, err := d.checked(configBody, config)
	if err != nil {
		return "", err
	}
	if owner == "" {
		owner = d.s.owner
	}
	err = d.edit("", func(c *call) error {
		c.agent = c.newAgent(owner, in)
		c.makeCurrent(c.newVersion(content))
		agentID = c.agent.Doc.text("agent_id")
		return nil
	})
	return agentID, err
}

// DeleteAgent removes an agent with everything in it.
func (d *Dashboard) DeleteAgent(agentID string) error {
	return d.edit(agentID, func(c *call) error {
		delete(c.st.agents, agentID)
		return nil
	})
}

// SetOutcome creates the outcome that fields names under outcome_name, or
// changes the given fields of it.
func (d *Dashboard) SetOutcome(agentID string, fields map[string]any) error {
	return d.setItem(&outcomes, agentID, fields)
}

// SetInfield is SetOutcome for the infield named under field_name.
func (d *Dashboard) SetInfield(agentID string, fields map[string]any) error {
	return d.setItem(&infields, agentID, fields)
}

func (d *Dashboard) setItem(k *itemKind, agentID string, fields map[string]any) error {
	body, err := d.checked(k.patch, fields)
	if err != nil {
		return err
	}
	name, _ := body[k.name].(string)
	return d.edit(agentID, func(c *call) error {
		if item := k.find(c.agent, name); item != nil {
			item.merge(body)
			item.set("updated_at", naive(c.now))
			return nil
		}
		if _, err := d.checked(k.body, fields); err != nil {
			return err
		}
		*k.of(c.agent) = append(*k.of(c.agent), c.newItem(k, body))
		return nil
	})
}

// DeleteOutcome removes the outcome with this name.
func (d *Dashboard) DeleteOutcome(agentID, name string) error {
	return d.deleteItem(&outcomes, agentID, name)
}

// DeleteInfield removes the infield with this name.
func (d *Dashboard) DeleteInfield(agentID, name string) error {
	return d.deleteItem(&infields, agentID, name)
}

func (d *Dashboard) deleteItem(k *itemKind, agentID, name string) error {
	return d.edit(agentID, func(c *call) error {
		c.params = map[string]string{"name": name}
		if a := k.remove(c); a.status != http.StatusOK {
			return fmt.Errorf("sandbox: %s has no %s %q", agentID, k.path, name)
		}
		return nil
	})
}

// AgentIDs are the ids of all agents, sorted.
func (d *Dashboard) AgentIDs() ([]string, error) {
	var ids []string
	err := d.s.store.read(func(st *state) {
		for id := range st.agents {
			ids = append(ids, id)
		}
	})
	slices.Sort(ids)
	return ids, err
}
