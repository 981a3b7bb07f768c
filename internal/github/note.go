package github

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/value"
)

// marker is the hidden first line of a comment or issue. A later run finds its
// own by it and knows what was reviewed:
//
//	<!-- agentsync:plan environment="staging" digest="sha256:…" format_version="1" -->
type marker struct {
	Environment   string
	Digest        string // "" where there is no plan that may be applied
	FormatVersion string // of the plan; digits
	Project       string // the folder; like the fields below, "" is left out of the line
	Targets       string // the agents that it is about alone, with commas
	Branch        string // that an issue is of
	Shard         string // the part of the fleet that an issue is of
}

// sameKey says whether both belong to the same environment of the same project,
// the same targets and, of issues, the same branch and part.
func (m marker) sameKey(other marker) bool {
	m.Digest, m.FormatVersion = other.Digest, other.FormatVersion
	return m == other
}

// markerName is a name, or the start and a digest of one of more than 80 bytes.
func markerName(s string) string {
	if len(s) <= 80 {
		return s
	}
	return render.FirstBytes(s, 60) + "~" + value.Of(s).ShortDigest()
}

// String is the marker's line, without a line end. Values stand in it as in a
// URL's query, so that none can end the attribute or the comment.
func (m marker) String() string {
	more := ""
	for _, one := range [][2]string{{"project", m.Project}, {"targets", m.Targets}, {"branch", m.Branch}, {"shard", m.Shard}} {
		if one[1] != "" {
			more += fmt.Sprintf(` %s="%s"`, one[0], markerValue(one[1]))
		}
	}
	return fmt.Sprintf(`<!-- agentsync:plan environment="%s" digest="%s" format_version="%s"%s -->`,
		markerValue(m.Environment), markerValue(m.Digest), markerValue(m.FormatVersion), more)
}

// markerValue keeps readable what a digest and a path are made of.
func markerValue(s string) string {
	return strings.NewReplacer("%3A", ":", "%2F", "/", "%2C", ",").Replace(url.QueryEscape(s))
}

var markerForm = regexp.MustCompile(`^<!-- agentsync:plan environment="([^" ]*)" digest="([^" ]*)" format_version="([0-9]+)"(?: project="([^" ]+)")?(?: targets="([^" ]+)")?(?: branch="([^" ]+)")?(?: shard="([0-9/]+)")? -->$`)

// findMarker reads the marker of a document that starts with it. It takes exactly
// what String writes, with CRLF too, which GitHub stores where a browser edits.
func findMarker(body string) (m marker, ok bool) {
	line, _, _ := strings.Cut(body, "\n")
	line = strings.TrimSuffix(line, "\r")
	found := markerForm.FindStringSubmatch(line)
	if found == nil {
		return m, false
	}
	for i, field := range []*string{&m.Environment, &m.Digest, &m.FormatVersion, &m.Project, &m.Targets, &m.Branch, &m.Shard} {
		*field, _ = url.QueryUnescape(found[i+1]) // what is wrong is not written like this
	}
	return m, m.String() == line && (m.Digest == "" || planfile.IsDigest(m.Digest))
}

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

// unfinished says that an apply of the plan has begun and has not done all of it.
func (s state) unfinished() bool { return s == applying || s == applyFailed || s == interrupted }

// status is a comment's second hidden line, below the plan's marker:
//
//	<!-- agentsync:status state="failed" steps="sha256:…" commit="…" run="42.1" -->
type status struct {
	State  state
	Steps  string // the digest of the plan's agents that have steps (stepsDigest)
	Commit string // the one that the apply is of, or the head that the plan is of
	Run    string // that wrote it: its id and attempt; "" is left out, as outside a workflow
	// Parts are what Steps is, of each part of a plan that parts were merged into: the
	// first digits, divided by commas. "" is left out, as for any other plan.
	Parts string
}

