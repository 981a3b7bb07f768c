package cli

import (
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
	"github.com/rogpeppe/go-internal/robustio"
)

func (a *app) savePlan(path string, p *diff.Plan) error {
	return a.writeOut("--out", path, func(w io.Writer) error { return planfile.Write(w, p) })
}

// writeOut writes the file of a flag, if checkOut allows it now: the run itself may
// have made the lock file there.
func (a *app) writeOut(flag, path string, write func(io.Writer) error) error {
	if err := a.checkOut(flag, path); err != nil {
		return err
	}
	return writeWhole(a.path(path), write)
}

// writeWhole replaces a file by what write writes, whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	}
	err = errors.Join(write(tmp), tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = robustio.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// maxPlanFile bounds what is read as a plan file.
const maxPlanFile = 256 << 20

func (a *app) readPlan(ctx context.Context, path string) (*diff.Plan, error) {
	data, err := readAll(ctx, a.path(path), maxPlanFile+1)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		hint := fmt.Sprintf("agentsync plan --out %s makes one", path)
		if a.isAgent(path) {
			hint = fmt.Sprintf("%s is an agent: agentsync plan --target %s, and apply --target %s", path, path, path)
		}
		return nil, engine.Errorf(engine.Failed, hint, "read the plan %s: %w", path, err)
	}
	if len(data) > maxPlanFile {
		return nil, fmt.Errorf("%s: larger than %d MiB, so no plan of ours", path, maxPlanFile>>20)
	}
	p, err := planfile.Read(data)
	if err != nil && !planfile.IsOurs(data[:min(len(data), 4096)]) {
		return nil, engine.Errorf(engine.Stale, "agentsync plan --out FILE makes one", "%s is no plan of agentsync", path)
	}
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

// checkOut says whether the file of --out or --report can be written: what is
// there already must be a plan or a report.
func (a *app) checkOut(flag, path string) error {
	err := a.checkReplaced(path, "give another name, or move the file away", "no plan or report", planfile.IsOurs)
	if err != nil {
		return fmt.Errorf("%s %w", flag, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(a.path(path)), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("%s %s: %w", flag, path, errors.Unwrap(err))
	}
	tmp.Close()
	return os.Remove(tmp.Name())
}

// checkReplaced refuses to replace what is no plain file, and a file that holds
// something and is not ours, as its first 4 KiB tell; what says what it is then.
func (a *app) checkReplaced(path, hint, what string, ours func(head []byte) bool) error {
	refused := func(what string) error {
		return engine.Errorf(engine.Failed, hint, "%s: %s, and is not replaced", path, what)
	}
	switch info, err := os.Lstat(a.path(path)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	case !info.Mode().IsRegular():
		return refused("it is no plain file")
	}
	f, err := os.Open(a.path(path))
	if err != nil {
		return fmt.Errorf("%s: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 4096))
	if err == nil && len(head) > 0 && !ours(head) {
		err = refused("it is " + what)
	}
	return err
}

func (a *app) writeReport(path string, report *sync.Report) error {
	return a.writeOut("--report", path, func(w io.Writer) error { return writeJSON(w, report) })
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
