package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/cli"
	"github.com/agentsync/agentsync/internal/github"
	"github.com/agentsync/agentsync/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

//go:generate go test -run TestPages . -update

var update = flag.Bool("update", false, "write the generated parts of the pages anew (go generate)")

// TestPages holds the parts of the documentation that are generated: the fields
// of manifests from the registry, the commands from their definitions.
func TestPages(t *testing.T) {
	for path, part := range map[string]string{
		"../../docs/manifest.md": fields(),
		"../../docs/gates.md":    rules(),
		"../../docs/commands.md": commands(cli.Tree(env(io.Discard), github.Command)),
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		const begin, end = "<!-- Generated: go generate ./internal/manual -->\n", "<!-- End of what is generated. -->\n"
		before, rest, ok := strings.Cut(string(data), begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no part between the marks of what is generated", path)
		}
		want := before + begin + "\n" + part + "\n" + end + after
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want != string(data) {
			t.Errorf("%s is stale: run go generate ./internal/manual\n%s", path, cmp.Diff(string(data), want))
		}
	}
}

// fields are the tables of all fields: one for each map of a document, whose
// title is its path below spec. A spec's parts stand once, as an agent has them.
func fields() string {
	var out bytes.Buffer
	for _, kind := range schema.Kinds() {
		root := schema.Document(kind)
		title := root.Below("kind").Values[0]
		fmt.Fprintf(&out, "## kind: %s\n\n%s\n\n", title, prose(root.Doc))
		if kind == "base" {
			continue // its fields are an Agent's
		}
		table(&out, "", root)
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// table writes the fields of a map, and then those of the maps below it.
func table(out *bytes.Buffer, path string, row *schema.Field) {
	if path != "" {
		fmt.Fprintf(out, "### `%s`\n\n%s\n\n", strings.TrimPrefix(path, "spec."), prose(row.Doc))
	}
	out.WriteString("| field | value | |\n|---|---|---|\n")
	for _, f := range row.Fields {
		name := "`" + f.Name + "`"
		if f.Required {
			name += " (needed)"
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", name, form(f), prose(f.Doc))
	}
	out.WriteString("\n")
	for _, f := range row.Fields {
		below, name := f, f.Name
		if path != "" {
			name = path + "." + f.Name
		}
		if f.Items != nil && f.Type != schema.Paths {
			below, name = f.Items, name+map[bool]string{true: "[]", false: ".*"}[f.Type == schema.List]
		}
		switch {
		case name == "spec.lint": // a page of its own tells of the rules
		case name == "spec.environments.*.overrides[].spec": // as an Agent's
		case below.Type == schema.Map && len(below.Fields) > 0:
			table(out, name, below)
		}
	}
}

// types are what the values of each type are called.
var types = map[*schema.Type]string{
	schema.Any: "anything", schema.Text: "text", schema.Line: "one line", schema.Name: "a name", schema.PathName: "a name without a slash",
	schema.Prompt: "text, or `{file: …}`", schema.Paths: "a path, or a list of them", schema.Bool: "`true` or `false`", schema.Number: "a number",
	schema.Integer: "a whole number", schema.Map: "a map", schema.Table: "a map with names of your own", schema.Member: "text, or a map",
	schema.Key: "a key", schema.Variable: "`INDUSLABS_…`, a variable",
}

// form says what a field takes.
func form(f *schema.Field) string {
	switch f.Type {
	case schema.Choice, schema.Constant:
		return "`" + strings.Join(f.Values, "`, `") + "`"
	case schema.List:
		return "a list: " + form(f.Items)
	}
	said := types[f.Type]
	switch {
	case f.Min != nil && f.Max != nil && *f.Max < 1e9:
		return fmt.Sprintf("%s, %g to %g", said, *f.Min, *f.Max)
	case f.Min != nil:
		return fmt.Sprintf("%s, %g or more", said, *f.Min)
	}
	return said
}

// rules is the table of the prompt lint's rules.
func rules() string {
	var out bytes.Buffer
	out.WriteString("| rule | what it finds |\n|---|---|\n")
	for _, row := range schema.LintRules() {
		fmt.Fprintf(&out, "| `%s` | %s |\n", row.Name, prose(row.Doc))
	}
	return out.String()
}

// prose is a description in a cell or paragraph of Markdown: braces, stars and
// brackets stand for themselves.
func prose(doc string) string {
	return strings.NewReplacer("{", `&#123;`, "}", `&#125;`, "*", `\*`, "<", "&lt;", "[", `\[`, "|", `\|`).Replace(doc)
}

// commands are a section for each command, with its help.
func commands(root *cobra.Command) string {
	var out bytes.Buffer
	out.WriteString("## All commands\n\n| command | |\n|---|---|\n")
	overview(&out, root)
	fmt.Fprintf(&out, "\n## Flags of every command\n\n%s", flags(root.PersistentFlags()))
	section(&out, root)
	return out.String()
}

// overview is a line for each command, with a link to its section.
func overview(out *bytes.Buffer, parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			path := cmd.CommandPath()
			fmt.Fprintf(out, "| [`%s`](#%s) | %s |\n", path, strings.ReplaceAll(path, " ", "-"), prose(cmd.Short))
			overview(out, cmd)
		}
	}
}

func section(out *bytes.Buffer, parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		if !cmd.IsAvailableCommand() {
			continue
		}
		fmt.Fprintf(out, "\n## %s\n\n", cmd.CommandPath())
		long := cmd.Long
		if long == "" {
			long = cmd.Short + "."
		}
		fmt.Fprintf(out, "```text\n%s\n\n%s\n", cmd.UseLine(), strings.TrimSpace(long))
		if cmd.HasExample() {
			fmt.Fprintf(out, "\n%s\n", cmd.Example)
		}
		out.WriteString("```\n")
		if own := cmd.NonInheritedFlags(); own.HasAvailableFlags() {
			fmt.Fprintf(out, "\n%s", flags(own))
		}
		section(out, cmd)
	}
}

// flags is a table of flags.
func flags(set *pflag.FlagSet) string {
	var out bytes.Buffer
	out.WriteString("| flag | |\n|---|---|\n")
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		usage = prose(usage)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
			usage += fmt.Sprintf(" (by default `%s`)", f.DefValue)
		}
		fmt.Fprintf(&out, "| `%s` | %s |\n", strings.TrimSpace(name), usage)
	})
	return out.String()
}

// TestExamples holds that the examples of every command are commands: there is
// one of that name, which takes these flags.
func TestExamples(t *testing.T) {
	var each func(*cobra.Command)
	tried := 0
	each = func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "agentsync" {
				continue
			}
			tried++
			root := cli.Tree(env(io.Discard), github.Command)
			found, args, err := root.Find(words[1:])
			if err == nil {
				err = found.ParseFlags(args)
			}
			if err != nil {
				t.Errorf("%s has the example %q: %v", cmd.CommandPath(), strings.TrimSpace(line), err)
			}
		}
		for _, below := range cmd.Commands() {
			each(below)
		}
	}
	each(cli.Tree(env(io.Discard), github.Command))
	if tried < 30 {
		t.Errorf("found %d examples, want those of all commands", tried)
	}
}
