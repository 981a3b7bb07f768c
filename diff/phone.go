package diff

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Phone is a customer's phone number: digits with the country code. However it
// is printed or written, it shows its last four digits alone.
type Phone struct{ digits string }

// ParsePhone reads a number as people write it: digits with the country code, a
// plus before them or not. The error does not repeat it.
func ParsePhone(s string) (Phone, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(s), "+")
	switch {
	case strings.Trim(digits, "0123456789") != "":
		return Phone{}, errors.New("no phone number: want digits alone, with the country code, such as 919999999999")
	case len(digits) < 8 || len(digits) > 15:
		return Phone{}, fmt.Errorf("no phone number: %d digits, want 8 to 15, with the country code", len(digits))
	case digits[0] == '0':
		return Phone{}, errors.New("no phone number with a country code: it begins with 0")
	}
	return Phone{digits}, nil
}

// Reveal returns the digits, for the request that dials them and nothing else.
func (p Phone) Reveal() string { return p.digits }

// IsZero says that it is no number.
func (p Phone) IsZero() bool { return p.digits == "" }

// String is the number masked; "" for none.
func (p Phone) String() string { return maskDigits(p.digits) }

// Format prints the number masked, whatever the verb.
func (p Phone) Format(f fmt.State, _ rune) { fmt.Fprint(f, p.String()) }

// MarshalText writes the number masked.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

const shownDigits = 4

// maskDigits is a number with all but its last digits left out, and not even how
// many they were.
func maskDigits(number string) string {
	var digits []rune
	for _, r := range number {
		if unicode.IsDigit(r) {
			digits = append(digits, r)
		}
	}
	if len(digits) <= shownDigits {
		return string(digits)
	}
	return "…" + string(digits[len(digits)-shownDigits:])
}

var (
	// grouped numbers have blanks or hyphens in them: +91 99999-99999, 99999 99999.
	grouped = regexp.MustCompile(`\+\p{Nd}(?:[ ()-]{0,2}\p{Nd}){7,14}|\p{Nd}{5}[ -]\p{Nd}{5}`)
	words   = regexp.MustCompile(`\+?[\pL\pM\p{Nd}_]+`)
)

// MaskPhones returns text with every phone number in it masked: what is written
// like one with blanks, and every word of 8 to 15 digits. Identifiers with letters
// in them stay.
func MaskPhones(text string) string {
	text = grouped.ReplaceAllStringFunc(text, maskDigits)
	return words.ReplaceAllStringFunc(text, func(word string) string {
		digits := strings.TrimPrefix(word, "+")
		n := 0
		for _, r := range digits {
			if n++; !unicode.IsDigit(r) {
				return word
			}
		}
		if n < 8 || n > 15 {
			return word
		}
		return maskDigits(digits)
	})
}
