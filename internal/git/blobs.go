package git

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxBlob is how much of a blob is read.
const maxBlob = 4 << 20

var errNotHere = &Error{"files of the commit are not in this clone",
	"it is a partial clone: clone without a filter, or git fetch --refetch", nil}

// Err says why a file could not be read although the commit has it. After the
// first such file, none is read any more.
func (t *Tree) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close ends reading.
func (t *Tree) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.blobs != nil {
		t.blobs.stop()
	}
	t.err = errors.New("the commit's files are closed")
}

// read returns a blob's content.
func (t *Tree) read(id string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil && t.blobs == nil {
		t.blobs, t.err = t.repo.start(t.ctx, "cat-file", "--batch")
	}
	if t.err != nil {
		return nil, t.err
	}
	data, err := t.blobs.ask(id)
	if err == nil {
		return data, nil
	}
	t.blobs.stop()
	switch said := t.blobs.said.String(); {
	case t.ctx.Err() != nil:
		t.err = t.ctx.Err()
	case errors.Is(err, errNotHere), strings.Contains(said, "promisor"): // git before 2.45 ends by itself
		t.err = errNotHere
	default:
		t.err = t.repo.failure("cat-file", err, said)
	}
	return nil, t.err
}

// ask reads a blob through git cat-file.
func (p *process) ask(id string) ([]byte, error) {
	got, kind, data, err := p.object(id, maxBlob)
	if err == nil && (got != id || kind != "blob") {
		err = fmt.Errorf("it answers %.60q", got+" "+kind)
	}
	return data, err
}

// object sends a name to git cat-file and reads "ID KIND SIZE", the content, of
// which at most most bytes are kept, and a newline. name is one line. One that
// names nothing, or several objects, is errNotHere.
func (p *process) object(name string, most int) (id, kind string, data []byte, err error) {
	if _, err := io.WriteString(p.in, name+"\n"); err != nil {
		return "", "", nil, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", "", nil, errors.New("it ended early")
	}
	if line == name+" missing\n" || line == name+" ambiguous\n" {
		return "", "", nil, errNotHere
	}
	size := 0
	fields := strings.Fields(line)
	if len(fields) == 3 {
		id, kind = fields[0], fields[1]
		size, err = strconv.Atoi(fields[2])
	}
	if len(fields) != 3 || err != nil || size < 0 {
		return "", "", nil, fmt.Errorf("it answers %.60q", line)
	}
	data = make([]byte, min(size, most))
	if _, err = io.ReadFull(p.out, data); err == nil {
		_, err = p.out.Discard(size - len(data) + 1)
	}
	if err != nil {
		return "", "", nil, errors.New("it ended early")
	}
	return id, kind, data, nil
}
