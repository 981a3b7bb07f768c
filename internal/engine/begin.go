package engine

import (
	"bytes"
	_ "embed"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/agentsync/agentsync/schema"
	"github.com/agentsync/agentsync/spec/edit"
	"github.com/mozillazg/go-unidecode"
)

//go:embed template/agentsync.yaml
var projectFile []byte

// Begin returns the files that a project in dir begins with: agentsync.yaml,
// which names it after the folder, with the platform's address ("" for the
// default one), and the JSON Schemas for editors.
func Begin(dir, address string) []edit.File {
	data := bytes.Replace(projectFile, []byte("name: agents"), fmt.Appendf(nil, "name: %q", projectName(dir)), 1)
	if address != "" {
		data = bytes.Replace(data, []byte(defaultBaseURL), []byte(address), 1)
	}
	files := []edit.File{{Path: "agentsync.yaml", Data: data}}
	for _, kind := range schema.Kinds() {
		data, _ := schema.JSON(kind)
		files = append(files, edit.File{Path: "schema/" + kind + ".schema.json", Data: data})
	}
	return files
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// projectName is metadata.name for a project in dir: the folder's name, made to
// fit, or "agents" where nothing of it does.
func projectName(dir string) string {
	full, err := filepath.Abs(dir)
	if err != nil {
		return "agents"
	}
	return keyFor(filepath.Base(full), "agents")
}

// keyFor makes a key of a name, in any script; it is fallback where nothing of
// the name fits.
func keyFor(name, fallback string) string {
	const longest = 63
	key := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(unidecode.Unidecode(name)), "-"), "-")
	key = strings.TrimRight(key[:min(len(key), longest)], "-")
	if key == "" {
		return fallback
	}
	return key
}
