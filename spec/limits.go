package spec

import "sync/atomic"

// Limits keep a hostile project from using up memory or time. None is near
// what a real one needs: 10,000 agents with prompts are 10,000 files, 40 MB
// and about half a million values.
const (
	maxFileBytes    = 1 << 20    // of a manifest, a prompt file, and a joined prompt
	maxFiles        = 100_000    // manifests of a project
	maxEntries      = 1_000_000  // files and folders looked at while searching
	maxTotalBytes   = 256 << 20  // manifests and prompt files of a project
	maxDocuments    = 20_000     // in one file
	maxDocumentSize = 20_000     // values of a document, aliases written out
	maxDepth        = 64         // of maps and lists in one another
	maxBases        = 100        // that extend one another in a row
	maxWork         = 20_000_000 // values of a project, bases written out
)

// budget counts what a whole project may use. It is shared by all workers.
type budget struct {
	bytes, work atomic.Int64
}

func (b *budget) takeBytes(n int64) bool { return b.bytes.Add(n) <= maxTotalBytes }
func (b *budget) takeWork(n int) bool    { return b.work.Add(int64(n)) <= maxWork }
