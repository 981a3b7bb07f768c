package console

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/agentsync/agentsync/diff/render"
	"github.com/agentsync/agentsync/internal/engine"
	"github.com/agentsync/agentsync/spec"
	"github.com/agentsync/agentsync/spec/checks"
)

// CheckReport is what became of checks, agent by agent.
type CheckReport struct {
	Agents  []string // that were looked at
	Results []engine.CheckResult
	Invalid spec.Problems // errors of the manifests, for which no check was run; none, and the others are filled
}

// Failed counts the checks that failed.
func (r CheckReport) Failed() int {
	n := 0
	for _, result := range r.Results {
		if len(result.Failures) > 0 {
			n++
		}
	}
	return n
}

func status(r engine.CheckResult) string {
	switch {
	case len(r.Failures) > 0:
		return "fail"
	case r.Skipped != "":
		return "skip"
	default:
		return "pass"
	}
}

// Text prints the checks as go test prints tests: what failed in full, a line an
// agent, and what passed with verbose.
func (r CheckReport) Text(w io.Writer, verbose bool) {
	for _, agent := range r.Agents {
		all, failed := 0, 0
		for _, result := range r.Results {
			if result.Agent != agent {
				continue
			}
			all++
			if len(result.Failures) > 0 {
				failed++
			}
			if verbose || status(result) != "pass" {
				textResult(w, result)
			}
		}
		name := render.Escape(agent)
		switch {
		case all == 0 && (verbose || len(r.Agents) == 1):
			fmt.Fprintf(w, "?     %s  [no checks]\n", name)
		case all == 0:
		case failed > 0:
			fmt.Fprintf(w, "FAIL  %s  %d of %s failed\n", name, failed, render.Count(all, "check"))
		default:
			fmt.Fprintf(w, "ok    %s  %s%s\n", name, render.Count(all, "check"), render.Escape(here(r.Results, agent)))
		}
	}
	fmt.Fprintln(w, r.Line())
}

// here names an agent's checks for which the platform was asked, and that were
// checked here all the same, as a whole or in part.
func here(results []engine.CheckResult, agent string) string {
	var names []string
	for _, result := range results {
		if result.Agent == agent && result.Here {
			names = append(names, result.Check)
		}
	}
	const most = 3
	if n := len(names) - most; n > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", n))
	}
	if len(names) == 0 {
		return ""
	}
	return ", not by the platform: " + strings.Join(names, ", ") + " (-v says why)"
}

// Line counts the checks.
func (r CheckReport) Line() string {
	counts := map[string]int{}
	for _, result := range r.Results {
		counts[status(result)]++
		if result.Here && status(result) == "pass" {
			counts["here"]++
		}
	}
	parts := []string{fmt.Sprintf("%d passed", counts["pass"])}
	if counts["here"] > 0 {
		parts[0] += fmt.Sprintf(" (%d of them checked here, not by the platform)", counts["here"])
	}
	if counts["fail"] > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", counts["fail"]))
	}
	if counts["skip"] > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", counts["skip"]))
	}
	switch {
	case len(r.Results) == 0:
		return "no checks to run"
	case counts["fail"] > 0:
		return "FAIL: " + strings.Join(parts, ", ")
	default:
		return "PASS: " + strings.Join(parts, ", ")
	}
}

func textResult(w io.Writer, r engine.CheckResult) {
	fmt.Fprintf(w, "--- %s: %s (%s)\n", strings.ToUpper(status(r)), render.Escape(r.Agent+"/"+r.Check), r.On)
	for _, more := range []string{r.Skipped, r.Note} {
		if more != "" {
			fmt.Fprintf(w, "    %s\n", render.Escape(more))
		}
	}
	if len(r.Failures) > 0 {
		fmt.Fprintf(w, "    %s:\n", render.Escape(r.Pos.String()))
		Failures(w, "    ", r.Failures)
	}
}

// JSON prints a list of the checks, or of what is wrong with the manifests.
func (r CheckReport) JSON(w io.Writer) error {
	type entry struct {
		Agent    string           `json:"agent"`
		Check    string           `json:"check"`
		File     string           `json:"file"`
		Line     int              `json:"line"`
		Status   string           `json:"status"`                 // "pass", "fail" or "skip"; "invalid" of a manifest's error
		On       string           `json:"on"`                     // "local", "new text" or a version, "v7"; "" of a manifest's error
		Here     bool             `json:"checked_here,omitempty"` // the platform was asked, and did not do all: note says why
		Failures []checks.Failure `json:"failures,omitempty"`
		Reason   string           `json:"reason,omitempty"` // of skip and invalid
		Note     string           `json:"note,omitempty"`
	}
	out := []entry{}
	for _, p := range r.Invalid {
		out = append(out, entry{File: p.Pos.File, Line: p.Pos.Line, Status: "invalid", Reason: p.Message, Note: p.Hint})
	}
	for _, c := range r.Results {
		out = append(out, entry{c.Agent, c.Check, c.Pos.File, c.Pos.Line, status(c), c.On, c.Here, c.Failures, c.Skipped, c.Note})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// The XML that CI systems read as JUnit's.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr,omitempty"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    string        `xml:"time,attr"` // seconds
		Failure *junitMessage `xml:"failure,omitempty"`
		Error   *junitMessage `xml:"error,omitempty"`
		Skipped *junitMessage `xml:"skipped,omitempty"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit prints a suite an agent, or one of what is wrong with the manifests.
func (r CheckReport) JUnit(w io.Writer) error {
	var out junitSuites
	if n := len(r.Invalid); n > 0 {
		suite := junitSuite{Name: "manifests", Tests: n, Errors: n}
		for _, p := range r.Invalid {
			suite.Cases = append(suite.Cases, junitCase{Class: "manifests", Name: p.Pos.String(), File: p.Pos.File, Line: p.Pos.Line, Time: "0.000",
				Error: &junitMessage{p.Message, p.String()}})
		}
		out.Suites = append(out.Suites, suite)
	}
	for _, agent := range r.Agents {
		suite := junitSuite{Name: agent}
		for _, c := range r.Results {
			if c.Agent != agent {
				continue
			}
			one := junitCase{Class: agent, Name: c.Check, File: c.Pos.File, Line: c.Pos.Line, Time: fmt.Sprintf("%.3f", c.Elapsed.Seconds()),
				Out: c.Note}
			suite.Tests++
			switch status(c) {
			case "fail":
				suite.Failures++
				one.Failure = &junitMessage{c.Failures[0].Expected(), checks.InWords(c.Failures)}
			case "skip":
				suite.Skipped++
				one.Skipped = &junitMessage{Message: c.Skipped}
			}
			suite.Cases = append(suite.Cases, one)
		}
		if suite.Tests > 0 {
			out.Suites = append(out.Suites, suite)
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Annotate shows each failed check at its place; dir is the project's folder from
// the repository's root.
func (r CheckReport) Annotate(w io.Writer, dir string) error {
	for _, c := range r.Results {
		if len(c.Failures) == 0 {
			continue
		}
		a := Annotation{Level: "error", Title: "check " + c.Check + " of " + c.Agent, File: path.Join(dir, c.Pos.File), Line: c.Pos.Line, Column: c.Pos.Column,
			Message: checks.InWords(c.Failures)}
		if err := a.Write(w); err != nil {
			return err
		}
	}
	return nil
}
