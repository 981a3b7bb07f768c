package sync

import (
	"context"
	"slices"

	"github.com/agentsync/agentsync/diff"
)

// readVersions reads of an agent's versions what is asked, into it.
func readVersions(ctx context.Context, remote Remote, agent *diff.RemoteAgent, asked diff.VersionsAsked) error {
	stopped := false
	versions, err := remote.Versions(ctx, agent.ID, func(listed []diff.Version) bool {
		stopped = asked.Enough(listed)
		return stopped
	})
	if err != nil {
		return err
	}
	agent.Versions, agent.ListedTo = versions, 0
	if !stopped || versions[len(versions)-1].Number == 1 { // versions count from 1
		return nil
	}
	agent.ListedTo = versions[len(versions)-1].Number
	for _, number := range asked.Further(versions) {
		v, err := findVersion(ctx, remote, agent.ID, number)
		if err != nil {
			return err
		}
		if v != nil && diff.FindVersion(agent.Versions, number) == nil {
			agent.Versions = append(agent.Versions, *v)
		}
	}
	slices.SortStableFunc(agent.Versions, func(a, b diff.Version) int { return b.Number - a.Number })
	return nil
}

// findVersion reads the version of a number; nil where there is none.
func findVersion(ctx context.Context, remote Remote, id string, number int) (*diff.Version, error) {
	v, err := remote.Version(ctx, id, number)
	if isNotFound(err) {
		return nil, nil
	}
	return v, err
}
