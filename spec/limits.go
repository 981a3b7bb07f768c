package spec

import "sync/atomic"

// Limits keep a hostile project from using up memory or time. None is near
// what a real one needs: 10,000 agents with prompts are 10,000 files, 40 MB
// and about 1.5 million values to look at.
const (
	maxFileBytes    = 1 << 20   // of a manifest, a prompt file, and a joined prompt
	maxFiles        = 100_000   // manifests of a project
	maxEntries      = 1_000_000 // files and folders looked at while searching
	maxTotalBytes   = 256 << 20 // manifests and prompt files of a project
	maxDocuments    = 20_000    // in one file
	maxDocumentSize = 20_000    // values of a document, aliases written out
	maxDepth        = 64        // of maps and lists in one another
	maxBases        = 100       // that extend one another in a row
	maxWork         = 6_000_000 // values looked at to merge and build a project's agents
	maxEffort       = 32 << 20  // bytes parsed again to place errors
)

// budget counts what a whole project may use. It is shared by all workers.
type budget struct {
	bytes, work, effort atomic.Int64
}

func (b *budget) takeBytes(n int64) bool { return b.bytes.Add(n) <= maxTotalBytes }
func (b *budget) takeWork(n int) bool    { return b.work.Add(int64(n)) <= maxWork }
func (b *budget) takeEffort(n int) bool  { return b.effort.Add(int64(n)) <= maxEffort }
