package spec

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What stands in braces in a prompt. Both forms of placeholders are known
// (reference.md, "Left open"); prompts hold JSON, CSS and code as well, and what
// may be that is in doubt: it counts only for one who has declared the name.

// form is how a placeholder is written.
type form int

const (
	oneBrace  form = iota // {name}
	twoBraces             // {{name}}
	dollar                // ${name}
	tag                   // {% if %}, {{#if}} and others of other systems: name is the first of its kind
	padded                // { name }: one brace, and blanks
	uneven                // {{name} or {name}}
	unclosed              // {name: it is the beginning of what stands before the next brace or the line's end
)

// placeholder is the first use of a name in a prompt.
type placeholder struct {
	name    string
	form    form
	doubt   bool // it may be no placeholder
	pos     Pos
	written string // as it stands, where the form is no placeholder's; of unclosed, the braces
	at      int    // the byte of the text where it begins
}

// String is the placeholder as it is to be written, without padding.
func (p placeholder) String() string {
	if p.form == twoBraces {
		return "{{" + printable(p.name) + "}}"
	}
	return "{" + printable(p.name) + "}"
}

// isMisspelt says that the braces are not those of a placeholder.
func (p placeholder) isMisspelt() bool {
	return p.form == padded || p.form == uneven || p.form == unclosed
}

// begunAs is a placeholder that is not closed with the longest of the names that it
// may begin with: one with a blank, the end of a sentence's part or nothing behind
// it. Where there is none, so is its name.
func (p placeholder) begunAs(names map[string]bool) placeholder {
	rest := p.name
	p.name = ""
	for end := range rest + " " {
		if _, is := names[rest[:end]]; is && endsName(rest[end:]) {
			p.name = rest[:end]
		}
	}
	p.written += p.name
	return p
}

// endsName reports whether a name may end before a text: it goes on with a blank or
// a sign of prose, and not as JSON and code do, with a colon or an equals sign.
func endsName(behind string) bool {
	next := strings.TrimSpace(behind)
	switch {
	case next == "":
		return true
	case len(next) < len(behind) && strings.TrimLeft(behind, " \t") != behind:
		return !strings.ContainsAny(next[:1], ":=")
	}
	first, _ := utf8.DecodeRuneInString(behind)
	return strings.ContainsRune(",;!?।…", first) || behind == "." || strings.HasPrefix(behind, ". ")
}

// Misspelt returns what stands in a text as placeholders of these names would, with
// blanks or braces that make it none: the platform speaks it as it stands. Each has
// the place of what is written. What reads as code or JSON is none.
func Misspelt(text string, names []string) []Braced {
	declared := map[string]bool{}
	for _, name := range names {
		declared[name] = true
	}
	var out []Braced
	for _, p := range placeholders("", text) {
		if p.form == unclosed {
			p = p.begunAs(declared)
		}
		if p.isMisspelt() && !p.doubt && declared[p.name] {
			out = append(out, Braced{Name: p.name, Start: p.at, End: p.at + len(p.written)})
		}
	}
	return out
}

// placeholders finds the names in braces in a text, and other systems' tags, each
// where it stands first.
func placeholders(file, text string) []placeholder {
	if !strings.Contains(text, "{") && !strings.Contains(text, "<%") {
		return nil
	}
	s := scanner{file: file, seen: map[placeholder]bool{}, surplus: strings.Count(text, "{") - strings.Count(text, "}")}
	next := 0
	for line := range strings.Lines(text) {
		s.line++
		s.begin, next = next, next+len(line)
		if mark := strings.TrimLeft(line, " \t>"); strings.HasPrefix(mark, "```") || strings.HasPrefix(mark, "~~~") {
			s.fence(mark)
			continue
		}
		if strings.Contains(line, "{") || strings.Contains(line, "<%") {
			s.scan(strings.TrimRight(line, "\r\n"))
		}
	}
	return s.found
}

// scanner is one pass over a text, line by line: no name goes over a line's end.
type scanner struct {
	file   string
	line   int
	fenced string // the mark that opened a block, "" outside of one
	code   bool   // that block holds code
	found  []placeholder
	seen   map[placeholder]bool
	at     int // a byte of the current line
	last   Pos // its place

	begin   int // the byte of the text where the current line begins
	surplus int // how many more braces are opened in the text than closed
}

// prose are the words behind a ``` that say that what follows is no code.
var prose = []string{"", "text", "txt", "plain", "plaintext", "md", "markdown", "prompt", "none", "jinja", "jinja2", "handlebars", "liquid", "mustache"}

