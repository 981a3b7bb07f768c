package diff

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestPhoneHides holds that no way to print a number shows more than its end.
func TestPhoneHides(t *testing.T) {
	phone, err := ParsePhone(" +919876543210")
	if err != nil || phone.Reveal() != "919876543210" {
		t.Fatalf("%v, %v", phone, err)
	}
	text, _ := json.Marshal(map[string]any{"order": CallOrder{Customer: phone}})
	for _, shown := range []string{fmt.Sprint(phone), fmt.Sprintf("%#v %+v %q %d %x", phone, CallOrder{Customer: phone}, phone, phone, phone), string(text)} {
		if strings.Contains(shown, "98765") || !strings.Contains(shown, "…3210") {
			t.Error(shown)
		}
	}
}

func TestParsePhoneRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "no phone number: 0 digits, want 8 to 15, with the country code",
		"12345":            "no phone number: 5 digits, want 8 to 15, with the country code",
		"1234567890123456": "no phone number: 16 digits, want 8 to 15, with the country code",
		"09876543210":      "no phone number with a country code: it begins with 0",
		"+91 98765 43210":  "no phone number: want digits alone, with the country code, such as 919999999999",
		"९१९८७६५४३२१०":     "no phone number: want digits alone, with the country code, such as 919999999999",
		"AGT_1":            "no phone number: want digits alone, with the country code, such as 919999999999",
		"++919876543210":   "no phone number: want digits alone, with the country code, such as 919999999999",
	} {
		if _, err := ParsePhone(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMaskPhones(t *testing.T) {
	for text, want := range map[string]string{
		"call 919876543210 now":            "call …3210 now",
		"+919876543210, 14155550123.":      "…3210, …0123.",
		"+91 98765-43210 or (98765 43210)": "…3210 or (…3210)",
		"नंबर ९८७६५४३२१० है":               "नंबर …३२१० है",
		"********3210":                     "********3210",
		"call_12345678ab, req_00000001":    "call_12345678ab, req_00000001",
		"2026-04-22 10:00:00, ₹1,50,000":   "2026-04-22 10:00:00, ₹1,50,000",
		"1234567":                          "1234567",
		"12345678901234567":                "12345678901234567",
		"":                                 "",
	} {
		if got := MaskPhones(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
