package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/agentsync/agentsync/internal/value"
)

// TestDrift holds the truth tables of testdata/drift. In each, every case that
// there can be is one row's, and the verdict on it is what the row says.
func TestDrift(t *testing.T) {
	yesNo := []string{"yes", "no"}
	origins := map[string]Origin{"unknown": OriginUnknown, "branch": OriginBranch, "other": OriginOther, "wanted": OriginWanted}
	verdicts := map[string]verdict{"not": notOurs, "ours": itIsOurs, "cant-tell": cantTell}
	owners := map[string]owner{"nobodys": nobodys, "ours": ours, "others": others}
	item := func(c map[string]string) string {
		content := func(column string) string { return strings.Trim(c[column], "-") }
		return string(itemFacts{c["unfinished"] == "yes", c["foreign"] == "yes", c["locked"] == "yes",
			content("remembered"), content("remote"), content("wanted")}.class())
	}
	section := func(c map[string]string) string {
		var classes []Class
		for _, class := range []Class{Pending, Unknown, Drift, Both} {
			if c[string(class)] == "yes" {
				classes = append(classes, class)
			}
		}
		slices.Reverse(classes)
		if class := together(classes); class != "" {
			return string(class)
		}
		return "none"
	}
	live := func(c map[string]string) string {
		f := liveFacts{c["locked"] == "yes", c["expected"] == "yes", c["lined"] == "yes", c["edited"] == "yes", origins[c["origin"]], c["older"] == "yes", c["repeats"] == "yes", c["back"] == "yes"}
		return nameIn(verdicts, f.verdict())
	}
	whose := func(c map[string]string) string {
		f := ownerFacts{c["locked"] == "yes", c["elsewhere"] == "yes", c["liveother"] == "yes", c["lined"] == "yes", c["otherlined"] == "yes"}
		return nameIn(owners, f.owner())
	}
	config := func(c map[string]string) string {
		return string(configFacts{
			foreign: c["foreign"] == "yes", untold: c["untold"] == "yes", nothingLive: c["nothinglive"] == "yes",
			live: verdicts[c["live"]], base: c["base"] == "yes", moved: c["moved"] == "yes", otherLine: c["otherline"] == "yes",
		}.class())
	}
	for name, table := range map[string]struct {
		verdict func(map[string]string) string
		domain  map[string][]string // of the columns that are not yes or no
		can     func(map[string]string) bool
	}{
		// The contents are the same but for their names: the platform's is A where
		// it has one, and git's is B.
		"item": {item, map[string][]string{"remembered": {"-", "A", "B", "C"}, "remote": {"-", "A"}, "wanted": {"-", "B"}}, func(c map[string]string) bool {
			nobodys := c["remembered"] == "A" && c["remote"] == "-" || c["remembered"] == "B" && c["wanted"] == "-"
			return !nobodys && (c["remote"] != "-" || c["wanted"] != "-")
		}},
		"section": {section, nil, nil},
		"live":    {live, map[string][]string{"origin": value.SortedKeys(origins)}, nil},
		"config":  {config, map[string][]string{"live": value.SortedKeys(verdicts)}, nil},
		"owner":   {whose, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			columns, rows := readTable(t, "testdata/drift/"+name+".txtar")
			cases := []map[string]string{{}}
			for _, column := range columns {
				values := table.domain[column]
				if values == nil {
					values = yesNo
				}
				cases = times(cases, column, values)
			}
			for _, c := range cases {
				if table.can == nil || table.can(c) {
					holdRow(t, columns, rows, c, table.verdict(c))
				}
			}
		})
	}
}

// nameIn is what a table calls a verdict.
func nameIn[V comparable](names map[string]V, verdict V) string {
	for name, v := range names {
		if v == verdict {
			return name
		}
	}
	return fmt.Sprint(verdict)
}

// row is a row of a truth table: a pattern, and the verdict on what it matches.
type row struct {
	pattern    []string
	class, why string
}

func readTable(t *testing.T, path string) (columns []string, rows []row) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(archive.Files[0].Data)), "\n") {
		words := strings.Fields(line)
		if i == 0 {
			columns = words[:slices.Index(words, "class")]
			continue
		}
		n := len(columns)
		if len(words) < n+2 {
			t.Fatalf("%s: too few columns in %q", path, line)
		}
		rows = append(rows, row{words[:n], words[n], strings.Join(words[n+1:], " ")})
	}
	return columns, rows
}

// times adds a column with each of its values to each case.
func times(cases []map[string]string, column string, values []string) []map[string]string {
	var out []map[string]string
	for _, c := range cases {
		for _, v := range values {
			with := maps.Clone(c)
			with[column] = v
			out = append(out, with)
		}
	}
	return out
}

func holdRow(t *testing.T, columns []string, rows []row, c map[string]string, got string) {
	t.Helper()
	var matching []row
	for _, r := range rows {
		matches := true
		for i, column := range columns {
			matches = matches && (r.pattern[i] == "*" || r.pattern[i] == c[column])
		}
		if matches {
			matching = append(matching, r)
		}
	}
	if len(matching) != 1 {
		t.Errorf("%v is a case of %d rows: %v", c, len(matching), matching)
		return
	}
	if r := matching[0]; got != r.class {
		t.Errorf("%s: %v is %s, want %s", r.why, c, got, r.class)
	}
}
