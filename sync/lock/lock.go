// Package lock reads and writes agentsync.lock.yaml: which remote agent each
// manifest is, and what the last apply left there (design section 3). While an
// apply runs, it remembers in a journal beside it (journal.go).
package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/agentsync/agentsync/internal/value"
	"github.com/agentsync/agentsync/spec"
)

// FileName is the lock file's name in the project's root.
const FileName = "agentsync.lock.yaml"

const (
	apiVersion = "agentsync/v1"
	kind       = "Lock"
	header     = "# Written by agentsync: which remote agent each manifest is, and what the last apply left there.\n# Commit it. Digests are 12 hex digits of SHA-256 over canonical JSON.\n"
	maxSize    = 64 << 20
	maxJournal = 1 << 30
)

// File is the whole lock file. The zero value is an empty one.
type File struct {
	Environments map[string]Environment
}

// Environment is one environment's agents by their keys.
type Environment map[string]Entry

// Entry is what is remembered of one agent. Its fields are those of
// diff.Remembered, in the same order, so that one converts to the other.
type Entry struct {
	AgentID   string `yaml:"agent_id,omitempty" json:"agent_id,omitempty"` // absent while a create's fate is not known
	AgentName string `yaml:"agent_name" json:"agent_name"`
	Protect   bool   `yaml:"protect,omitempty" json:"protect,omitempty"`
	// Unfinished marks an agent that an apply has begun to change and not verified.
	Unfinished bool `yaml:"unfinished,omitempty" json:"unfinished,omitempty"`
	// Version and Config are the live config version and its digest; Newest is the
	// newest version that was published by then, where a rollback went back from it;
	// Since is when it did, in RFC 3339.
	Version int    `yaml:"version,omitempty" json:"version,omitempty"`
	Newest  int    `yaml:"newest,omitempty" json:"newest,omitempty"`
	Since   string `yaml:"since,omitempty" json:"since,omitempty"`
	Config  string `yaml:"config,omitempty" json:"config,omitempty"`
	// Wants is the digest of what the manifest wanted when the agent was last
	// verified to be so (spec.Environment.Wants).
	Wants string `yaml:"wants,omitempty" json:"wants,omitempty"`
	// Draft is the draft that an apply left on purpose (release.mode: draft).
	Draft int `yaml:"draft,omitempty" json:"draft,omitempty"`
	// Expect are digests of configs that unfinished applies may have left, live
	// or as drafts.
	Expect []string `yaml:"expect,omitempty,flow" json:"expect,omitempty"`
	// PutBack are the outcomes and infields that the agent had before a rollback
	// that has not ended, in full, as JSON: the rollback may take them.
	PutBack  string            `yaml:"put_back,omitempty" json:"put_back,omitempty"`
	Agent    map[string]string `yaml:"agent,omitempty" json:"agent,omitempty"`
	Outcomes map[string]string `yaml:"call_outcomes,omitempty" json:"call_outcomes,omitempty"`
	Infields map[string]string `yaml:"call_infields,omitempty" json:"call_infields,omitempty"`
	// Smoke is a smoke call that is not judged, or was judged bad.
	Smoke *spec.PendingCall `yaml:"smoke_call,omitempty" json:"smoke_call,omitempty"`
}

// Equal reports whether two entries are written as the same bytes.
func (e Entry) Equal(o Entry) bool {
	return e.AgentID == o.AgentID && e.AgentName == o.AgentName && e.Protect == o.Protect &&
		e.Unfinished == o.Unfinished && e.Version == o.Version && e.Newest == o.Newest && e.Since == o.Since &&
		e.Config == o.Config && e.Wants == o.Wants && e.Draft == o.Draft &&
		slices.Equal(e.Expect, o.Expect) && e.PutBack == o.PutBack && maps.Equal(e.Agent, o.Agent) &&
		maps.Equal(e.Outcomes, o.Outcomes) && maps.Equal(e.Infields, o.Infields) &&
		(e.Smoke == nil) == (o.Smoke == nil) && (e.Smoke == nil || *e.Smoke == *o.Smoke)
}

type document struct {
	APIVersion   string                 `yaml:"apiVersion"`
	Kind         string                 `yaml:"kind"`
	Environments map[string]Environment `yaml:"environments"`
}

// Read returns the lock file at path; a missing one is empty. A file that is not
// a lock file, or holds an entry that agentsync can't have written, is an
// error that says where: nothing is guessed about which agent is which.
func Read(path string) (*File, error) {
	data, err := readBytes(path, maxSize)
	if err != nil {
		return nil, err
	}
	return parseAt(path, data)
}

