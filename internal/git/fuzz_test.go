package git

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"
)

// endless repeats a text.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[e.at]
		e.at = (e.at + 1) % len(e.text)
	}
	return len(p), nil
}

// TestEndlessList stops at a list that a forged tree lets grow without end.
func TestEndlessList(t *testing.T) {
	for _, text := range []string{"100644 blob " + strings.Repeat("a", 40) + "\tf\x00", "100644 blob a\tf"} {
		tree := &Tree{root: newFolder(nil)}
		err := tree.list(bufio.NewReaderSize(io.LimitReader(&endless{text: text}, 100<<20), 64<<10), "")
		if err == nil || !strings.Contains(err.Error(), "more than 1000000 files, or one with an endless name") {
			t.Errorf("the list ends with %v", err)
		}
	}
}

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
		tree := &Tree{root: newFolder(nil), err: errors.New("nothing can be read")}
		if err := tree.list(bufio.NewReader(bytes.NewReader(list)), prefix); err != nil {
			return
		}
		_, _ = fs.Stat(tree, name)
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
