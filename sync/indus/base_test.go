package indus

import "testing"

func TestCanonicalBaseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://developer.induslabs.io":      "https://developer.induslabs.io",
		"HTTPS://Developer.IndusLabs.io:443/": "https://developer.induslabs.io",
		"http://LocalHost:8080/v1/":           "http://localhost:8080/v1",
		"https://a.example:8443":              "https://a.example:8443",
	} {
		if got, err := CanonicalBaseURL(raw); got != want || err != nil {
			t.Errorf("%s: got %s, %v", raw, got, err)
		}
	}
	if _, err := CanonicalBaseURL("http://example.com"); err == nil {
		t.Error("want credentials never in the clear")
	}
}
