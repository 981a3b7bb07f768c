package engine

import (
	"fmt"

	"github.com/agentsync/agentsync/diff"
)

// numbers reads, for the plan's smoke calls, the numbers that they dial, by the
// variables that the manifests name. missing has a line for each call without one:
// it is skipped. A number that can't be dialled is an error, and so is one that is
// required and missing: both are known before anything is written.
func (p *Planned) numbers() (numbers map[string]diff.Phone, missing []string, err error) {
	numbers = map[string]diff.Phone{}
	for _, agent := range p.Plan.Agents {
		if !diff.Dials(agent.Steps, p.in.Memory[agent.Name].Smoke) {
			continue
		}
		call := manifestOf(p.in.Agents, agent.Name).SmokeCall
		given := p.project.opt.getenv(call.NumberEnv)
		if given == "" {
			if call.Required {
				return nil, nil, Errorf(Refused, "set it to a number with its country code, such as 919999999999, or take `required` away",
					"%s: %s is not set, and smoke_call.required says that nothing goes live without a call", agent.Name, call.NumberEnv)
			}
			missing = append(missing, fmt.Sprintf("%s: %s is not set: its smoke call is skipped", agent.Name, call.NumberEnv))
			continue
		}
		number, err := diff.ParsePhone(given)
		if err != nil {
			return nil, nil, Errorf(Refused, "nothing was written", "%s: %s: %w", agent.Name, call.NumberEnv, err)
		}
		numbers[call.NumberEnv] = number
	}
	return numbers, missing, nil
}

// CheckCalls refuses a plan with a smoke call that can't be made, and warns of those
// that will not be.
func (p *Planned) CheckCalls() error {
	_, missing, err := p.numbers()
	for _, line := range missing {
		p.project.opt.Message("warning: %s", line)
	}
	return err
}
