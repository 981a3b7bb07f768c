package render

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/agentsync/agentsync/diff"
	"github.com/agentsync/agentsync/internal/value"
)

// Marker is what the hidden first line of a Markdown plan says, so that a
// program finds the plan's comment again and knows what was reviewed:
//
//	<!-- agentsync:plan environment="staging" digest="sha256:…" format_version="1" -->
type Marker struct {
	Environment string
	// Digest is the plan's; "" where a comment stands for no plan, as when
	// planning failed.
	Digest        string
	FormatVersion string // of the plan; digits
	// Project tells several projects of one repository apart; "" is left out of
	// the line.
	Project string
}

// MarkerOf is the marker of a plan's document. A name of more than 80 bytes
// stands in it by its start and a digest.
func MarkerOf(p *diff.Plan, project string) Marker {
	return Marker{Environment: markerName(p.Environment), Digest: p.Digest, FormatVersion: p.FormatVersion, Project: markerName(project)}
}

func markerName(s string) string {
	if len(s) <= 80 {
		return s
	}
	return firstBytes(s, 60) + "~" + value.Of(s).ShortDigest()
}

// String is the marker's line, without a line end. Values stand in it as in a
// URL's query, so that none can end the attribute or the comment.
func (m Marker) String() string {
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

// FindMarker reads the marker back from a document that starts with it; one
// that stands anywhere else is text. It takes exactly what String writes, with
// a line end of either kind, since GitHub stores CRLF where a browser edits.
func FindMarker(body string) (Marker, bool) {
	line, _, _ := strings.Cut(body, "\n")
	line = strings.TrimSuffix(line, "\r")
	found := markerForm.FindStringSubmatch(line)
	if found == nil {
		return Marker{}, false
	}
	var values [4]string
	for i, escaped := range found[1:] {
		value, err := url.QueryUnescape(escaped)
		if err != nil {
			return Marker{}, false
		}
		values[i] = value
	}
	m := Marker{Environment: values[0], Digest: values[1], FormatVersion: values[2], Project: values[3]}
	if m.Digest != "" && !digestForm.MatchString(m.Digest) || m.String() != line {
		return Marker{}, false
	}
	return m, true
}
