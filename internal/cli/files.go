package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/sync"
)

func savePlan(path string, p *diff.Plan) error {
	var buf bytes.Buffer
	if err := planfile.Write(&buf, p); err != nil {
		return err
	}
	return writeWhole(path, buf.Bytes())
}

// writeWhole replaces a file by data, whole or not at all.
func writeWhole(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// maxPlanFile bounds what is read as a plan file.
const maxPlanFile = 256 << 20

func readPlan(ctx context.Context, path string) (*diff.Plan, error) {
	data, err := readAll(ctx, path, maxPlanFile+1)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, engine.Errorf(engine.Failed, fmt.Sprintf("agentsync plan --out %s makes one", path), "read the plan %s: %w", path, err)
	}
	if len(data) > maxPlanFile {
		return nil, fmt.Errorf("%s: larger than %d MiB, so no plan of ours", path, maxPlanFile>>20)
	}
	p, err := planfile.Read(data)
	if err != nil {
		return nil, engine.Errorf(engine.Stale, "make the plan again with this version of agentsync", "%s: %v", path, err)
	}
	return p, nil
}

// readAll reads at most limit bytes of a file, which may be a pipe: it ends
// when ctx does, whether or not anybody writes to it.
func readAll(ctx context.Context, path string, limit int64) ([]byte, error) {
	type read struct {
		data []byte
		err  error
	}
	got := make(chan read, 1)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			got <- read{nil, err}
			return
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, limit))
		got <- read{data, err}
	}()
	select {
	case r := <-got:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checkWritable says whether a file can be put at path.
func checkWritable(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--report %s: it is a folder", path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("--report %s: %w", path, errors.Unwrap(err))
	}
	tmp.Close()
	return os.Remove(tmp.Name())
}

func writeReport(path string, report *sync.Report) error {
	var buf bytes.Buffer
	if err := writeJSON(&buf, report); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeWhole(path, buf.Bytes())
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
