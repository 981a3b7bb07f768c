package git

import (
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzTree reads anything as git's list of files: it is refused, or a tree in
// which every path ends.
func FuzzTree(f *testing.F) {
	id := strings.Repeat("a", 40)
	for _, list := range []string{
		"100644 blob " + id + "\ta/b\x00120000 blob " + id + "\tl\x00", "160000 commit " + id + "\tm\x00",
		"100644 blob " + id + "\t../x\x00100644 blob " + id + "\ta\x00100644 blob " + id + "\ta/b\x00", "100644 blob\x00", "\x00", "x",
	} {
		f.Add([]byte(list), "", "a/b")
		f.Add([]byte(list), "a/", "l/../b")
	}
	f.Fuzz(func(t *testing.T, list []byte, prefix, name string) {
		tree := &Tree{root: &node{name: ".", mode: fs.ModeDir, below: map[string]*node{}}, objects: &objects{closed: true}}
		if err := tree.read(strings.NewReader(string(list)), prefix); err != nil {
			return
		}
		_, _ = tree.Stat(name)
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil && !utf8.ValidString(name) {
				return nil // os.Root.FS reads no such folder either
			}
			if id, ok := tree.BlobID(name); ok && d.Type() != 0 && id != "" {
				t.Errorf("%q is %v and a file", name, d.Type())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
