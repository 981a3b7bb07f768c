package render

import "strings"

// table writes rows in columns, two blanks apart, under indent. The last column
// takes what room is left, and is shortened where the width is limited. Cells are
// escaped.
func (p *printer) table(indent string, rows [][]span) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell.text))
		}
	}
	for _, row := range rows {
		line := []span{{plain, indent}}
		used := len(indent)
		for i, cell := range row {
			switch {
			case i+1 < len(row):
				gap := strings.Repeat(" ", widths[i]-columns(cell.text)+2)
				line = append(line, cell, span{plain, gap})
				used += widths[i] + 2
			case p.opt.Width > 0:
				cell.text = shorten(cell.text, max(p.opt.Width-used, minWidth/2))
				line = append(line, cell)
			default:
				line = append(line, cell)
			}
		}
		p.line(line...)
	}
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
