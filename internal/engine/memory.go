package engine

import (
	"context"
	"runtime/debug"
	"runtime/metrics"

	"github.com/agentsync/agentsync/spec"
)

// How much heap is enough for ten thousand agents with prompts of 4 KB. A smaller
// fleet never gets there.
const (
	enoughToPlan  = 184 << 20
	enoughToApply = 288 << 20
)

// collect makes the garbage collector lazy: most of what a load makes stays, and
// collecting less often halves its time. It is called now and then while memory
// grows: the next collection is when four times as much again is used as was in use
// after the last one, or enough, or in a larger fleet a quarter as much again.
func collect(enough int64) {
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(used)
	live := max(1, int64(used[0].Value.Uint64()))
	debug.SetGCPercent(int(max(25, min(400, (enough-live)*100/live))))
}

// often is after how many agents, or steps, collect is called.
const often = 64

// collect is collect for a plan. One that keeps all is not of a fleet.
func (p *Planned) collect() {
	if p.keep != KeepAll {
		collect(enoughToPlan)
	}
}

// loadSpec is spec.Load with a garbage collector for it. What comes after is
// collected less often than Go's default in a project of a few thousand agents, and
// not in a larger one, where that would cost hundreds of megabytes.
func loadSpec(ctx context.Context, opt spec.LoadOptions) (*spec.Project, spec.Problems) {
	collect(enoughToPlan)
	opt.Progress = func() { collect(enoughToPlan) }
	project, problems := spec.Load(ctx, opt)
	percent := 300
	if project != nil {
		percent = max(100, min(300, 300*1000/max(1, len(project.Agents))))
	}
	debug.SetGCPercent(percent)
	return project, problems
}