// fence opens a block of code, or closes it.
func (s *scanner) fence(mark string) {
	if s.fenced != "" {
		if strings.HasPrefix(mark, s.fenced) {
			s.fenced, s.code = "", false
		}
		return
	}
	language, _, _ := strings.Cut(strings.TrimSpace(strings.TrimLeft(mark, "`~")), " ")
	s.fenced, s.code = mark[:3], !slices.Contains(prose, strings.ToLower(strings.Trim(language, "{}")))
}

// otherTags are the marks of other systems' tags, each with what follows one.
var otherTags = []struct {
	mark string
	form *regexp.Regexp
}{
	{"{%", regexp.MustCompile(`\{%[-+]?\s*(?:end[a-z]+|if|elsif|elif|else|for|set|block|macro|call|filter|include|import|extends|raw|with|` +
		`unless|case|when|assign|capture|comment|liquid|render)\b[^{}]*%\}`)},
	{"{{{", regexp.MustCompile(`\{\{\{[^{}]+\}\}\}`)},
	{"{{", regexp.MustCompile(`\{\{[~-]?\s*(?:[#/^>!&.]\s*[\p{L}_][^{}]*|(?:else|end)(?: [^{}]*)?|(?:if|range|with|each|unless|for) [^{}:;=]+)\}\}`)},
	{"{{", regexp.MustCompile(`\{\{-?\s*[\p{L}_][\p{L}\p{M}\p{N}_.]*(?:\s*\|\s*[a-z_]+[^{}]*|\([^{}]*\))\s*-?\}\}`)},
	{"<%", regexp.MustCompile(`<%[=-]?\s*[\p{L}_@][^%]*%>`)},
}

// Signs of code in a line: those that stand in its middle all have one of codeSigns.
const codeSigns = "=()[]"

var (
	codeMiddle = regexp.MustCompile(`=>|\)\s*\{|[=()\[\]].*;\s*$|[=(]\s*\{\s*$|\.format\(`)
	codeEnds   = regexp.MustCompile(`^\s*(?:import|export|const|let|var)\s.*(?:=|;|\bfrom\b)` +
		`|^\s*(?:export |public |abstract )?(?:class|struct|enum|interface|type|namespace)\s+\w+\s*(?:=\s*)?\{` +
		`|^\s*(?:\$|curl|echo|cd|cp|mv|rm|export|sudo|docker)\s`)
	codeWords = []string{"f\"", "f'", "const {", "const{", "let {", "var {", "import {", "import{", "export {"}
	macro     = regexp.MustCompile(`\\[a-zA-Z]+\*?(?:\[[^\]]*\])?(?:\{[^{}]*\})*$`) // LaTeX
	inCode    = regexp.MustCompile("`[^`]*`")
)

// isCode reports whether a line of prose, as far as the blocks around it tell, is
// code all the same.
func isCode(line string) bool {
	end := strings.TrimSpace(line)
	return strings.ContainsAny(line, codeSigns) && codeMiddle.MatchString(line) ||
		strings.HasSuffix(end, ": {") || strings.HasSuffix(end, ", {") ||
		slices.ContainsFunc(codeWords, func(word string) bool { return strings.Contains(line, word) }) || codeEnds.MatchString(line)
}

