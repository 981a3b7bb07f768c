package lock

import (
	"bytes"
	"strconv"
)

// LiveVersion finds, in the bytes of a lock file as Bytes writes it, the live
// version of the agent with this id; 0 where it has none, where its apply was not
// verified, or where the bytes are no lock file. The agent's key plays no part: it
// may have been another one then. It reads a file of thousands of agents in no
// time, for a history that has thousands of such files.
func LiveVersion(data []byte, agentID string) int {
	const indent = "\n      " // of an entry's fields
	for _, id := range []string{agentID, strconv.Quote(agentID)} {
		field := []byte(indent + "agent_id: " + id + "\n")
		at := bytes.Index(data, field)
		if at < 0 {
			continue
		}
		number := 0
		for line := range bytes.SplitSeq(data[at+len(field):], []byte("\n")) {
			rest, inside := bytes.CutPrefix(line, []byte(indent[1:]))
			if !inside {
				break
			}
			if string(rest) == "unfinished: true" {
				return 0
			}
			if text, ok := bytes.CutPrefix(rest, []byte("version: ")); ok {
				number, _ = strconv.Atoi(string(text))
			}
		}
		return max(number, 0)
	}
	return 0
}
