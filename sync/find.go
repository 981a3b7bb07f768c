package sync

import (
	"context"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/spec"
)

// Find finds one agent as Observe does, with its fields alone: by the lock's id,
// else by name in the listing. It is nil where the agent is not there. want is
// nil for an agent without a manifest.
func Find(ctx context.Context, remote Remote, key string, want *spec.Agent, memory diff.Memory) (*diff.RemoteAgent, error) {
	return newObserver(remote, Scope{Memory: memory}).find(ctx, key, want)
}