// parseAt is Parse with the path in its error; nil is a file that is not there.
func parseAt(path string, data []byte) (*File, error) {
	if data == nil {
		return &File{Environments: map[string]Environment{}}, nil
	}
	file, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// readBytes returns what is in the file; nil when there is none.
func readBytes(path string, largest int64) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the lock file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file, and links are not followed", path)
	case info.Size() > largest:
		return nil, fmt.Errorf("%s: larger than %d MiB", path, largest>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	return data, nil
}

// Parse reads a lock file's bytes.
func Parse(data []byte) (*File, error) {
	if bytes.Contains(data, []byte("\n<<<<<<< ")) || bytes.HasPrefix(data, []byte("<<<<<<< ")) {
		return nil, errors.New("it has merge conflict markers; settle them first: entries of both sides are kept, each agent once")
	}
	environments, err := decode(data)
	if err != nil {
		return nil, err
	}
	file := &File{Environments: environments}
	if file.Environments == nil {
		file.Environments = map[string]Environment{}
	}
	return file, file.check()
}

var (
	keyForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	idForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	digestForm = regexp.MustCompile(`^[0-9a-f]{12}$`)
)

func (f *File) check() error {
	var errs []error
	for _, env := range value.SortedKeys(f.Environments) {
		owner := map[string]string{}
		for _, key := range value.SortedKeys(f.Environments[env]) {
			entry := f.Environments[env][key]
			if err := entry.check(); err != nil {
				errs = append(errs, fmt.Errorf("environments.%s.%q: %w", env, key, err))
			}
			if !keyForm.MatchString(key) {
				errs = append(errs, fmt.Errorf("environments.%s: %q is no agent's key", env, key))
			}
			if other, taken := owner[entry.AgentID]; taken && entry.AgentID != "" {
				errs = append(errs, fmt.Errorf("environments.%s: %q and %q have the same agent_id %s", env, other, key, entry.AgentID))
			}
			owner[entry.AgentID] = key
		}
	}
	return errors.Join(errs...)
}

// rename moves the blocks of environments that are called env now. An agent that
// env knows already, by its key or its id, stays as env has it.
func (f *File) rename(formerly []string, env string) {
	block, ids := Environment{}, map[string]bool{"": true}
	for key, entry := range f.Environments[env] {
		block[key], ids[entry.AgentID] = entry, true
	}
	for _, name := range formerly {
		for _, key := range value.SortedKeys(f.Environments[name]) {
			entry := f.Environments[name][key]
			if _, known := block[key]; !known && (entry.AgentID == "" || !ids[entry.AgentID]) {
				block[key], ids[entry.AgentID] = entry, true
			}
		}
		delete(f.Environments, name)
	}
	if len(formerly) > 0 {
		f.Environments[env] = block
	}
}

func (e Entry) check() error {
	if e.AgentID == "" && !e.Unfinished {
		return errors.New("agent_id is missing")
	}
	if e.AgentID != "" && !idForm.MatchString(e.AgentID) {
		return fmt.Errorf("agent_id %q is not an id", e.AgentID)
	}
	if e.PutBack != "" && json.Unmarshal([]byte(e.PutBack), &map[string][]map[string]any{}) != nil {
		return errors.New("put_back is not JSON of outcomes and infields")
	}
	if _, err := time.Parse(time.RFC3339, e.Since); err != nil && e.Since != "" {
		return fmt.Errorf("since %q is no time", e.Since)
	}
	digests := slices.Clone(e.Expect)
	for _, one := range []string{e.Config, e.Wants} {
		if one != "" {
			digests = append(digests, one)
		}
	}
	for _, m := range []map[string]string{e.Agent, e.Outcomes, e.Infields} {
		for _, k := range value.SortedKeys(m) {
			digests = append(digests, m[k])
		}
	}
	for _, d := range digests {
		if !digestForm.MatchString(d) {
			return fmt.Errorf("%q is not a digest of 12 hex digits", d)
		}
	}
	return checkSmoke(e.Smoke)
}

// checkSmoke refuses what no apply writes.
func checkSmoke(c *spec.PendingCall) error {
	if c == nil {
		return nil
	}
	var before struct {
		Agent    map[string]any   `json:"agent"`
		Outcomes []map[string]any `json:"call_outcomes"`
		Infields []map[string]any `json:"call_infields"`
	}
	_, err := time.Parse(time.RFC3339, c.Placed)
	switch {
	case !digestForm.MatchString(c.Releases):
		return fmt.Errorf("smoke_call: %q is not a digest of 12 hex digits", c.Releases)
	case err != nil && c.Placed != "":
		return fmt.Errorf("smoke_call: placed_at %q is no time", c.Placed)
	case c.Before != "" && json.Unmarshal([]byte(c.Before), &before) != nil:
		return errors.New("smoke_call: before is no JSON of the agent's fields, outcomes and infields")
	case !slices.Contains([]string{spec.CallWaits, spec.CallFailed, spec.CallTakenBack}, c.State):
		return fmt.Errorf("smoke_call: state %q is not known", c.State)
	}
	return nil
}

// MarshalYAML implements yaml.Marshaler. The names of outcomes and infields are
// whatever the platform takes, so those that YAML would read as something else
// are quoted: bare, "<<" is a merge, and line breaks in keys get lost.
func (e Entry) MarshalYAML() (any, error) {
	type plain Entry
	bare := plain(e)
	bare.Agent, bare.Outcomes, bare.Infields = nil, nil, nil
	bare.AgentName = "" // set below: the library writes "\t\na" in a way that it can't read
	var out yaml.Node
	if err := out.Encode(bare); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(out.Content); i += 2 {
		switch out.Content[i].Value {
		case "agent_name":
			out.Content[i+1] = textNode(e.AgentName)
		case "put_back":
			out.Content[i+1] = textNode(e.PutBack)
		}
	}
	for _, section := range []struct {
		name    string
		digests map[string]string
	}{{"agent", e.Agent}, {"call_outcomes", e.Outcomes}, {"call_infields", e.Infields}} {
		if len(section.digests) == 0 {
			continue
		}
		block := &yaml.Node{Kind: yaml.MappingNode}
		for _, name := range value.SortedKeys(section.digests) {
			block.Content = append(block.Content, textNode(name), textNode(section.digests[name]))
		}
		out.Content = append(out.Content, textNode(section.name), block)
	}
	return &out, nil
}

func textNode(text string) *yaml.Node {
	var n yaml.Node
	n.SetString(text)
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if text == "<<" || strings.ContainsFunc(text, hidden) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return &n
}

// oneLine makes a YAML error fit for one line on a terminal: it quotes the
// file, and what does not print there is escaped.
func oneLine(err error) string {
	const longest = 300
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(err.Error()), " ") {
		switch {
		case b.Len() >= longest:
			return b.String() + "…"
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}
