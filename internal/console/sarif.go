package console

import (
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec"
)

// otherRule is the rule, for SARIF, of what no rule of the lint finds.
const otherRule = "manifest"

// SARIF 2.1.0, as far as GitHub's code scanning reads it.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID       string     `json:"id"`
		Short    sarifText  `json:"shortDescription"`
		Help     sarifText  `json:"help"`
		Defaults sarifLevel `json:"defaultConfiguration"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"` // "error" or "warning"
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId"` // %SRCROOT%, the repository's root
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
)

// SARIF writes findings as a SARIF 2.1.0 log; dir is the project's folder from the
// repository's root, and version this program's. A finding about no file is said of
// agentsync.yaml: a code scanning result has a file.
func (c *Console) SARIF(w io.Writer, problems spec.Problems, dir, version string) error {
	driver := sarifDriver{Name: "agentsync", Version: version, Rules: []sarifRule{{
		ID: otherRule, Short: sarifText{"What keeps a manifest from being applied as it is meant"},
		Help: sarifText{"The message says what is wrong, and how to mend it."}, Defaults: sarifLevel{"error"},
	}}}
	index := map[string]int{otherRule: 0}
	for _, row := range schema.LintRules() {
		index[row.Name] = len(driver.Rules)
		short, _, _ := strings.Cut(row.Doc, ". ")
		driver.Rules = append(driver.Rules, sarifRule{ID: row.Name, Short: sarifText{strings.TrimSuffix(short, ".")},
			Help:     sarifText{row.Doc + " It is turned off by spec.lint in agentsync.yaml, or by a comment in the manifest: # agentsync:ignore " + row.Name},
			Defaults: sarifLevel{"warning"}})
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	for _, p := range c.Shown(problems) {
		result := sarifResult{RuleID: cmp.Or(p.Rule, otherRule), Level: "error", Message: sarifText{p.Message}}
		result.RuleIndex = index[result.RuleID]
		if p.Warning {
			result.Level = "warning"
		}
		if p.Hint != "" {
			result.Message.Text += "\nhint: " + p.Hint
		}
		file := (&url.URL{Path: path.Join(dir, cmp.Or(p.Pos.File, "agentsync.yaml"))}).EscapedPath()
		result.Locations = []sarifLocation{{sarifPhysical{
			Artifact: sarifArtifact{URI: file, BaseID: "%SRCROOT%"},
			Region:   sarifRegion{Line: max(1, p.Pos.Line), Column: max(1, p.Pos.Column)},
		}}}
		run.Results = append(run.Results, result)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}
