package lock

import (
	"fmt"
	"maps"
)

// Merge returns theirs with what changed in one environment from before to
// after: an entry that changed there, or went, wins over theirs, since it was
// held against the platform last; every other entry and environment stays as
// theirs has it, but for the entries of an environment that was renamed, which
// after does not have under its old name. A result that no lock file may be, such as one agent under two
// keys, is an error. The arguments are left as they are.
func Merge(before, after, theirs *File, environment string) (*File, error) {
	out := &File{Environments: map[string]Environment{}}
	for name, env := range theirs.Environments {
		out.Environments[name] = env
	}
	for name, env := range before.Environments {
		if name != environment && after.Environments[name] == nil && out.Environments[name] != nil {
			left := maps.Clone(out.Environments[name])
			maps.DeleteFunc(left, func(key string, _ Entry) bool { _, moved := env[key]; return moved })
			out.Environments[name] = left
		}
	}
	block := Environment{}
	for key, entry := range theirs.Environments[environment] {
		block[key] = entry
	}
	old := before.Environments[environment]
	for key, entry := range after.Environments[environment] {
		if was, there := old[key]; !there || !was.Equal(entry) {
			block[key] = entry
		}
	}
	for key := range old {
		if _, there := after.Environments[environment][key]; !there {
			delete(block, key)
		}
	}
	out.Environments[environment] = block
	if err := out.check(); err != nil {
		return nil, fmt.Errorf("merge the lock file: %w", err)
	}
	return out, nil
}

// With returns a lock file's bytes with entries of an environment set, and those
// removed that are nil. data is nil for a file that is not there.
func With(data []byte, env string, entries map[string]*Entry) ([]byte, error) {
	file := &File{Environments: map[string]Environment{}}
	if data != nil {
		var err error
		if file, err = Parse(data); err != nil {
			return nil, fmt.Errorf("%s: %w", FileName, err)
		}
	}
	if file.Environments[env] == nil {
		file.Environments[env] = Environment{}
	}
	for key, entry := range entries {
		if entry == nil {
			delete(file.Environments[env], key)
		} else {
			file.Environments[env][key] = *entry
		}
	}
	return file.Bytes()
}
