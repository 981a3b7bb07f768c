package lock

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/robustio"
)

// writeFile replaces the file at path by data, whole or not at all: the
// temporary file tmp, fsync, rename. A reader never sees half of it, and what a
// killed process leaves of tmp the next write replaces.
func writeFile(path, tmp string, data []byte) error {
	_ = os.Remove(tmp)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = robustio.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// syncDir makes the rename last through a power cut, where the system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
