package engine

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/agentsync/agentsync/spec/edit"
	"golang.org/x/sync/errgroup"
)

// keep decides which agents stay as they are in git: those whose manifest says
// what the platform has, and those where it says something else, where all were
// asked for. What an apply has begun and not ended is not taken either: the lock has
// what a rollback may have taken.
func (m *importing) keep() {
	var kept []string
	for _, f := range m.found {
		agent, known := m.manifest(f.key)
		if !known || m.in.Force {
			continue
		}
		plan, ok := planOf(agent, f.whole())
		switch agrees := ok && len(plan.Steps) == 0; {
		case agrees && m.memory[f.key].AgentID == f.ID:
			f.take = takeNone
			m.outcome.Same++
		case agrees:
			f.take = takeLock
		case m.in.IDs == nil:
			f.take = takeNone
			kept = append(kept, f.key)
		}
	}
	for _, f := range m.found {
		if known := m.memory[f.key]; f.take != takeNone && known.Unfinished && known.AgentID == f.ID {
			f.take = takeNone
			m.failed("%s: an apply of it did not end, so what is there is not all the platform's\n  hint: agentsync apply ends it; import it after that",
				quoted(f.fullName, f.ID))
		}
	}
	if slices.Sort(kept); len(kept) > 0 {
		m.outcome.Told = append(m.outcome.Told, fmt.Sprintf("in git already, and not as the platform has them, so their files stay: %s", listed(kept))+
			"\n  hint: agentsync pull takes into them what has changed on the platform; import --force writes them anew")
	}
}

type fileState int

const (
	absent fileState = iota
	same
	other
)

// state compares a file with what is at its path now.
func (m *importing) state(f edit.File) fileState {
	info, err := m.root.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return absent
	}
	if err == nil && info.Mode().IsRegular() && info.Size() == int64(len(f.Data)) {
		if data, err := m.root.ReadFile(f.Path); err == nil && bytes.Equal(data, f.Data) {
			return same
		}
	}
	return other
}

// files are those of agents that are to be written. All files that are in the way
// are told at once.
func (m *importing) files(taken []*found) ([]edit.File, error) {
	if len(taken) == 0 {
		return nil, nil
	}
	files := m.splitBase(taken)
	var clashes []string
	for _, f := range taken {
		files = append(files, f.files()...)
		at := edit.ManifestPath(f.key)
		if agent, known := m.manifest(f.key); known && agent.Pos.File != at {
			clashes = append(clashes, fmt.Sprintf("%s: the manifest of %s is in %s", at, f.key, agent.Pos.File))
		}
		for _, a := range m.Agents {
			if a.Pos.File == at && a.Name != f.key {
				clashes = append(clashes, fmt.Sprintf("%s: the manifest of %s is there", at, a.Name))
			}
		}
	}
	if len(clashes) > 0 {
		return nil, Errorf(Failed, "give each of these a file of its own name first, or leave it out",
			"import writes a file an agent, so nothing was written:\n  %s", strings.Join(clashes, "\n  "))
	}
	files = slices.DeleteFunc(files, func(f edit.File) bool {
		switch m.state(f) {
		case same:
			return true
		case other:
			clashes = append(clashes, f.Path)
		}
		return false
	})
	if len(clashes) > 0 && !m.in.Force {
		slices.Sort(clashes)
		return nil, Errorf(Failed, "move them, or let --force replace them", "these files are there already, so nothing was written:\n  %s",
			strings.Join(clashes, "\n  "))
	}
	return append(m.beginning(), files...), nil
}

// splitBase moves what all agents have in common into a Base of a free name,
// where that is asked for, and returns the Base's files.
func (m *importing) splitBase(taken []*found) []edit.File {
	if !m.in.SplitBases {
		return nil
	}
	all := make([]*edit.Written, len(taken))
	keys := map[string]bool{}
	for i, f := range taken {
		all[i], keys[f.key] = f.written, true
	}
	for n := 1; ; n++ {
		key := "common"
		if n > 1 {
			key = fmt.Sprintf("common-%d", n)
		}
		files := edit.BaseFiles(key, all)
		_, known := m.manifest(key)
		inTheWay := func(f edit.File) bool { return m.state(f) == other }
		if !keys[key] && !known && !slices.ContainsFunc(files, inTheWay) {
			edit.Extend(key, all)
			return files
		}
	}
}

// beginning are the files of a new project, and the schemas that the manifests'
// first lines name; those that are there stay.
func (m *importing) beginning() []edit.File {
	address := ""
	if !m.opt.Sandbox {
		address = m.Environment.BaseURL
	}
	return slices.DeleteFunc(Begin(m.opt.Dir, address), func(f edit.File) bool {
		return f.Path == "agentsync.yaml" && !m.outcome.Began || m.state(f) != absent
	})
}

// writeFiles writes files of the project, each whole or not at all. A link that
// leads out is not followed.
func writeFiles(root *os.Root, files []edit.File) error {
	made := map[string]bool{".": true}
	var group errgroup.Group
	group.SetLimit(8)
	for _, f := range files {
		folder := path.Dir(f.Path)
		if !made[folder] {
			if err := root.MkdirAll(folder, 0o755); err != nil {
				return errors.Join(group.Wait(), fmt.Errorf("make the folder %s: %w", folder, err))
			}
			made[folder] = true
		}
		group.Go(func() error { return writeFile(root, f) })
	}
	return group.Wait()
}

func writeFile(root *os.Root, f edit.File) error {
	folder, name := path.Split(f.Path)
	temp := folder + "." + name + "." + rand.Text()[:8]
	err := root.WriteFile(temp, f.Data, 0o644)
	if err == nil {
		err = root.Rename(temp, f.Path)
	}
	if err != nil {
		_ = root.Remove(temp)
		return fmt.Errorf("write %s: %w", f.Path, err)
	}
	return nil
}
