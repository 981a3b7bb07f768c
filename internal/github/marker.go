package github

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/diff/planfile"
	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/value"
)

// marker is what the hidden first line of a comment says, so that a later run
// finds the comment again and knows what was reviewed:
//
//	<!-- agentsync:plan environment="staging" digest="sha256:…" format_version="1" -->
type marker struct {
	Environment string
	// Digest is the plan's; "" where a comment stands for no plan, as when
	// planning failed.
	Digest        string
	FormatVersion string // of the plan; digits
	// Project keeps several projects of one repository apart; "" is left out of
	// the line.
	Project string
}

// markerOf is the marker of a plan. A name of more than 80 bytes stands in it by
// its start and a digest.
func markerOf(p *diff.Plan, project string) marker {
	return marker{Environment: markerName(p.Environment), Digest: p.Digest, FormatVersion: p.FormatVersion, Project: markerName(project)}
}

func markerName(s string) string {
	if len(s) <= 80 {
		return s
	}
	return render.FirstBytes(s, 60) + "~" + value.Of(s).ShortDigest()
}

// String is the marker's line, without a line end. Values stand in it as in a
// URL's query, so that none can end the attribute or the comment.
func (m marker) String() string {
	project := ""
	if m.Project != "" {
		project = fmt.Sprintf(` project="%s"`, markerValue(m.Project))
	}
	return fmt.Sprintf(`<!-- agentsync:plan environment="%s" digest="%s" format_version="%s"%s -->`,
		markerValue(m.Environment), markerValue(m.Digest), markerValue(m.FormatVersion), project)
}

// markerValue keeps readable what a digest and a path are made of.
func markerValue(s string) string {
	return strings.NewReplacer("%3A", ":", "%2F", "/").Replace(url.QueryEscape(s))
}

var markerForm = regexp.MustCompile(`^<!-- agentsync:plan environment="([^" ]*)" digest="([^" ]*)" format_version="([0-9]+)"(?: project="([^" ]+)")? -->$`)

// findMarker reads the marker back from a document that starts with it; one
// that stands anywhere else is text. It takes exactly what String writes, with
// a line end of either kind, since GitHub stores CRLF where a browser edits.
func findMarker(body string) (marker, bool) {
	line, _, _ := strings.Cut(body, "\n")
	line = strings.TrimSuffix(line, "\r")
	found := markerForm.FindStringSubmatch(line)
	if found == nil {
		return marker{}, false
	}
	var values [4]string
	for i, escaped := range found[1:] {
		value, err := url.QueryUnescape(escaped)
		if err != nil {
			return marker{}, false
		}
		values[i] = value
	}
	m := marker{Environment: values[0], Digest: values[1], FormatVersion: values[2], Project: values[3]}
	if m.Digest != "" && !planfile.IsDigest(m.Digest) || m.String() != line {
		return marker{}, false
	}
	return m, true
}
