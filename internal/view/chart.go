package view

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Class is how a mark of a chart looks. Joined marks have the worst class of them, which is the
// lowest.
type Class int

// Classes, worst first.
const (
	ClassFailed Class = iota
	ClassMissed
	// ClassHeld: it waits, or its outcome is not known.
	ClassHeld
	ClassRunning
	ClassOK
	// ClassSkipped: skipped, or stopped by a person.
	ClassSkipped
	ClassPlanned

	classes = int(ClassPlanned) + 1
)

var classNames = [classes]string{"failed", "missed", "held", "running", "ok", "skipped", "planned"}

// String returns the class as a word.
func (c Class) String() string { return classNames[c] }

// ClassOf returns the class of a run's state.
func ClassOf(s State) Class {
	switch s {
	case State(run.Failed):
		return ClassFailed
	case State(run.Missed):
		return ClassMissed
	case State(run.Running), Starting, Stopping:
		return ClassRunning
	case State(run.Succeeded):
		return ClassOK
	case State(run.Skipped), State(run.Stopped):
		return ClassSkipped
	}
	return ClassHeld
}

// Chart is a timeline in the form in which it is drawn. Its marks lie on a grid of cells, so that
// dense ones are joined and a page has a bounded size however many runs there are.
type Chart struct {
	// From and To are the ends of the grid; Cell is the length of a cell.
	From, To time.Time
	Cell     time.Duration
	// Width is the number of cells. Now is the place of the present in cells, which may be
	// outside the grid.
	Width int
	Now   float64
	Rows  []ChartRow
}

// ChartRow is the row of one job.
type ChartRow struct {
	Job string
	// Layers is how many runs are drawn above each other, 1 to maxLayers. Crowded is how many had
	// to be put into the last layer for lack of room.
	Layers, Crowded int
	// Marks are drawn individually, worst first. Quiet holds all others: one SVG path for each
	// class that has any.
	Marks []Mark
	Quiet []Path
	// Shades are the pauses, in cells; one that nobody ends has no To. Paused reports whether one
	// is in force.
	Shades []Mark
	Paused bool
	// Counts is the number of runs and slots of each class.
	Counts [classes]int
	// Next is that of the track.
	Next time.Time
}

// Mark is one run, or several that are drawn as one. X and Width are in cells.
type Mark struct {
	Class    Class
	X, Width float64
	Layer    int
	// Count is how many it represents. Run and State are set only if it represents one.
	Count int
	Run   run.ID
	State State
	// From and To are the ends of the time that it covers. Its runs were due from First to Last.
	From, To    time.Time
	First, Last time.Time
	// Cuts are the times at which further attempts of a single run were sent, in cells. Attempts
	// is how many it had, or 0 if the mark is not a bar.
	Cuts     []float64
	Attempts int

	bar  bool
	side side
	loud bool // drawn individually
}

// Path is an SVG path. y is the middle of a layer; layers are 1 high.
type Path struct {
	Class Class
	D     string
}

// maxLayers is the largest number of a job's runs that are drawn above each other.
const maxLayers = 3

// maxLinked is the largest number of marks of a chart that are drawn individually, so that they
// can have a link and a title.
const maxLinked = 600

// mostCells is the largest number of cells of a chart.
const mostCells = 720

