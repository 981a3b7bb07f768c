package spec

import (
	"iter"
	"strings"
)

// Braced is a text in braces that may be a placeholder: {name} or {{name}}, the
// two forms that the platform's pages know (reference.md, "Left open").
type Braced struct {
	Name       string // between the braces; of two braces, without blanks around it
	Start, End int    // the bytes that it takes, braces included
}

// AllBraced returns what stands in braces in a text, in its order: no name goes
// over a line's end or has a brace in it. Whether one is a placeholder, JSON or
// code, only the names that an agent declares can tell.
func AllBraced(text string) iter.Seq[Braced] {
	return func(yield func(Braced) bool) {
		for at := 0; at < len(text); {
			open := strings.IndexByte(text[at:], '{')
			if open < 0 {
				return
			}
			start := at + open
			b, ok := bracedAt(text, start)
			if !ok {
				at = start + 1
				continue
			}
			if !yield(b) {
				return
			}
			at = b.End
		}
	}
}

func bracedAt(text string, start int) (Braced, bool) {
	braces := "{"
	if strings.HasPrefix(text[start:], "{{") {
		braces = "{{"
	}
	begin := start + len(braces)
	length := strings.IndexAny(text[begin:], "{}\n")
	if length < 0 {
		return Braced{}, false
	}
	name, end := text[begin:begin+length], begin+length+len(braces)
	if !strings.HasPrefix(text[begin+length:], strings.Repeat("}", len(braces))) {
		return Braced{}, false
	}
	if braces == "{{" {
		name = strings.Trim(name, " \t")
	}
	return Braced{Name: name, Start: start, End: end}, name != ""
}
