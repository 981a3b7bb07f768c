package github

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
)

const (
	reviewedStart = `<!-- agentsync:reviewed gzip="`
	reviewedEnd   = `" -->`

	// maxPacked bounds what is packed and unpacked: a comment is written by
	// whoever may write one.
	maxPacked = 4 << 20
)

// hide returns a plan as a hidden line for a comment of budget bytes, without a
// line end, so that an apply after the merge can say what has changed since the
// review and not only that something has. It is the whole plan; else its agents
// with steps, which are what an apply holds its own plan against; else an
// abridged plan, more abridged the less room there is; else "". The line holds
// nothing that GitHub would show or read.
func hide(p *diff.Plan, budget int) string {
	few := *p
	few.Agents = withSteps(p)
	for _, form := range []struct {
		plan  *diff.Plan
		limit int
	}{
		{planfile.Bare(p), min(hiddenBudget, budget/3)},
		{planfile.Seal(planfile.Bare(&few)), min(hiddenBudget, budget/3)}, // a kept plan has the digest of its content
		{abridge(p, shortValues, nil), budget / 6},
		{abridge(p, shortAgents, nil), budget / 4},
		{abridge(p, shortest, nil), budget / 4},
	} {
		if line := pack(form.plan, form.limit); line != "" {
			return line
		}
	}
	return ""
}

// pack writes a plan as a hidden line; "" where that takes more than limit.
func pack(p *diff.Plan, limit int) string {
	most := min(maxPacked, 64*limit) // text never packs better
	data, err := json.Marshal(p)
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

// findHidden reads the plan back that hide wrote, from a document whose last
// line it is, blank lines aside. A whole plan has the digest of its content; an
// abridged one has the digest of the plan that it stands for, which nothing can
// prove, and is good for naming differences alone. ok is false for anything
// else, however it came there.
func findHidden(body string) (plan *diff.Plan, abridged, ok bool) {
	body = strings.TrimRight(body, " \r\n")
	line := body[strings.LastIndexByte(body, '\n')+1:]
	packed, isStart := strings.CutPrefix(line, reviewedStart)
	packed, isEnd := strings.CutSuffix(packed, reviewedEnd)
	if !isStart || !isEnd {
		return nil, false, false
	}
	data, err := unpack(packed)
	if err != nil {
		return nil, false, false
	}
	plan, err = planfile.Decode(data, versions()...)
	if err != nil {
		return nil, false, false
	}
	abridged = plan.FormatVersion != diff.FormatVersion
	return plan, abridged, abridged || planfile.Digest(plan) == plan.Digest
}

func unpack(packed string) ([]byte, error) {
	zipped, err := base64.StdEncoding.Strict().DecodeString(packed)
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(zip, maxPacked+1))
	if err == nil && len(data) > maxPacked {
		return nil, fmt.Errorf("more than %d bytes", maxPacked)
	}
	return data, err
}
