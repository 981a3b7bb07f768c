package indus

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds parse against encoding/json: the same values, and an error
// for the same texts.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`null`, ` {} `, `[]`, `{"a":[1,5.0,-0,1e3,12345678901234567890],"b":{"c":null,"d":true,"e":false}}`,
		`{"a":1,"a":2}`, `{"a":{"x":1},"a":{"y":2}}`, `{"a":[1,2],"a":[3]}`, `"\u0928\ud83d\ude00 \ud800"`, "\"\xff\"", `{"a"}`, `[1,]`, `[1`, `{"a":`, ``, `1 2`, `<html>`, `nul`, `]`, `{"a":}`,
		`"` + strings.Repeat("x", 5000) + `\n"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > maxDepth {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var want any
		err := dec.Decode(&want)
		if err == nil {
			_, err = dec.Token()
			if err == io.EOF {
				err = nil
			} else {
				err = io.ErrNoProgress
			}
		}
		got, gotErr := parse(data)
		if (err == nil) != (gotErr == nil) {
			t.Fatalf("%q: want error %v, got %v", data, err, gotErr)
		}
		if err == nil && !cmp.Equal(want, got) {
			t.Fatalf("%q: %s", data, cmp.Diff(want, got))
		}
	})
}

func TestParseDepth(t *testing.T) {
	if _, err := parse([]byte(strings.Repeat("[", 5000) + strings.Repeat("]", 5000))); err == nil {
		t.Error("want a limit of depth")
	}
}