// ladder lists the lengths of cells; each divides the next. Cells begin at multiples of their
// length since 1970 in UTC, so what is drawn does not depend on where the window begins.
var ladder = []time.Duration{
	10 * time.Second, 30 * time.Second, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// rung returns the finest cell with which a window has at most mostCells cells.
func rung(d time.Duration) int {
	for i, c := range ladder {
		if d/c <= mostCells {
			return i
		}
	}
	return len(ladder) - 1
}

// perRow is how many marks a row may have so that a page with that many rows stays under a
// megabyte: 260 bytes a row, 10 a quiet mark, 170 a linked one.
func perRow(rows int) int {
	if rows == 0 {
		return 1000
	}
	return min(max((1_000_000-12_000-260*rows-170*maxLinked)/(10*rows), 60), 1000)
}

// ChartOf draws a timeline.
func ChartOf(t Timeline) Chart {
	base := rung(t.To.Sub(t.From))
	cell := ladder[base]
	c := Chart{From: t.From.Truncate(cell), Cell: cell}
	c.Width = int((t.To.Sub(c.From) + cell - 1) / cell)
	c.To = c.From.Add(time.Duration(c.Width) * cell)
	c.Now = c.x(t.Now)
	budget := perRow(len(t.Tracks))
	c.Rows = make([]ChartRow, len(t.Tracks))
	inParts(len(t.Tracks), func(from, to int) {
		var items []item // of one row after the other
		for i := from; i < to; i++ {
			items = itemsOf(items[:0], t.Tracks[i], t.Now)
			c.Rows[i] = c.row(t.Tracks[i], items, t.Now, base, budget)
		}
	})
	c.link()
	return c
}

// leastPart is the smallest number of rows that is worth its own goroutine.
const leastPart = 100

// inParts divides the numbers from 0 to n among all processors. Rows do not depend on each other. If
// work panics, so does inParts: whoever asked for the chart may recover that.
func inParts(n int, work func(from, to int)) {
	size := max((n+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0), leastPart)
	var wg sync.WaitGroup
	panics := make(chan any, n/size+1)
	for from := 0; from < n; from += size {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					panics <- fmt.Sprintf("%v\n%s", p, debug.Stack())
				}
			}()
			work(from, min(from+size, n))
		})
	}
	wg.Wait()
	select {
	case p := <-panics:
		panic(p)
	default:
	}
}

// x returns the place of a time in cells, to a hundredth.
func (c *Chart) x(at time.Time) float64 {
	return math.Round(100*float64(at.Sub(c.From))/float64(c.Cell)) / 100
}

// row draws a job with the finest cells that its budget allows.
func (c *Chart) row(track Track, items []item, now time.Time, base, budget int) ChartRow {
	items = slices.DeleteFunc(items, func(i item) bool { return i.To.Before(c.From) || !i.From.Before(c.To) })
	r := ChartRow{Job: track.Job, Layers: 1, Crowded: stack(items), Next: track.Next}
	for _, i := range items {
		r.count(i)
	}
	for n := base; n < len(ladder); n++ {
		if r.Marks = c.marks(items, ladder[n], true); len(r.Marks) <= budget {
			break
		}
	}
	if len(r.Marks) > budget {
		r.Marks = c.marks(items, ladder[len(ladder)-1], false)
	}
	for _, p := range track.Paused {
		r.Paused = r.Paused || !now.Before(p.From) && (p.To.IsZero() || now.Before(p.To))
		if m := c.shade(p); m.Width > 0 {
			r.Shades = append(r.Shades, m)
		}
	}
	return r
}

// shade returns the mark of a pause.
func (c *Chart) shade(p Span) Mark {
	from, to := max(c.x(p.From), 0), float64(c.Width)
	if !p.To.IsZero() {
		to = min(c.x(p.To), to)
	}
	return Mark{Class: ClassHeld, X: from, Width: to - from, From: p.From, To: p.To}
}

// count updates the row's totals.
func (r *ChartRow) count(i item) {
	r.Layers = max(r.Layers, i.layer+1)
	r.Counts[i.class]++
}

// link selects the worst marks to be drawn individually, and puts all others into paths.
func (c *Chart) link() {
	type place struct{ row, mark int }
	var all []place
	for i := range c.Rows {
		for k, m := range c.Rows[i].Marks {
			if m.Class <= ClassRunning || m.bar {
				all = append(all, place{i, k})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b place) int {
		return cmp.Compare(c.Rows[a.row].Marks[a.mark].Class, c.Rows[b.row].Marks[b.mark].Class)
	})
	for _, p := range all[:min(len(all), maxLinked)] {
		c.Rows[p.row].Marks[p.mark].loud = true
	}
	inParts(len(c.Rows), func(from, to int) {
		var d []byte
		for i := from; i < to; i++ {
			d = c.Rows[i].hush(d)
		}
	})
}

// hush puts the marks that are not drawn individually into paths. d is a reusable buffer for one
// path.
func (r *ChartRow) hush(d []byte) []byte {
	for class := range Class(classes) {
		if d = path(d[:0], r.Marks, class); len(d) > 0 {
			r.Quiet = append(r.Quiet, Path{Class: class, D: string(d)})
		}
	}
	r.Marks = slices.Clip(slices.DeleteFunc(r.Marks, func(m Mark) bool { return !m.loud }))
	slices.SortStableFunc(r.Marks, func(a, b Mark) int { return cmp.Compare(a.Class, b.Class) })
	return d
}
