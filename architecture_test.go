package main

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/agentsync/agentsync"

// mayImport is which of our packages each package may import (the table of
// packages in the design). Data travels one way: files, spec, diff, and then
// render or sync.
var mayImport = map[string][]string{
	"internal/value":  {},
	"internal/secret": {},
	"internal/git":    {},
	"schema":          {"internal/value"},
	"spec":            {"schema", "internal/value", "internal/secret"},
	"spec/edit":       {"schema", "spec", "diff/words", "internal/value"},
	"spec/checks":     {"spec", "internal/value"},
	"diff":            {"spec", "internal/value"},
	"diff/words":      {},
	"diff/history":    {"diff", "diff/words", "spec", "internal/value"},
	"diff/planfile":   {"diff", "diff/words", "internal/value"},
	"diff/render":     {"diff", "diff/history", "diff/words", "spec", "internal/value"},
	"sync":            {"diff", "spec", "spec/checks", "sync/lock", "internal/value"},
	"sync/lock":       {"spec", "internal/value"},
	"sync/indus":      {"diff", "spec", "spec/checks", "internal/value", "internal/secret"},
	"sync/sandbox":    {},
	"internal/engine": belowEngine,
	// page draws what render writes as text, as HTML and data for a script.
	"diff/render/page": {"diff", "diff/history", "diff/words", "spec", "internal/value"},
	// console is what the two front ends share, which don't know each other.
	"internal/console": aboveEngine,
	"internal/cli":     append([]string{"internal/console"}, aboveEngine...),
	"internal/github":  append([]string{"internal/console"}, aboveEngine...),
	"":                 {"internal/cli", "internal/github"},

	"internal/manual": {"internal/cli", "internal/github"},

	"internal/faults":                  {},
	"internal/exhaustive":              {},
	"internal/fastclock":               {},
	"internal/benchgen":                {},
	"internal/github/fakegithub":       {},
	"internal/github/fakegithub/serve": {"internal/github/fakegithub"},
	"internal/action":                  {}, // tests alone
	"internal/elsewhere":               {}, // tests alone
	"internal/e2e":                     {}, // tests alone
	"examples/bench":                   {"internal/benchgen", "internal/faults", "sync/sandbox"},
}

var belowEngine = []string{"schema", "spec", "spec/checks", "spec/edit", "diff", "diff/history", "diff/planfile", "diff/words", "sync", "sync/lock", "sync/indus", "sync/sandbox",
	"internal/value", "internal/secret", "internal/git"}

var aboveEngine = append([]string{"internal/engine", "diff/render", "diff/render/page"}, belowEngine...)

// pure are packages that do not touch these others: most do no I/O.
var pure = map[string][]string{
	"spec/checks":  {"os", "net", "net/http", "io/fs", "path/filepath", "os/exec", "math/rand", "math/rand/v2"},
	"diff":         {"os", "net", "net/http", "io/fs", "path/filepath", "os/exec", "math/rand", "math/rand/v2"},
	"diff/history": {"os", "io", "net", "net/http", "io/fs", "path/filepath", "os/exec", "math/rand", "math/rand/v2"},
	"diff/words":   {"os", "io", "net", "net/http", "io/fs", "path/filepath", "os/exec", "time", "math/rand", "math/rand/v2"},
	"schema":       {"os", "net", "net/http", "os/exec"},
	"spec":         {"net/http", "os/exec"},
	"spec/edit":    {"os", "net/http", "os/exec"},
	// The engine neither parses nor prints.
	"internal/engine": {"os/exec", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/fatih/color"},
}

// TestImportOrder holds which package knows which. Tests may import more.
func TestImportOrder(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		pkg, err := build.ImportDir(path, 0)
		if err != nil || len(pkg.GoFiles) == 0 {
			return nil // no package, or one of tests alone
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), ".")
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %q is not in the table: say here what it may import", name)
			return nil
		}
		for _, imported := range pkg.Imports {
			own, ours := strings.CutPrefix(imported, module+"/")
			if ours && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s; it may import %v", name, own, allowed)
			}
			if slices.Contains(pure[name], imported) {
				t.Errorf("%s imports %s, which it may not touch", name, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
