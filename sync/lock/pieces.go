package lock

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"
)

// The YAML library makes a tree of all that it reads, and keeps what it writes until
// the end; both take a dozen times the size of the file. A fleet's lock file is
// therefore read and written in pieces.

const pieceSize = 64 << 10

var environmentLine = regexp.MustCompile(`^  [A-Za-z0-9][A-Za-z0-9_.-]*:\n$`)

// decode reads a lock file's bytes; what the entries say is not checked. A large file
// in the form that Bytes gives it is read in pieces, which are lock files too. Where
// that does not come out even, it is read whole: so the errors are those of the file.
func decode(data []byte) (map[string]Environment, error) {
	if all, ok := decodePieces(data); ok {
		return all, nil
	}
	return decodeWhole(data)
}

func decodePieces(data []byte) (map[string]Environment, bool) {
	top, rest, found := bytes.Cut(data, []byte("\nenvironments:\n"))
	if len(data) <= pieceSize || !found {
		return nil, false
	}
	all, named := map[string]Environment{}, map[string]bool{}
	var environment, piece []byte
	take := func() bool {
		if len(piece) == 0 {
			return true
		}
		some, err := decodeWhole(bytes.Join([][]byte{top, []byte("\nenvironments:\n"), environment, piece}, nil))
		piece = piece[:0]
		return err == nil && addNew(all, some)
	}
	for line := range bytes.Lines(rest) {
		switch {
		case environmentLine.Match(line):
			if named[string(line)] || !take() {
				return nil, false
			}
			named[string(line)], environment = true, line
			continue
		case len(line) > 1 && !bytes.HasPrefix(line, []byte("    ")):
			return nil, false
		case len(piece) >= pieceSize && len(line) > 5 && line[4] != ' ' && line[4] != '#':
			if !take() {
				return nil, false
			}
		}
		piece = append(piece, line...)
	}
	return all, take()
}

// addNew puts the entries of some into all, and reports whether none was there.
func addNew(all, some map[string]Environment) bool {
	for env, block := range some {
		if all[env] == nil {
			all[env] = Environment{}
		}
		for key, entry := range block {
			if _, there := all[env][key]; there {
				return false
			}
			all[env][key] = entry
		}
	}
	return true
}

func decodeWhole(data []byte) (map[string]Environment, error) {
	var doc document
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("not a lock file: %s", oneLine(err))
	}
	if doc.APIVersion != apiVersion || doc.Kind != kind {
		return nil, fmt.Errorf("not a lock file: want apiVersion %s and kind %s", apiVersion, kind)
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		return nil, errors.New("more than one YAML document")
	}
	return doc.Environments, nil
}

// Bytes returns the file as it is written: sorted, and the same for the same content.
func (f *File) Bytes() ([]byte, error) {
	buf := bytes.NewBufferString(header)
	names := map[string]bool{}
	for name, env := range f.Environments {
		if len(env) > 0 {
			names[name] = true
		}
	}
	whole := document{APIVersion: apiVersion, Kind: kind, Environments: map[string]Environment{}}
	if len(names) == 0 {
		err := encode(buf, whole, 0)
		return buf.Bytes(), err
	}
	environments, err := inOrder(names)
	if err != nil {
		return nil, err
	}
	for i, env := range environments {
		keys, err := inOrder(f.Environments[env])
		if err != nil {
			return nil, err
		}
		for k, key := range keys {
			one := Environment{key: f.Environments[env][key]}
			switch {
			case k > 0:
				err = encode(buf, one, 4)
			case i > 0:
				err = encode(buf, map[string]Environment{env: one}, 2)
			default:
				whole.Environments[env] = one
				err = encode(buf, whole, 0)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return buf.Bytes(), nil
}

// encode writes a value as YAML, indented by so many blanks.
func encode(buf *bytes.Buffer, v any, blanks int) error {
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	for line := range bytes.Lines(text.Bytes()) {
		if len(line) > 1 { // else an empty one of a text
			buf.WriteString("        "[:blanks])
		}
		buf.Write(line)
	}
	return nil
}

// inOrder returns a map's keys in the order in which the YAML library writes them:
// numbers in them count as such.
func inOrder[V any](m map[string]V) ([]string, error) {
	names := make(map[string]bool, len(m))
	for key := range m {
		names[key] = true
	}
	var all yaml.Node
	if err := all.Encode(names); err != nil {
		return nil, fmt.Errorf("write the lock file: %w", err)
	}
	out := make([]string, 0, len(m))
	for i := 0; i < len(all.Content); i += 2 {
		key := all.Content[i].Value
		if !names[key] {
			return nil, fmt.Errorf("write the lock file: %q can't be a key of it", key)
		}
		out = append(out, key)
	}
	return out, nil
}
