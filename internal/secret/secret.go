// Package secret holds a string that can't print, marshal or log itself.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const mask = "[secret]"

// Secret is a password, token or key. Every way of turning it into text
// except Reveal gives "[secret]", so that it can travel through errors, logs
// and JSON without harm. The zero value is "no secret".
type Secret struct{ value string }

// New makes a secret of s.
func New(s string) Secret { return Secret{s} }

// Reveal gives the plain text. Call it only where a request is built.
func (s Secret) Reveal() string { return s.value }

// IsZero says whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// String implements fmt.Stringer.
func (s Secret) String() string { return mask }

// Format implements fmt.Formatter, so that %v, %#v, %q and %x are masked too.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, mask) }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalText implements encoding.TextMarshaler; YAML uses it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }
