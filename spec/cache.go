package spec

import (
	"crypto/sha1"
	"fmt"
	"sync"
)

// Cache carries checked manifests from one load to the next, of another commit
// of the project: a manifest that holds the same, and whose prompt files do, is
// neither read nor checked again. The zero value is empty and ready. Loads that
// share a cache come one after the other.
type Cache struct{ files sync.Map } // cacheKey → *fileResult

// cacheKey is a file's name, what it holds, and how the project looks for it.
type cacheKey struct {
	name, blob string
	named      bool
}

// blobFS is an LoadOptions.FS that knows what a file holds without reading it.
type blobFS interface {
	// BlobID returns git's id of what name leads to; ok is false when that is no
	// file.
	BlobID(name string) (id string, ok bool)
}

// blobID is git's SHA-1 id of a file. In a repository with SHA-256 none is the
// same, and every file is read.
func blobID(data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// cached returns a file as an earlier load with this cache left it, or reads it.
// A file goes into the cache when there is nothing to say of it; its documents
// are shared from then on.
func (l *loader) cached(name string, named bool) *fileResult {
	if l.opt.Cache == nil {
		return l.loadFile(name, named)
	}
	if fsys, ok := l.fsys.(blobFS); ok {
		id, _ := fsys.BlobID(name)
		known, ok := l.opt.Cache.files.Load(cacheKey{name, id, named})
		if ok && l.holdsSame(fsys, known.(*fileResult)) {
			return known.(*fileResult)
		}
	}
	r := l.loadFile(name, named)
	if r.blob != "" && len(r.problems) == 0 {
		l.opt.Cache.files.Store(cacheKey{name, r.blob, named}, r)
	}
	return r
}

// holdsSame reports whether the prompt files of a manifest hold what they did.
func (l *loader) holdsSame(fsys blobFS, r *fileResult) bool {
	for prompt, blob := range r.prompts {
		if id, ok := fsys.BlobID(prompt); !ok || id != blob || l.visible(prompt) != nil {
			return false
		}
	}
	return true
}