// scan looks through one line.
func (s *scanner) scan(line string) {
	bare := line
	if strings.Contains(line, "`") {
		bare = inCode.ReplaceAllStringFunc(line, func(span string) string { return strings.Repeat(" ", len(span)) })
	}
	code := sync.OnceValue(func() bool { return s.code || isCode(line) })
	for kind, other := range otherTags {
		if strings.Contains(bare, other.mark) && !code() {
			if at := other.form.FindStringIndex(bare); at != nil {
				s.tag(kind, line, at[0], line[at[0]:at[1]])
			}
		}
	}
	const longest = 300 // bytes before a brace, and after it, that matter
	for i := 0; i < len(line); i++ {
		if line[i] != '{' {
			continue
		}
		if strings.HasPrefix(line[i:], "{{{") {
			i += 2
			continue
		}
		b, ok := bracedAt(line[:min(i+longest, len(line))], i)
		if !ok {
			i = s.open(line, i, code)
			continue
		}
		name, before, at := strings.TrimSpace(b.Name), line[max(0, i-longest):i], i
		doubt := func() bool { return !isName(name) || bare[at] == ' ' || code() }
		switch afterDollar := strings.HasSuffix(before, "$"); {
		case strings.HasPrefix(line[i:], "{{"):
			s.add(line, i, name, twoBraces, func() bool { return afterDollar || name == "else" || name == "end" || doubt() })
		case afterDollar:
			s.add(line, i-1, name, dollar, func() bool { return b.Name != name || doubt() })
		default:
			s.oneBrace(line, b, func() bool {
				nested := b.Name != name && strings.Count(before, "{") > strings.Count(before, "}")
				return nested || strings.HasSuffix(before, "]") || strings.Contains(before, `\`) && macro.MatchString(before) || doubt()
			})
		}
		i = b.End - 1
	}
}

// oneBrace notes what stands in one brace, and what is nearly that.
func (s *scanner) oneBrace(line string, b Braced, doubt func() bool) {
	name, start, end := strings.TrimSpace(b.Name), b.Start, b.End
	kind := oneBrace
	switch opened, closed := strings.HasSuffix(line[:start], "{"), strings.HasPrefix(line[end:], "}"); {
	case b.Name != name:
		kind = padded
	case opened && !closed && s.surplus > 0: // else it closes, or is closed, in another line, as JSON is
		kind, start = uneven, start-1
	case closed && !opened && s.surplus < 0:
		kind, end = uneven, end+1
	}
	if s.add(line, start, name, kind, doubt) && kind != oneBrace {
		s.found[len(s.found)-1].written = line[start:end]
	}
}

// open notes what begins as a placeholder and is not closed before the next brace
// or the line's end. It returns the last byte that it has looked at.
func (s *scanner) open(line string, at int, code func() bool) int {
	start := at
	for start < len(line) && line[start] == '{' {
		start++
	}
	const longest = 96 // bytes of a name and what follows it
	rest := line[start:min(start+longest, len(line))]
	switch brace := strings.IndexAny(rest, "{}"); {
	case brace >= 0 && rest[brace] == '}':
		return at // {{name}, which the next brace shows
	case brace >= 0:
		rest = rest[:brace]
	case s.surplus <= 0:
		return start - 1 // another line closes it
	}
	if s.add(line, at, strings.TrimSpace(rest), unclosed, code) {
		s.found[len(s.found)-1].written = line[at:start]
	}
	return start - 1
}

// add notes a name in braces that begin at a byte of the line; doubt is asked only
// of a name that was not there yet without one. It reports whether it did.
func (s *scanner) add(line string, at int, name string, kind form, doubt func() bool) bool {
	const longest = 128
	p := placeholder{name: name, form: kind}
	if name == "" || len(name) > longest || s.seen[p] {
		return false
	}
	if p.doubt = doubt(); s.seen[p] {
		return false
	}
	s.seen[p] = true
	p.pos, p.at = s.pos(line, at), s.begin+at
	s.found = append(s.found, p)
	return true
}

// pos is the place of a byte of the current line. It counts from the last such
// byte on: a line may be long, and hold many names.
func (s *scanner) pos(line string, at int) Pos {
	if at < s.at || s.line != s.last.Line {
		s.at, s.last = 0, Pos{File: s.file, Line: s.line, Column: 1}
	}
	s.last.Column += utf8.RuneCountInString(line[s.at:at])
	s.at = at
	return s.last
}

// tag notes the first tag of each kind.
func (s *scanner) tag(kind int, line string, at int, text string) {
	first := placeholder{form: tag, name: string(rune(kind))}
	if !s.seen[first] {
		s.seen[first] = true
		s.found = append(s.found, placeholder{name: text, form: tag, pos: s.pos(line, at)})
	}
}

// keywords begin what is code when it has blanks.
var keywords = []string{
	"return", "int", "if", "else", "for", "while", "const", "let", "var", "new", "await", "yield", "print", "echo", "throw",
	"break", "continue", "pass", "import", "from", "function", "def", "do", "then", "case", "void", "string", "bool", "float", "type",
}

// isName reports whether a text in braces reads as the name of a value: one to
// four words in any script, joined by blanks, hyphens or dots.
func isName(s string) bool {
	const mostWords = 4
	for i, r := range s {
		switch {
		case unicode.IsLetter(r) || r == '_':
		case i == 0:
			return false
		case unicode.IsMark(r) || unicode.IsNumber(r) || strings.ContainsRune("-. \u200c\u200d", r):
		default:
			return false
		}
	}
	words := strings.Split(s, " ")
	last := s == "" || strings.ContainsAny(s[len(s)-1:], "-.")
	return !last && !strings.Contains(s, "  ") && len(words) <= mostWords && (len(words) == 1 || !slices.Contains(keywords, words[0]))
}
