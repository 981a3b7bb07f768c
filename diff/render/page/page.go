// Package page draws a fleet and its history as one HTML page: what is live, and
// for each agent its versions and what differs between any two of them.
//
// The page is one file that asks nothing of any network. The fleet is plain HTML;
// each agent's versions lie in it as JSON, each text once (data.go), and a small
// script shows them: diff.js finds what differs, page.js is what a reader sees.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"time"

	"github.com/agentsync/agentsync/diff/history"
)

// mark is what tells a page of ours from other files.
const mark = `<meta name="generator" content="agentsync report">`

// IsReport says whether a file, of which data is the first KiB or more, is a page
// that Write made.
func IsReport(data []byte) bool { return bytes.Contains(data[:min(len(data), 1024)], []byte(mark)) }

var (
	//go:embed page.html
	markup string
	//go:embed page.css
	style string
	//go:embed diff.js
	diffScript string
	//go:embed page.js
	pageScript string

	script = diffScript + pageScript
	page   = template.Must(template.New("page").Funcs(template.FuncMap{"when": when, "day": day}).Parse(markup))
)

// policy forbids the page all network, and every script and style but its own.
// Text can't become mark-up through the script either.
var policy = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; " +
	"script-src " + source(script) + "; style-src " + source(style) + "; require-trusted-types-for 'script'; trusted-types 'none'"

// source is what a content security policy calls an inline script or style.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write writes the page. The same report gives the same bytes.
func Write(w io.Writer, r history.Report) error {
	rows := rowsOf(r)
	return page.Execute(w, struct {
		history.Report
		Rows   []row
		Counts counts
		Data   []agentData
		// The three are whole, since their bytes are what the policy names.
		Mark, Style, Script template.HTML
		Policy              string
	}{
		Report: r, Rows: rows, Counts: countsOf(rows), Data: dataOf(r),
		Mark:   mark,
		Style:  template.HTML("<style>" + style + "</style>"),
		Script: template.HTML("<script>" + script + "</script>"),
		Policy: policy,
	})
}

// when is a time as the page shows it, in UTC.
func when(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") }

// day is the day alone.
func day(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