func (s status) String() string {
	run := ""
	if s.Run != "" {
		run = fmt.Sprintf(` run="%s"`, s.Run)
	}
	if s.Parts != "" {
		run += fmt.Sprintf(` parts="%s"`, s.Parts)
	}
	return fmt.Sprintf(`<!-- agentsync:status state="%s" steps="%s" commit="%s"%s -->`, s.State, s.Steps, s.Commit, run)
}

var statusForm = regexp.MustCompile(`^<!-- agentsync:status state="([a-z-]+)" steps="((?:sha256:[0-9a-f]{64})?)" commit="([0-9a-f]*)"(?: run="([0-9.]+)")?(?: parts="([0-9a-f,]+)")? -->$`)

// olderRun says whether run a began before run b: GitHub numbers runs upwards,
// and the attempts of each. Of a run that is not known nothing can be said.
func olderRun(a, b string) bool {
	var first, second [2]uint64
	for i, run := range []string{a, b} {
		at := []*[2]uint64{&first, &second}[i]
		if n, err := fmt.Sscanf(run, "%d.%d", &at[0], &at[1]); n != 2 || err != nil {
			return false
		}
	}
	return first[0] < second[0] || first[0] == second[0] && first[1] < second[1]
}

// These lines part a comment. Nothing from a manifest or from the platform can
// be one of them: it stands in fences, behind a sign, blanks or a name.
const (
	documentBegin = "<!-- agentsync:document -->"
	documentEnd   = "<!-- agentsync:end -->"
	footBegin     = "<!-- agentsync:foot -->"
	reviewedTitle = "The plan as it was reviewed"
)

// note is one comment of ours, in its parts.
type note struct {
	marker   marker
	status   status
	told     string // what stands above the plan: what became of it
	document string // the plan as Markdown, without its marker; "" for none
	foot     string // the last line: what may differ between two runs with the same plan
}

// String is the comment's body.
func (n note) String() string {
	body := n.marker.String() + "\n" + n.status.String() + "\n"
	document := ""
	if n.document != "" {
		document = documentBegin + "\n" + strings.TrimRight(n.document, "\n") + "\n" + documentEnd + "\n"
	}
	if n.told != "" {
		body += strings.TrimRight(n.told, "\n") + "\n\n"
		if document != "" {
			document = folded(reviewedTitle, document)
		}
	}
	return body + document + footer(n.foot)
}

func footer(text string) string { return "\n" + footBegin + "\n<sub>" + text + "</sub>\n" }

// parseNote reads a comment of ours. false is any other text.
func parseNote(body string) (note, bool) {
	body = strings.ReplaceAll(body, "\r\n", "\n") // as browsers leave it
	lines := strings.SplitN(body+"\n\n", "\n", 3)
	marker, ok := findMarker(lines[0])
	found := statusForm.FindStringSubmatch(lines[1])
	if !ok || found == nil {
		return note{}, false
	}
	n := note{marker: marker, status: status{state(found[1]), found[2], found[3], found[4], found[5]}}
	rest, foot, _ := cutLast("\n"+lines[2], "\n"+footBegin+"\n<sub>")
	n.foot = strings.TrimSuffix(strings.TrimSpace(foot), "</sub>")
	told, document, begins := cutLast(rest, "\n"+documentBegin+"\n")
	document, _, ends := cutLast(document, "\n"+documentEnd)
	if !begins || !ends {
		n.told = rest
		return n, true
	}
	n.document = document
	n.told, _, _ = cutLast(told, "<details>\n<summary>"+reviewedTitle)
	return n, true
}

// cutLast is strings.Cut at the last place.
func cutLast(s, at string) (before, after string, found bool) {
	if i := strings.LastIndex(s, at); i >= 0 {
		return s[:i], s[i+len(at):], true
	}
	return s, "", false
}

// same says whether two comments say the same, whichever commit and run says it,
// the last line aside.
func (n note) same(other note) bool {
	return n.marker == other.marker && n.status.State == other.status.State && n.status.Steps == other.status.Steps && n.status.Parts == other.status.Parts &&
		strings.TrimSpace(n.told) == strings.TrimSpace(other.told) && strings.TrimSpace(n.document) == strings.TrimSpace(other.document)
}
