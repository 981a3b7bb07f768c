package value

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestJSONIsEncodingJSONs holds that a value is written as encoding/json writes
// it, and that reading that gives the same value again.
func TestJSONIsEncodingJSONs(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-c\n\r"\\ <&é\x{2028}\t]{0,8}`))
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), toAny), rapid.Map(text, toAny),
		rapid.Map(rapid.Int64(), toAny), rapid.Map(rapid.Float64Range(-1e300, 1e300), toAny),
		rapid.Map(rapid.SliceOfN(text, 0, 2), toAny),
		rapid.Map(rapid.SampledFrom([]json.Number{"0", "-0", "5.0", "5e0", "1e18", "9223372036854775807", "9223372036854775808", "1e400", "0.1"}), toAny),
	)
	value := leaf
	for range 3 {
		below := value
		value = rapid.OneOf(leaf,
			rapid.Map(rapid.SliceOfN(below, 0, 3), func(v []any) any { return v }),
			rapid.Map(rapid.MapOfN(text, below, 0, 3), func(v map[string]any) any { return v }))
	}
	rapid.Check(t, func(t *rapid.T) {
		v := Of(value.Draw(t, "value"))
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v.Any()); err != nil {
			t.Skip("a number that JSON has no form for")
		}
		if got := v.JSON(); !bytes.Equal(got, bytes.TrimSuffix(want.Bytes(), []byte("\n"))) {
			t.Fatalf("%#v is written as %s, want %s", v, got, want.Bytes())
		}
		var again Value
		if err := json.Unmarshal(v.JSON(), &again); err != nil || !Equal(v, again) {
			t.Fatalf("%s read again is %#v, %v", v.JSON(), again, err)
		}
	})
}

func toAny[T any](v T) any { return v }
