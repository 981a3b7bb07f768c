package render

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
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
	forms := &keptForms{plan: p}
	return forms.best(limit)
}

// keptForms are the lines that can keep a plan, made when they are asked for.
type keptForms struct {
	plan     *diff.Plan
	abridged [shortest + 1]*diff.Plan
	lines    [shortest + 1]string
}

// best is the fullest line of at most limit bytes; "" when there is none.
func (f *keptForms) best(limit int) string {
	for s := unabridged; s <= shortest; s++ {
		if line := f.line(s, limit); line != "" {
			return line
		}
	}
	return ""
}

// line is the line of one form, "" when it takes more than limit bytes.
func (f *keptForms) line(s short, limit int) string {
	if f.lines[s] == "" {
		f.lines[s] = pack(f.form(s), limit)
	}
	if len(f.lines[s]) > limit {
		return ""
	}
	return f.lines[s]
}

// form is the plan as it is packed.
func (f *keptForms) form(s short) *diff.Plan {
	switch {
	case f.abridged[s] != nil:
	case s == unabridged:
		f.abridged[s] = bare(f.plan)
	case s == shortValues:
		f.abridged[s] = abridge(f.plan, s)
	default:
		f.abridged[s] = abridge(f.form(shortValues), s)
	}
	return f.abridged[s]
}

// bare leaves out what is for readers alone and no part of the digest.
func bare(p *diff.Plan) *diff.Plan {
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
	return out
}

// pack writes a plan as a hidden line; "" where that takes more than limit.
func pack(p *diff.Plan, limit int) string {
	most := min(maxPacked, 64*limit) // text never packs better
	if textSize(p) > most {
		return ""
	}
	data, err := json.Marshal(withIDs(p, relativeID))
	if err != nil || len(data) > most {
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

// textSize is what the texts of a plan take at least.
func textSize(p *diff.Plan) int {
	n := 0
	for i := range p.Agents {
		for k := range p.Agents[i].Steps {
			for _, c := range p.Agents[i].Steps[k].Changes {
				before := c.Before.Text()
				after := c.After.Text()
				n += len(before) + len(after)
			}
		}
	}
	return n
}

// withIDs gives a plan with other step ids. p stays as it is.
func withIDs(p *diff.Plan, id func(agent, id string) string) *diff.Plan {
	out := *p
	out.Agents = slices.Clone(p.Agents)
	for i := range out.Agents {
		a := &out.Agents[i]
		a.Steps = slices.Clone(a.Steps)
		for k := range a.Steps {
			s := &a.Steps[k]
			s.Needs = slices.Clone(s.Needs)
			s.ID = id(a.Name, s.ID)
			for n := range s.Needs {
				s.Needs[n] = id(a.Name, s.Needs[n])
			}
		}
	}
	return &out
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
