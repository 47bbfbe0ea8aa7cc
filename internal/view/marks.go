package view

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// side says on which side of the present something lies. Things on two sides are never drawn as
// one.
type side int

const (
	past side = iota
	open
	future
)

// item is a run or a slot of a chart's row.
type item struct {
	Span
	// at is when it was due.
	at    time.Time
	class Class
	side  side
	run   run.ID
	state State
	layer int
	// again are the times at which further attempts were sent.
	again []time.Time
	// crowded means that it has no layer of its own.
	crowded bool
}

// itemsOf appends the runs and slots of a job, in order of time. A run that never began is shown
// where it should have begun.
func itemsOf(out []item, l Track, now time.Time) []item {
	for _, b := range l.Bars {
		i := item{Span: b.Span, at: b.ScheduledFor, class: ClassOf(b.State), run: b.Run, state: b.State, again: b.Again}
		if b.State == State(run.Missed) || b.State == State(run.Skipped) {
			i.From, i.To = b.ScheduledFor, b.ScheduledFor.Add(least)
		}
		if b.State.Open() {
			i.side, i.To = open, now
		}
		if i.From.After(now) { // its time is from a clock ahead of this one
			i.From = now
		}
		if i.To.After(now) || i.To.Before(i.From) {
			i.To = now
		}
		out = append(out, i)
	}
	for _, s := range l.Slots {
		if s.After(now) {
			out = append(out, item{Span: Span{s, s}, at: s, class: ClassPlanned, side: future})
		}
	}
	slices.SortFunc(out, func(a, b item) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To), cmp.Compare(a.run, b.run))
	})
	return out
}

// stack gives each item the lowest layer that is free at its time, and returns how many found
// none: they share the last.
func stack(items []item) (crowded int) {
	var ends [maxLayers]time.Time
	for k := range items {
		i := &items[k]
		i.layer = slices.IndexFunc(ends[:], func(end time.Time) bool { return !end.After(i.From) })
		if i.layer < 0 {
			i.layer, i.crowded = maxLayers-1, true
			crowded++
		}
		if i.To.After(ends[i.layer]) {
			ends[i.layer] = i.To
		}
	}
	return crowded
}

// marks draws items in cells of a given length. An item that fills two cells has a mark of its
// own, a shorter one shares that of its cell, and neighbours that look alike are joined.
func (c *Chart) marks(items []item, cell time.Duration, bars bool) []Mark {
	out := make([]Mark, 0, min(len(items), 2*mostCells))
	// tick is the newest mark of a layer and side that is not a bar, and its cell: items come in
	// order of time.
	type tick struct {
		mark int
		cell int64
	}
	var ticks [maxLayers][future + 1]tick
	for _, i := range items {
		first := floor(i.From, cell)
		if bars && !i.crowded && i.To.Sub(i.From) >= 2*cell {
			last := floor(i.To.Add(cell-1), cell)
			out = append(out, c.mark(i, first, last, cell, true))
			continue
		}
		last := &ticks[i.layer][i.side]
		if last.mark > 0 && last.cell == first {
			out[last.mark-1].add(c.mark(i, first, first+1, cell, false))
			continue
		}
		out = append(out, c.mark(i, first, first+1, cell, false))
		*last = tick{len(out), first}
	}
	slices.SortStableFunc(out, func(a, b Mark) int { return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.X, b.X)) })
	return c.inWindow(join(out))
}

func floor(at time.Time, cell time.Duration) int64 {
	return int64(math.Floor(float64(at.UnixMilli()) / float64(cell.Milliseconds())))
}

// mark makes a mark that covers the cells from first up to last. It stays on its side of the
// present and is at least one cell wide.
func (c *Chart) mark(i item, first, last int64, cell time.Duration, bar bool) Mark {
	m := Mark{Class: i.class, Layer: i.layer, Count: 1, Run: i.run, State: i.state, From: i.From, To: i.To, First: i.at, Last: i.at, bar: bar, side: i.side}
	from := c.x(time.UnixMilli(first * cell.Milliseconds()))
	to := c.x(time.UnixMilli(last * cell.Milliseconds()))
	width := float64(cell / c.Cell)
	switch {
	case i.side == future && from < c.Now:
		from = c.Now
		to = max(to, from+width)
	case i.side != future && to > c.Now:
		to = c.Now
		from = min(from, to-width)
	}
	m.X, m.Width = from, to-from
	if bar {
		m.Attempts = 1 + len(i.again)
		for _, at := range i.again {
			if x := c.x(at); x > from && x < to {
				m.Cuts = append(m.Cuts, x)
			}
		}
	}
	return m
}

// add makes m represent o, too.
func (m *Mark) add(o Mark) {
	m.Class = min(m.Class, o.Class)
	m.Count += o.Count
	m.Run, m.State = "", ""
	if o.From.Before(m.From) {
		m.From = o.From
	}
	if o.To.After(m.To) {
		m.To = o.To
	}
	if o.First.Before(m.First) {
		m.First = o.First
	}
	m.Last = later(m.Last, o.Last)
	end := max(m.X+m.Width, o.X+o.Width)
	m.X = min(m.X, o.X)
	m.Width = end - m.X
}

// join joins neighbours that look alike; bars stay alone.
func join(marks []Mark) []Mark {
	out := marks[:0]
	for _, m := range marks {
		if n := len(out) - 1; n >= 0 && out[n].touches(m) {
			out[n].add(m)
			continue
		}
		out = append(out, m)
	}
	return out
}

func (m *Mark) touches(o Mark) bool {
	return !m.bar && !o.bar && m.Layer == o.Layer && m.side == o.side && m.Class == o.Class && o.X-(m.X+m.Width) < 0.005
}

// inWindow cuts marks at the edges and removes those outside.
func (c *Chart) inWindow(marks []Mark) []Mark {
	out := marks[:0]
	for _, m := range marks {
		end := min(m.X+m.Width, float64(c.Width))
		m.X = max(m.X, 0)
		if m.Width = math.Round(100*(end-m.X)) / 100; m.Width > 0 {
			out = append(out, m)
		}
	}
	return out
}

// path draws the quiet marks of a class as one path, each by a step from the end of the previous
// one.
func path(d []byte, marks []Mark, class Class) []byte {
	var x, y float64
	for i := range marks {
		m := &marks[i]
		if m.loud || m.Class != class {
			continue
		}
		to := float64(m.Layer) + 0.5
		if len(d) == 0 {
			d = append(d, 'M')
		} else {
			d = append(d, 'm')
		}
		d = coordinate(d, m.X-x)
		d = append(d, ' ')
		d = coordinate(d, to-y)
		d = append(d, 'h')
		d = coordinate(d, m.Width)
		// What rounding took off one mark must not shift the marks after it.
		x, y = m.X+m.Width, to
	}
	return d
}

func coordinate(d []byte, v float64) []byte {
	return strconv.AppendFloat(d, math.Round(100*v)/100, 'f', -1, 64)
}
