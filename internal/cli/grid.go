package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/notice"
)

// column is a column of a grid.
type column struct {
	head string
	// least, if not 0, is the width to which the column may be cut.
	least int
	// rank says which columns are left out if the screen is too narrow: those with the highest
	// rank first. A column of rank 0 stays.
	rank int
	// wide means that only -o wide shows the column.
	wide bool
	// paint colours a cell if colours may be used.
	paint func(cell string) string
}

const gap = "  "

// list is grid for rows of which there may be none. A person then reads a sentence; a program gets
// the heading alone, as it would above rows.
func (a *app) list(cols []column, rows [][]string, none string) error {
	if len(rows) == 0 && a.Screen.Width > 0 {
		_, _ = fmt.Fprintln(a.Stderr, none)
		return nil
	}
	return a.grid(cols, rows)
}

// grid prints rows in columns that fit the screen, and says what it left out. Without a screen,
// and with -o wide, it cuts nothing.
func (a *app) grid(cols []column, rows [][]string) error {
	cols, rows = a.shown(cols, rows)
	widths := naturalWidths(cols, rows)
	var dropped []string
	if a.Screen.Width > 0 && !a.wide {
		widths, dropped = fit(cols, widths, a.Screen.Width)
	}
	var b bytes.Buffer
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.head
	}
	a.gridRow(&b, cols, widths, head, false)
	for _, row := range rows {
		a.gridRow(&b, cols, widths, row, a.Screen.Color)
	}
	if err := a.write(b.Bytes()); err != nil {
		return err
	}
	if len(dropped) > 0 {
		_, _ = fmt.Fprintf(a.Stderr, "not enough room for: %s; -o wide shows all\n", strings.Join(dropped, ", "))
	}
	return nil
}

// shown leaves out the columns that only -o wide shows, and makes the cells safe for a terminal.
func (a *app) shown(cols []column, rows [][]string) ([]column, [][]string) {
	var keep []int
	var left []column
	for i, c := range cols {
		if !c.wide || a.wide {
			keep, left = append(keep, i), append(left, c)
		}
	}
	out := make([][]string, len(rows))
	for n, row := range rows {
		for _, i := range keep {
			out[n] = append(out[n], notice.Printable(row[i]))
		}
	}
	return left, out
}

func naturalWidths(cols []column, rows [][]string) []int {
	widths := make([]int, len(cols))
	for i, c := range cols {
		widths[i] = columns(c.head)
		for _, row := range rows {
			widths[i] = max(widths[i], columns(row[i]))
		}
	}
	return widths
}

// fit makes columns narrower and leaves some out until everything fits. A width of -1 means that
// the column is left out.
func fit(cols []column, natural []int, screen int) (widths []int, dropped []string) {
	widths = append([]int(nil), natural...)
	for {
		over := total(widths) - screen
		if over <= 0 {
			return widths, dropped
		}
		least := append([]int(nil), widths...)
		for i, c := range cols {
			if c.least > 0 && widths[i] > 0 {
				least[i] = min(widths[i], max(c.least, columns(c.head)))
			}
		}
		drop := dropNext(cols, widths)
		if total(least) <= screen || drop < 0 {
			return shrink(widths, least, over), dropped
		}
		widths[drop] = -1
		dropped = append(dropped, cols[drop].head)
	}
}

// dropNext returns the column to leave out next, or -1 if none may be.
func dropNext(cols []column, widths []int) int {
	drop := -1
	for i, c := range cols {
		if widths[i] >= 0 && c.rank > 0 && (drop < 0 || c.rank > cols[drop].rank) {
			drop = i
		}
	}
	return drop
}

// shrink takes over characters away, from the widest columns first.
func shrink(widths, least []int, over int) []int {
	for ; over > 0; over-- {
		widest := -1
		for i := range widths {
			if widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}

func total(widths []int) int {
	n := -len(gap)
	for _, w := range widths {
		if w >= 0 {
			n += w + len(gap)
		}
	}
	return n
}

func (a *app) gridRow(b *bytes.Buffer, cols []column, widths []int, row []string, color bool) {
	var line strings.Builder
	pad := 0
	for i, cell := range row {
		if widths[i] < 0 {
			continue
		}
		if pad > 0 {
			line.WriteString(strings.Repeat(" ", pad))
		}
		cell = clip(cell, widths[i])
		pad = widths[i] - columns(cell) + len(gap)
		if color && cols[i].paint != nil && cell != "" {
			cell = cols[i].paint(cell)
		}
		line.WriteString(cell)
	}
	b.WriteString(strings.TrimRight(line.String(), " "))
	b.WriteByte('\n')
}

// paintState colours a state: bad red, open yellow, good green.
func paintState(s string) string {
	code := map[string]string{
		"failed": "31", "missed": "31", "in doubt": "35", "succeeded": "32", "stopped": "33", "skipped": "2",
	}[s]
	if code == "" {
		code = "36"
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// paintStrip colours a strip of states.
func paintStrip(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch c {
		case 'F', 'M':
			b.WriteString("\x1b[31m" + string(c) + "\x1b[0m")
		case '.':
			b.WriteString("\x1b[32m.\x1b[0m")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
