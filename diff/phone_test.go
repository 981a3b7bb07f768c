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
		"call 919876543210 now":                         "call …3210 now",
		"+919876543210, 14155550123.":                   "…3210, …0123.",
		"+91 98765-43210 or (98765 43210)":              "…3210 or (…3210)",
		"नंबर ९८७६५४३२१० है":                            "नंबर …३२१० है",
		"********3210":                                  "********3210",
		"call_12345678ab, req_00000001":                 "call_12345678ab, req_00000001",
		"2026-04-22 10:00:00, ₹1,50,000":                "2026-04-22 10:00:00, ₹1,50,000",
		"(+91) 99999.91234":                             "…1234",
		"(+91)-99999-91234 or so":                       "…1234 or so",
		"91-99999-91234":                                "…1234",
		"9 1 9 9 9 9 9 9 1 2 3 4":                       "…1234",
		"my number is 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, ok": "my number is …3210, ok",
		"9-8-7-6-5-4-3-2-1-0.":                          "…3210.",
		"९ ८ ७ ६ ५ ४ ३ २ १ ०":                           "…३२१०",
		"9 1 99999 9 1 2 3 4":                           "…1234",
		"98 76 54 32 10":                                "…3210",
		"98765 432 10":                                  "…3210",
		"9876-543-210, 1800 123 4567":                   "…3210, …4567",
		"(022) 2345 6789; 080/4112/3456":                "…6789; …3456",
		"+91\u00a098765\u00a043210":                     "…3210",
		"98765 43210 98765 43211":                       "…3210 …3211",
		"919999991234 2 times":                          "…1234 2 times",
		"98765 43210 2":                                 "…3210 2",
		"on 2026-04-22 98765 43210":                     "on 2026-04-22 …3210",
		"98765-43210 22.04.2026":                        "…3210 22.04.2026",
		"ORD-4411-220-987, INV/2026/000123":             "ORD-4411-220-987, INV/2026/000123",
		"order 2026-000123":                             "order 2026-000123",
		"22/04/2026 10:30, 22-04-2026":                  "22/04/2026 10:30, 22-04-2026",
		"192.168.100.200":                               "192.168.100.200",
		"1499.00 1599.00, 12.50 13.75":                  "1499.00 1599.00, 12.50 13.75",
		"rooms 101, 102, 103, 104":                      "rooms 101, 102, 103, 104",
		"press 1, 2 or 3; 10 20 30":                     "press 1, 2 or 3; 10 20 30",
		"PIN 560 001, code 1234 567":                    "PIN 560 001, code 1234 567",
		"1234567":                                       "1234567",
		"12345678901234567":                             "12345678901234567",
		"":                                              "",
	} {
		if got := MaskPhones(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
