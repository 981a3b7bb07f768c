package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// state is everything the platform remembers.
type state struct {
	seed     int64
	sequence uint64 // how many ids were handed out
	agents   map[string]*agent
	calls    map[string]*phoneCall
}

// agent is one agent with all that belongs to it.
type agent struct {
	Doc      *doc       `json:"agent"`
	Owner    string     `json:"owner"`
	Born     uint64     `json:"born"` // place in the order of creation
	Highest  int        `json:"highest_version"`
	Versions []*version `json:"versions"` // oldest first
	Outcomes []*doc     `json:"call_outcomes"`
	Infields []*doc     `json:"call_infields"`

	enc []byte // the agent in the data file; nil when it has changed since
}

// version is one config version. WasLive says that it was published before.
type version struct {
	Doc     *doc `json:"config"`
	WasLive bool `json:"was_live"`
}

func newState(seed int64) *state {
	return &state{seed: seed, agents: map[string]*agent{}, calls: map[string]*phoneCall{}}
}

// hash derives bytes from the seed, what they are for and a number.
func hash(seed int64, what string, n uint64) []byte {
	var b []byte
	b = binary.BigEndian.AppendUint64(b, uint64(seed))
	b = binary.BigEndian.AppendUint64(b, n)
	sum := sha256.Sum256(append(b, what...))
	return sum[:]
}

// id is the next identifier, hex digits of the given length.
func (st *state) id(what string, length int) string {
	st.sequence++
	return hex.EncodeToString(hash(st.seed, what, st.sequence))[:length]
}

// agentID is a free public agent id such as AGT_1A2B3C4D.
func (st *state) agentID() string {
	for {
		id := "AGT_" + strings.ToUpper(st.id("agent", 8))
		if st.agents[id] == nil {
			return id
		}
	}
}

// userID is the account's own id; another name gives another user of the
// same organization.
func userID(seed int64, name string) string {
	return hex.EncodeToString(hash(seed, "user "+name, 0))[:24]
}

// newestFirst lists an owner's agents, the newest first.
func (st *state) newestFirst(owner string) []*agent {
	var out []*agent
	for _, a := range st.agents {
		if a.Owner == owner {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *agent) int { return cmp.Compare(b.Born, a.Born) })
	return out
}

// named says whether an owner's agent other than except has this name.
func (st *state) named(owner, name string, except *agent) bool {
	for _, a := range st.agents {
		if a != except && a.Owner == owner && a.Doc.text("agent_name") == name {
			return true
		}
	}
	return false
}

func (v *version) number() int {
	switch n := v.Doc.get("version").(type) {
	case int:
		return n
	case json.Number:
		i, _ := strconv.Atoi(n.String())
		return i
	}
	return 0
}

func (v *version) status() string { return v.Doc.text("status") }

// current is the version that is live, or nil.
func (a *agent) current() *version {
	for _, v := range a.Versions {
		if v.Doc.flag("is_current") {
			return v
		}
	}
	return nil
}

func (a *agent) version(number int) *version {
	for _, v := range a.Versions {
		if v.number() == number {
			return v
		}
	}
	return nil
}

// latest is the newest version, draft or not, or nil.
func (a *agent) latest() *version {
	if len(a.Versions) == 0 {
		return nil
	}
	return a.Versions[len(a.Versions)-1]
}

// contents are copies of the items as they stand in a version.
func contents(items []*doc) []any {
	out := make([]any, len(items))
	for i, d := range items {
		out[i] = d.clone().fields
	}
	return out
}

// items are the agent's items that a version's list describes.
func items(list any) []*doc {
	var out []*doc
	entries, _ := list.([]any)
	for _, e := range entries {
		if m, ok := e.(map[string]any); ok {
			out = append(out, newDoc(m).clone())
		}
	}
	return out
}

// naive is a time the way the platform writes it: UTC, milliseconds, no zone,
// and no fraction when there is none.
func naive(t time.Time) string {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}

// oldestFirst lists all agents of all owners, in the order of their creation.
func (st *state) oldestFirst() []*agent {
	out := make([]*agent, 0, len(st.agents))
	for _, a := range st.agents {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *agent) int { return cmp.Compare(a.Born, b.Born) })
	return out
}
