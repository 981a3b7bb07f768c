package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// objects reads objects through two git processes that live as long as it: one
// tells sizes, so that nothing too large is read, the other gives contents. They
// start at the first use. All methods may be called side by side.
type objects struct {
	ctx    context.Context
	repo   *Repo
	mu     sync.Mutex
	sizes  *pipe
	blobs  *pipe
	closed bool
	failed error // the first object that could not be read, and why
}

var errNotHere = errors.New("git's object is not in this clone")

// size gives the size of a blob.
func (o *objects) size(id string) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, err := o.start(&o.sizes, "--batch-check")
	if err != nil {
		return 0, err
	}
	size, err := p.ask(id)
	o.note(err)
	return size, err
}

// note keeps the first failure; o.mu is held.
func (o *objects) note(err error) {
	if o.failed == nil {
		o.failed = err
	}
}

// failure is the first failure of all.
func (o *objects) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// content gives a blob whole.
func (o *objects) content(id string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, err := o.start(&o.blobs, "--batch")
	if err != nil {
		return nil, err
	}
	data, err := p.read(id)
	o.note(err)
	return data, err
}

// head gives the first bytes of a blob of any size.
func (o *objects) head(id string, n int64) ([]byte, error) {
	ctx, cancel := context.WithCancel(o.ctx)
	defer cancel()
	cmd := command(ctx, o.repo.dir, "cat-file", "blob", id)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, o.repo.failure("cat-file", err, "")
	}
	data, err := io.ReadAll(io.LimitReader(out, n))
	cancel()       // there may be much more of it
	_ = cmd.Wait() // so its end says nothing
	return data, err
}

func (o *objects) start(p **pipe, mode string) (*pipe, error) {
	if o.closed {
		return nil, errors.New("git's objects are closed")
	}
	if *p != nil {
		return *p, nil
	}
	cmd := command(o.ctx, o.repo.dir, "cat-file", mode)
	started := &pipe{ctx: o.ctx, cmd: cmd}
	cmd.Stderr = &started.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, o.repo.failure("cat-file", err, "")
	}
	started.in, started.out = in, bufio.NewReaderSize(out, 64<<10)
	*p = started
	return started, nil
}

// close ends the processes. What is asked later is an error.
func (o *objects) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for _, p := range []*pipe{o.sizes, o.blobs} {
		if p != nil {
			_ = p.in.Close()
			_ = p.cmd.Wait() // it ends with its input
		}
	}
}

// pipe is a running git cat-file that answers a line each for ids.
type pipe struct {
	ctx  context.Context
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said limited // complete when the process has ended
	err  error   // it does not answer any more
}

// ask sends an id and reads "ID blob SIZE".
func (p *pipe) ask(id string) (int64, error) {
	if p.err != nil {
		return 0, p.err
	}
	if _, err := io.WriteString(p.in, id+"\n"); err != nil {
		return 0, p.broken(err)
	}
	line, err := p.out.ReadSlice('\n')
	if err != nil {
		return 0, p.broken(err)
	}
	rest, ours := bytes.CutPrefix(line, []byte(id+" "))
	kind, number, _ := strings.Cut(strings.TrimSuffix(string(rest), "\n"), " ")
	switch {
	case ours && kind == "missing":
		return 0, errNotHere
	case !ours || kind != "blob":
		return 0, p.broken(fmt.Errorf("it answers %.60q", line))
	}
	size, err := strconv.ParseInt(number, 10, 64)
	if err != nil || size < 0 {
		return 0, p.broken(fmt.Errorf("it answers %.60q", line))
	}
	return size, nil
}

// read sends an id and reads the blob whole.
func (p *pipe) read(id string) ([]byte, error) {
	size, err := p.ask(id)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(p.out, data); err != nil {
		return nil, p.broken(err)
	}
	if end, err := p.out.ReadByte(); err != nil || end != '\n' {
		return nil, p.broken(err)
	}
	return data, nil
}

// broken ends the process, which is of no use any more, and remembers why. An
// older git ends by itself where a partial clone lacks an object.
func (p *pipe) broken(err error) error {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	said := p.said.String()
	switch {
	case p.ctx.Err() != nil:
		p.err = p.ctx.Err()
	case strings.Contains(said, "promisor"):
		p.err = errNotHere
	case said != "":
		p.err = fmt.Errorf("git cat-file: %s", strings.TrimPrefix(firstLine(said), "fatal: "))
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		p.err = errors.New("git cat-file ended")
	default:
		p.err = fmt.Errorf("git cat-file: %w", err)
	}
	return p.err
}
