package render

import "strings"

// A table that does not fit the width gets narrower columns, the widest first, down
// to these many columns.
const (
	leastName   = 20 // the first column: it goes on below, whole
	leastColumn = 10 // a date without its time
	leastLast   = 13 // a commit's id, and a +
)

// table writes rows in columns, two blanks apart, under indent. Where the width is
// limited, a cell that is too wide goes on below, under its own column; one of the
// last column, which is a subject line, ends in an ellipsis, and so does a word
// alone that is too wide, but for names in the first column. Cells are escaped.
func (p *printer) table(indent string, rows [][]span) {
	widths := p.columnWidths(indent, rows)
	for _, row := range rows {
		cells, height := make([][]string, len(row)), 1
		for i, cell := range row {
			cells[i] = []string{cell.text}
			switch {
			case p.opt.Width == 0 || columns(cell.text) <= widths[i]:
			case i+1 == len(widths):
				cells[i] = []string{shorten(cell.text, widths[i])}
			default:
				cells[i] = cellLines(cell.text, widths[i], i == 0)
			}
			height = max(height, len(cells[i]))
		}
		for k := range height {
			line, gap := []span{{plain, indent}}, ""
			for i, cell := range row {
				text := ""
				if k < len(cells[i]) {
					text = cells[i][k]
				}
				line = append(line, span{plain, gap}, span{cell.style, text})
				gap = strings.Repeat(" ", max(0, widths[i]-columns(text))+2)
			}
			p.line(line...)
		}
	}
}

// columnWidths are the widths of the columns, so that they fit together.
func (p *printer) columnWidths(indent string, rows [][]span) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell.text))
		}
	}
	if p.opt.Width == 0 {
		return widths
	}
	over := len(indent) + 2*(len(widths)-1) - p.opt.Width
	for _, width := range widths {
		over += width
	}
	for ; over > 0; over-- {
		widest, spare := -1, 0
		for i, width := range widths {
			least := leastColumn
			switch i {
			case len(widths) - 1:
				least = leastLast
			case 0:
				least = leastName
			}
			if width > least && width >= spare {
				widest, spare = i, width
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

// cellLines breaks a cell between words. A word that does not fit alone, such as a
// long id, ends in an ellipsis; with whole it is broken.
func cellLines(text string, width int, whole bool) []string {
	var lines []string
	line := ""
	for whole && columns(text) > width {
		line, text = head(text, width)
		lines, line = append(lines, line), ""
	}
	for _, word := range strings.Fields(text) {
		word = shorten(word, width)
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// heads are the names of columns.
func heads(names ...string) []span {
	var row []span
	for _, name := range names {
		row = append(row, span{faint, name})
	}
	return row
}

// cell is escaped text in a style.
func cell(s style, text string) span { return span{s, Escape(text)} }
