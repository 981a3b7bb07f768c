package history

import "time"

// Report is a fleet with the whole history of its agents.
type Report struct {
	Project   string    // metadata.name of agentsync.yaml, "" for none
	Commit    string    // HEAD, 12 hex digits; "" outside of git
	MadeAt    time.Time // by the clock of the one who made it
	Fleet     Fleet
	Timelines []Timeline // by name, of those agents of the fleet that are on the platform
}
