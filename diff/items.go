package diff

// itemSteps is what becomes of an agent's outcomes or infields.
type itemSteps struct {
	write  []Step // creates and updates, before the release
	remove []Step // after it
	class  Class
}

type itemActions struct{ create, update, remove Action }

var actionsOf = map[string]itemActions{
	OutcomeItems.Section: {CreateOutcome, UpdateOutcome, DeleteOutcome},
	InfieldItems.Section: {CreateInfield, UpdateInfield, DeleteInfield},
}

// planItems compares the wanted full items with the platform's.
func (p *agentPlanner) planItems(kind ItemKind, wanted, remote []map[string]any, remembered map[string]string) itemSteps {
	var out itemSteps
	var c classifier
	actions := actionsOf[kind.Section]
	there := map[string]map[string]any{}
	for _, item := range remote {
		item = canonicalItem(kind, item)
		there[textOf(item[kind.NameField])] = item
	}
	keep := map[string]bool{}
	for _, item := range wanted {
		name := textOf(item[kind.NameField])
		keep[name] = true
		before, exists := there[name]
		action, remoteDigest, wantedDigest := actions.update, "", itemDigest(kind, item)
		if exists {
			remoteDigest = itemDigest(kind, before)
		} else { // what would be made is what was made before it was deleted
			action, wantedDigest = actions.create, itemDigest(kind, ItemBody(kind, item))
		}
		step := p.step(action, name)
		step.Changes = itemChanges(kind, before, item)
		if exists && len(step.Changes) == 0 {
			continue
		}
		out.write = append(out.write, step)
		c.add(p.classifyItem(remembered[name], remoteDigest, wantedDigest))
	}
	for _, item := range sortedItems(kind, remote) {
		name := textOf(item[kind.NameField])
		if keep[name] {
			continue
		}
		step := p.step(actions.remove, name)
		step.Changes = itemChanges(kind, item, nil)
		out.remove = append(out.remove, step)
		c.add(p.classifyItem(remembered[name], itemDigest(kind, item), ""))
	}
	out.class, _ = c.class()
	return out
}
