package spec

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"sync"
)

// Cache carries checked manifests from one load to the next, of another commit
// of the project: a manifest that holds the same, and whose prompt files do, is
// neither read nor checked again. The zero value is empty and ready. Loads that
// share a cache come one after the other.
type Cache struct {
	mu    sync.Mutex
	files map[cacheKey]*fileResult
}

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
	h.Write([]byte("blob " + strconv.Itoa(len(data)) + "\x00"))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// cached returns the file as an earlier load left it, or nil.
func (l *loader) cached(name string, named bool) *fileResult {
	fsys, ok := l.files.fsys.(blobFS)
	if !ok || l.cache == nil {
		return nil
	}
	id, ok := fsys.BlobID(name)
	if !ok {
		return nil
	}
	l.cache.mu.Lock()
	r := l.cache.files[cacheKey{name, id, named}]
	l.cache.mu.Unlock()
	if r == nil {
		return nil
	}
	for prompt, blob := range r.prompts {
		if id, ok := fsys.BlobID(prompt); !ok || id != blob || l.files.visible(prompt) != nil {
			return nil
		}
	}
	return r
}

// keep puts a file into the cache, unless there is something to say of it. Its
// documents are shared from then on: nobody changes them.
func (l *loader) keep(name string, named bool, r *fileResult) {
	if l.cache == nil || r.blob == "" || len(r.problems) > 0 || l.budget.work.Load() > maxWork {
		return
	}
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if l.cache.files == nil {
		l.cache.files = map[cacheKey]*fileResult{}
	}
	l.cache.files[cacheKey{name, r.blob, named}] = r
}
