package render

import (
	"fmt"
	"strings"
	"testing"
)

// TestNoLineIsWiderThanTheTerminal holds that a terminal, which would break a word
// in two, has nothing to break, and that details keep room beside their indent.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	for _, tt := range plans {
		for _, width := range []int{72, 80, 100, 120} {
			t.Run(fmt.Sprint(tt.name, width), func(t *testing.T) {
				for _, verbose := range []bool{false, true} {
					for _, line := range strings.Split(text(t, tt.plan, Options{Width: width, Verbose: verbose}), "\n") {
						if n := columns(line); n > width {
							t.Errorf("%d columns: %s", n, line)
						}
						if n := len(line) - len(strings.TrimLeft(line, " ")); n > width-minDetails+2 && n > len(blockIndent)+4 {
							t.Errorf("indent of %d: %s", n, line)
						}
					}
				}
			})
		}
	}
}

// TestWrap holds that words stay whole where they fit, and what goes on is
// indented.
func TestWrap(t *testing.T) {
	got := strings.Join(Wrap("  hint: set INDUSLABS_EMAIL and INDUSLABS_PASSWORD, or INDUSLABS_TOKEN", 44), "\n")
	want := "  hint: set INDUSLABS_EMAIL and\n    INDUSLABS_PASSWORD, or INDUSLABS_TOKEN"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
