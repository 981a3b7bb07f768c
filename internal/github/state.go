package github

import (
	"fmt"
	"regexp"
	"strings"
)

// state is how far a comment's plan has come.
type state string

const (
	planned      state = "planned"      // the plan can be reviewed, then applied
	late         state = "late"         // a plan made after the merge: nobody has reviewed it
	offline      state = "offline"      // of a fork: compared with the base branch alone
	planFailed   state = "plan-failed"  // there is no plan
	planRefused  state = "plan-refused" // policy forbids the plan
	planChanged  state = "changed"      // the apply was refused: not what was reviewed
	refusedApply state = "refused"      // the apply was refused by policy
	applying     state = "applying"
	applied      state = "applied"
	applyFailed  state = "failed"
	interrupted  state = "interrupted"
)

// begun says that an apply of the plan has begun.
func (s state) begun() bool {
	return s == applying || s == applied || s == applyFailed || s == interrupted
}

// status is a comment's second hidden line, below the plan's marker:
//
//	<!-- agentsync:status state="failed" steps="sha256:…" commit="…" -->
type status struct {
	State state
	// Steps is the digest of the plan's agents that have steps (stepsDigest).
	Steps string
	// Commit is the one that the apply is of.
	Commit string
}

func (s status) String() string {
	return fmt.Sprintf(`<!-- agentsync:status state="%s" steps="%s" commit="%s" -->`, s.State, s.Steps, s.Commit)
}

var statusForm = regexp.MustCompile(`^<!-- agentsync:status state="([a-z-]+)" steps="((?:sha256:[0-9a-f]{64})?)" commit="([0-9a-f]*)" -->$`)

// These lines part a comment. Nothing from a manifest or from the platform can
// be one of them: it stands in fences, behind a sign, blanks or a name.
const (
	documentBegin = "<!-- agentsync:document -->"
	documentEnd   = "<!-- agentsync:end -->"
	footBegin     = "<!-- agentsync:foot -->"
)

// note is one comment of ours, in its parts.
type note struct {
	marker marker
	status status
	// told is what stands above the plan: what became of it.
	told string
	// document is the plan as Markdown, without its marker; "" for none.
	document string
	// foot is the last line. It says what may differ between two runs that make
	// the same plan, and so does not count for "nothing changed".
	foot string
}

// String is the comment's body.
func (n note) String() string {
	var b strings.Builder
	b.WriteString(n.marker.String() + "\n" + n.status.String() + "\n")
	if n.told != "" {
		b.WriteString(strings.TrimRight(n.told, "\n") + "\n\n")
	}
	if n.document != "" {
		document := documentBegin + "\n" + strings.TrimRight(n.document, "\n") + "\n" + documentEnd + "\n"
		if n.told != "" {
			document = folded("The plan as it was reviewed", document)
		}
		b.WriteString(document)
	}
	if n.foot != "" {
		b.WriteString("\n" + footBegin + "\n<sub>" + n.foot + "</sub>\n")
	}
	return b.String()
}

// parseNote reads a comment of ours. false is any other text.
func parseNote(body string) (note, bool) {
	body = strings.ReplaceAll(body, "\r\n", "\n") // as browsers leave it
	marker, ok := findMarker(body)
	if !ok {
		return note{}, false
	}
	n := note{marker: marker}
	_, rest, _ := strings.Cut(body, "\n")
	line, rest, _ := strings.Cut(rest, "\n")
	found := statusForm.FindStringSubmatch(line)
	if found == nil {
		return note{}, false
	}
	n.status = status{state(found[1]), found[2], found[3]}
	if at := strings.LastIndex(rest, "\n"+footBegin); at >= 0 {
		n.foot = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(rest[at+1+len(footBegin):]), "<sub>"), "</sub>")
		rest = rest[:at]
	}
	rest = "\n" + rest
	begin := strings.LastIndex(rest, "\n"+documentBegin+"\n")
	end := strings.LastIndex(rest, "\n"+documentEnd)
	if begin < 0 || end < begin+len(documentBegin)+1 {
		n.told = rest
		return n, true
	}
	n.told, n.document = rest[:begin], rest[begin+len(documentBegin)+2:max(begin+len(documentBegin)+2, end)]
	if at := strings.LastIndex(n.told, "<details>\n<summary>The plan as it was reviewed"); at >= 0 {
		n.told = n.told[:at]
	}
	return n, true
}

// same says whether two comments say the same, the last line aside.
func (n note) same(other note) bool {
	return n.marker == other.marker && n.status == other.status &&
		strings.TrimSpace(n.told) == strings.TrimSpace(other.told) && strings.TrimSpace(n.document) == strings.TrimSpace(other.document)
}
