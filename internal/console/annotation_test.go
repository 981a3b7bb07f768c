package console

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAnnotationsCanNotBeEscaped(t *testing.T) {
	hostile := rapid.StringOfN(rapid.RuneFrom([]rune("ab:,%\n\r=#[]\x1b \u2028")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		a := Annotation{Level: "error", Title: hostile.Draw(t, "title"), File: hostile.Draw(t, "file"), Line: 3, Message: hostile.Draw(t, "message")}
		if err := a.Write(&b); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(b.String(), "\n")
		if strings.ContainsAny(text, "\n\r\x1b\u2028") || !strings.HasPrefix(text, "::error") {
			t.Fatalf("%q is not one command", text)
		}
		properties, _, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(text, "::error")), "::")
		for _, one := range strings.Split(properties, ",") {
			name, _, _ := strings.Cut(one, "=")
			if name != "" && name != "file" && name != "line" && name != "col" && name != "title" {
				t.Fatalf("%q has the property %q", text, name)
			}
		}
	})
}
