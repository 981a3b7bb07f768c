package render

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
)

const (
	reviewedMax   = 16000 // bytes of a document that the hidden plan may take
	reviewedStart = `<!-- agentsync:reviewed gzip="`
	reviewedEnd   = `" -->`

	// maxPacked bounds what is packed and unpacked: a comment is written by
	// whoever may write one.
	maxPacked = 4 << 20
)

// Reviewed gives a plan as a hidden line for a comment, without a line end and
// in at most limit bytes, so that an apply after the merge can tell what has
// changed since the review and not only that something has: the whole plan,
// else an abridged one (see AbridgeAs), else "". The line holds nothing that
// GitHub would show or read.
func Reviewed(p *diff.Plan, limit int) string {
	if line := wholeReviewed(p, limit); line != "" {
		return line
	}
	return abridgedReviewed(p, limit)
}

// wholeReviewed leaves out what is for readers alone and no part of the digest.
func wholeReviewed(p *diff.Plan, limit int) string {
	out := normalize(p)
	out.Warnings = nil
	for i := range out.Agents {
		for k := range out.Agents[i].Steps {
			changes := out.Agents[i].Steps[k].Changes
			for c := range changes {
				changes[c].Source = nil
			}
		}
	}
	return pack(out, limit)
}

func abridgedReviewed(p *diff.Plan, limit int) string {
	for short := shortValues; short <= shortest; short++ {
		if line := pack(abridge(p, short), limit); line != "" {
			return line
		}
	}
	return ""
}

// pack writes a plan as a hidden line; "" where that takes more than limit.
func pack(p *diff.Plan, limit int) string {
	data, err := json.Marshal(withIDs(p, relativeID))
	if err != nil || len(data) > min(maxPacked, 64*limit) { // text never packs better
		return ""
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a valid one
	}
	_, _ = zip.Write(data) // a buffer takes everything
	_ = zip.Close()
	line := reviewedStart + base64.StdEncoding.EncodeToString(packed.Bytes()) + reviewedEnd
	if len(line) > limit {
		return ""
	}
	return line
}

// ParseReviewed reads the plan back that Reviewed wrote, from a document whose
// last line it is, blank lines aside. A whole plan has the digest of its
// content; an abridged one has the digest of the plan that it stands for,
// which nothing can prove, and is good for Differences alone. ok is false for
// anything else, however it came there.
func ParseReviewed(body string) (plan *diff.Plan, abridged, ok bool) {
	body = strings.TrimRight(body, " \r\n")
	line := body[strings.LastIndexByte(body, '\n')+1:]
	packed, ok := strings.CutPrefix(line, reviewedStart)
	if !ok {
		return nil, false, false
	}
	if packed, ok = strings.CutSuffix(packed, reviewedEnd); !ok {
		return nil, false, false
	}
	data, err := unpack(packed)
	if err != nil {
		return nil, false, false
	}
	plan, err = parseForm(data, func(version string) bool {
		return version == diff.FormatVersion || abridgement(version) != unabridged
	}, func(p *diff.Plan) *diff.Plan { return withIDs(p, absoluteID) })
	if err != nil {
		return nil, false, false
	}
	if abridgement(plan.FormatVersion) != unabridged {
		return plan, true, true
	}
	digest, err := plan.ComputeDigest()
	if err != nil || digest != plan.Digest {
		return nil, false, false
	}
	return plan, false, true
}

// withIDs gives a plan with other step ids. p stays as it is.
func withIDs(p *diff.Plan, id func(agent, id string) string) *diff.Plan {
	out := normalize(p)
	for i := range out.Agents {
		a := &out.Agents[i]
		for k := range a.Steps {
			s := &a.Steps[k]
			s.ID = id(a.Name, s.ID)
			for n := range s.Needs {
				s.Needs[n] = id(a.Name, s.Needs[n])
			}
		}
	}
	return out
}

// relativeID leaves the agent's name out of a step's id, where it stands over
// and over again: "/publish". An id of another form gets a mark.
func relativeID(agent, id string) string {
	if rest, ok := strings.CutPrefix(id, agent+"/"); ok {
		return "/" + rest
	}
	return "!" + id
}

func absoluteID(agent, id string) string {
	if rest, ok := strings.CutPrefix(id, "/"); ok {
		return agent + "/" + rest
	}
	return strings.TrimPrefix(id, "!")
}

func unpack(packed string) ([]byte, error) {
	if len(packed) > maxPacked {
		return nil, fmt.Errorf("%d bytes are too many", len(packed))
	}
	zipped, err := base64.StdEncoding.Strict().DecodeString(packed)
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(zip, maxPacked+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxPacked {
		return nil, fmt.Errorf("more than %d bytes", maxPacked)
	}
	return data, nil
}
