package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/agentsync/agentsync/internal/secret"
	"gopkg.in/yaml.v3"
)

func TestSecretNeverShows(t *testing.T) {
	const plain = "hunter2-plain"
	s := secret.New(plain)
	holder := struct {
		S secret.Secret
		P *secret.Secret
	}{s, &s}
	j, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(map[string]any{"s": s})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s)
	shown := []string{string(j), string(y), log.String(), fmt.Errorf("login: %w", fmt.Errorf("%s", s)).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, holder))
	}
	for _, text := range shown {
		if strings.Contains(text, plain) || strings.Contains(text, fmt.Sprintf("%x", plain)) {
			t.Errorf("secret shows in %q", text)
		}
		if !strings.Contains(text, "[secret]") {
			t.Errorf("no mask in %q", text)
		}
	}
	if s.Reveal() != plain {
		t.Errorf("Reveal() = %q", s.Reveal())
	}
}
