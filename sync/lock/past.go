package lock

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Live is what an entry of a lock file says of the version that was live when it
// was written. The zero value is that of an agent which has none, whose apply was
// not verified, or which the file does not know.
type Live struct {
	Version int
	Newest  int       // the newest version that had been published by then; Version where that is it
	Since   time.Time // when a rollback made Version live; zero where nobody knows
	Config  string    // digest
	block   []byte
}

// Entry reads the whole entry.
func (l Live) Entry() (Entry, bool) {
	var e Entry
	err := yaml.Unmarshal(l.block, &e)
	return e, err == nil && e.check() == nil
}

// Clone is l without the file that it was found in.
func (l Live) Clone() Live {
	l.block = bytes.Clone(l.block)
	return l
}

const (
	indent  = "\n      " // of an entry's fields
	idField = indent + "agent_id: "
)

// LiveOf finds, in the bytes of a lock file as Bytes writes it, what it says of the
// agent with this id. The agent's key plays no part: it may have been another one
// then. It reads a file of thousands of agents in no time, for a history that has
// thousands of such files.
func LiveOf(data []byte, agentID string) Live {
	for _, id := range []string{agentID, strconv.Quote(agentID)} {
		if at := bytes.Index(data, []byte(idField+id+"\n")); at >= 0 {
			return liveIn(blockAt(data, at))
		}
	}
	return Live{}
}

// AllLive is LiveOf for each agent in the file, by its id.
func AllLive(data []byte) iter.Seq2[string, Live] {
	return func(yield func(string, Live) bool) {
		for at := bytes.Index(data, []byte(idField)); at >= 0; {
			block := blockAt(data, at)
			id, _, _ := bytes.Cut(block[len(idField)-1:], []byte("\n"))
			if !yield(strings.Trim(string(id), `"`), liveIn(block)) {
				return
			}
			rest := at + len(block)
			if at = bytes.Index(data[rest:], []byte(idField)); at >= 0 {
				at += rest
			}
		}
	}
}

// blockAt is the entry whose first field comes behind the line break at.
func blockAt(data []byte, at int) []byte {
	from := at + 1
	to := from
	for bytes.HasPrefix(data[to:], []byte(indent[1:])) {
		line := bytes.IndexByte(data[to:], '\n')
		if line < 0 {
			return data[from:]
		}
		to += line + 1
	}
	return data[from:to]
}

func liveIn(block []byte) Live {
	out := Live{block: block}
	for line := range bytes.SplitSeq(block, []byte("\n")) {
		field, text, _ := strings.Cut(strings.TrimPrefix(string(line), indent[1:]), ": ")
		switch field {
		case "unfinished":
			return Live{}
		case "version":
			out.Version, _ = strconv.Atoi(text)
		case "newest":
			out.Newest, _ = strconv.Atoi(text)
		case "since":
			out.Since, _ = time.Parse(time.RFC3339, strings.Trim(text, `"`))
		case "config":
			out.Config = strings.Trim(text, `"`)
		}
	}
	if out.Version <= 0 {
		return Live{}
	}
	out.Newest = max(out.Newest, out.Version)
	return out
}
