package view

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

var chartNow = time.Date(2026, 11, 28, 2, 17, 23, 0, time.UTC)

func bar(id string, s State, from, to time.Duration) Bar {
	return Bar{Run: run.ID(id), State: s, ScheduledFor: chartNow.Add(from), Span: Span{chartNow.Add(from), chartNow.Add(to)}}
}

func chartOf(back, ahead time.Duration, tracks ...Track) Chart {
	return ChartOf(Timeline{From: chartNow.Add(-back), To: chartNow.Add(ahead), Now: chartNow, Tracks: tracks})
}

const (
	ok     = State(run.Succeeded)
	failed = State(run.Failed)
)

func TestCellsFitTheWindow(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration]time.Duration{
		3 * time.Hour: 30 * time.Second, 24 * time.Hour: 5 * time.Minute, 7 * 24 * time.Hour: 30 * time.Minute, 400 * 24 * time.Hour: 24 * time.Hour,
	} {
		if c := chartOf(window, window); c.Cell != want {
			t.Errorf("%s each side: cells of %s, want %s", window, c.Cell, want)
		}
	}
}

func TestChartRow(t *testing.T) {
	t.Parallel()
	c := chartOf(24*time.Hour, 24*time.Hour, Track{
		Job: "etl",
		Bars: []Bar{
			bar("etl/a", ok, -20*time.Hour, -20*time.Hour+time.Minute),
			bar("etl/b", failed, -20*time.Hour+time.Minute, -20*time.Hour+2*time.Minute),
			bar("etl/c", ok, -10*time.Hour, -8*time.Hour),
			bar("etl/d", State(run.Missed), -5*time.Hour, -4*time.Hour),
			bar("etl/e", State(run.Running), -90*time.Minute, 0),
		},
		Slots:  []time.Time{chartNow.Add(time.Hour), chartNow.Add(2 * time.Hour)},
		Next:   chartNow.Add(time.Hour),
		Paused: []Span{{chartNow.Add(3 * time.Hour), chartNow.Add(5 * time.Hour)}},
	})
	r := c.Rows[0]
	var got []string
	for _, m := range r.Marks {
		got = append(got, fmt.Sprintf("%s %dx %s at %s for %s", m.Class, m.Count, m.Run, c.From.Add(time.Duration(m.X*float64(c.Cell))).Format("15:04"), time.Duration(m.Width*float64(c.Cell))))
	}
	want := []string{
		"failed 2x  at 06:15 for 5m0s",
		"missed 1x etl/d at 21:15 for 5m0s",
		"running 1x etl/e at 00:45 for 1h32m24s",
		"ok 1x etl/c at 16:15 for 2h5m0s",
	}
	if !slices.Equal(got, want) {
		t.Errorf("marks:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(r.Quiet) != 1 || r.Quiet[0].Class != ClassPlanned || r.Quiet[0].D != "M300 0.5h1m11 0h1" {
		t.Errorf("quiet marks: %+v", r.Quiet)
	}
	if r.Counts != [classes]int{1, 1, 0, 1, 2, 0, 2} || !r.Next.Equal(chartNow.Add(time.Hour)) {
		t.Errorf("summary: %+v", r)
	}
	if len(r.Shades) != 1 || math.Abs(r.Shades[0].Width-24) > 0.02 {
		t.Errorf("shades: %+v", r.Shades)
	}
}

// TestAttemptsAreSeen: a bar is cut where further attempts began.
func TestAttemptsAreSeen(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) time.Time { return chartNow.Add(d) }
	b := BarOf(run.Run{
		ID: "etl/a", Status: run.Succeeded, ScheduledFor: at(-10 * time.Hour), QueuedAt: at(-10 * time.Hour), StartedAt: at(-6 * time.Hour), FinishedAt: at(-4 * time.Hour),
		Attempts: []run.Attempt{{N: 1, SentAt: at(-10 * time.Hour)}, {N: 2, SentAt: at(-8 * time.Hour)}, {N: 3, SentAt: at(-6 * time.Hour)}},
	}.Outline())
	c := chartOf(24*time.Hour, 24*time.Hour, Track{Job: "etl", Bars: []Bar{b, bar("etl/b", ok, -2*time.Hour, -time.Hour)}})
	marks := c.Rows[0].Marks
	slices.SortFunc(marks, func(a, b Mark) int { return strings.Compare(string(a.Run), string(b.Run)) })
	if len(marks) != 2 || marks[0].Attempts != 3 || len(marks[0].Cuts) != 2 || marks[1].Attempts != 1 || len(marks[1].Cuts) != 0 {
		t.Fatalf("marks %+v", marks)
	}
	if m := marks[0]; m.Cuts[0] != c.x(at(-8*time.Hour)) || m.Cuts[1] != c.x(at(-6*time.Hour)) || m.X > c.x(at(-10*time.Hour)) {
		t.Errorf("it begins at %g and is cut at %v", m.X, m.Cuts)
	}
}

func TestRunsThatOverlapLieOnLanes(t *testing.T) {
	t.Parallel()
	var bars []Bar
	for n := range 5 {
		bars = append(bars, bar(fmt.Sprint("x/", n), ok, -10*time.Hour+time.Duration(n)*time.Minute, -8*time.Hour))
	}
	bars = append(bars, bar("x/after", ok, -7*time.Hour, -6*time.Hour))
	r := chartOf(24*time.Hour, 24*time.Hour, Track{Job: "x", Bars: bars}).Rows[0]
	if r.Layers != maxLayers || r.Crowded != 2 {
		t.Errorf("%d layers, %d crowded", r.Layers, r.Crowded)
	}
	if i := slices.IndexFunc(r.Marks, func(m Mark) bool { return m.Run == "x/after" }); i < 0 || r.Marks[i].Layer != 0 {
		t.Errorf("a run that overlaps none: %+v", r.Marks)
	}
}

func TestAFailureIsNotDrowned(t *testing.T) {
	t.Parallel()
	var bars []Bar
	for n := range 9 {
		s := ok
		if n == 4 {
			s = failed
		}
		from := time.Duration(n-20) * 5 * time.Minute
		bars = append(bars, bar(fmt.Sprint("x/", n), s, from, from+time.Second))
	}
	l := Track{Job: "x", Bars: bars}
	c := chartOf(24*time.Hour, 24*time.Hour, l)
	var got []string
	for _, m := range marksOf(l, c.Cell, c) {
		got = append(got, fmt.Sprintf("%s %d", m.Class, m.Count))
	}
	if want := []string{"ok 4", "failed 1", "ok 4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTheWorstHaveALink: of more marks than have one, a failure's does, in whichever row it is.
func TestTheWorstHaveALink(t *testing.T) {
	t.Parallel()
	var tracks []Track
	for n := range maxLinked + 1 {
		tracks = append(tracks, Track{Job: fmt.Sprintf("x%03d", n), Bars: []Bar{bar("x/ok", ok, -3*time.Hour, -time.Hour)}})
	}
	tracks[maxLinked].Bars[0].State = failed
	if r := chartOf(24*time.Hour, 24*time.Hour, tracks...).Rows[maxLinked]; len(r.Marks) != 1 || r.Marks[0].Class != ClassFailed {
		t.Errorf("got %+v", r)
	}
}

func TestWhatRunsIsNotJoinedToWhatRan(t *testing.T) {
	t.Parallel()
	l := Track{Job: "x", Bars: []Bar{
		bar("x/held", State(run.Queued), -2*time.Second, 0), bar("x/old", State(run.Queued), -6*time.Minute, 0),
		bar("x/stopped", State(run.Skipped), -3*time.Second, -2*time.Second),
	}, Slots: []time.Time{chartNow.Add(time.Second)}}
	c := chartOf(24*time.Hour, 24*time.Hour, l)
	c.Now = 288 // as if the present were between two cells
	for _, m := range marksOf(l, c.Cell, c) {
		if m.side == past && m.Count > 1 || m.side == future && m.Count > 1 {
			t.Errorf("joined across the present: %+v", m)
		}
	}
	a := Mark{Class: ClassHeld, X: 1, Width: 1, side: past}
	if a.touches(Mark{Class: ClassHeld, X: 2, Width: 1, side: open}) || !a.touches(Mark{Class: ClassHeld, X: 2, Width: 1, side: past}) {
		t.Error("neighbours are joined by their side of the present")
	}
	if a.touches(Mark{Class: ClassHeld, X: 2, Width: 1, side: past, bar: true}) {
		t.Error("a bar stays alone: it leads to its run")
	}
}

// TestWhatJustBeganIsSeen: a mark is one cell wide, also if the present has only reached the cell's beginning.
func TestWhatJustBeganIsSeen(t *testing.T) {
	t.Parallel()
	l := Track{Job: "x", Bars: []Bar{bar("x/new", State(run.Running), -3*time.Second, 0)}}
	c := chartOf(24*time.Hour, 24*time.Hour, l)
	if marks := marksOf(l, c.Cell, c); len(marks) != 1 || math.Abs(marks[0].Width-1) > 0.011 || math.Abs(marks[0].X+1-c.Now) > 0.011 {
		t.Errorf("%+v, now %v", marks, c.Now)
	}
}

func TestCrowdedRunsAreGrouped(t *testing.T) {
	t.Parallel()
	var bars []Bar
	for n := range 6 {
		bars = append(bars, bar(fmt.Sprint("x/", n), ok, -10*time.Hour, -8*time.Hour))
	}
	r := chartOf(24*time.Hour, 24*time.Hour, Track{Job: "x", Bars: bars}).Rows[0]
	var got []string
	for _, m := range r.Marks {
		got = append(got, fmt.Sprintf("layer %d: %d", m.Layer, m.Count))
	}
	if want := []string{"layer 0: 1", "layer 1: 1", "layer 2: 1"}; !slices.Equal(got, want) || r.Quiet[0].D != "M168 2.5h1" {
		t.Errorf("got %v and %v, want %v and the three others as one", got, r.Quiet, want)
	}
}

func TestRowsKeepToTheirBudget(t *testing.T) {
	t.Parallel()
	tracks := tracksOf(1000, 288, 5*time.Minute)
	for _, l := range tracks {
		for n := range l.Bars { // so that no two neighbours are alike
			l.Bars[n].State = []State{ok, failed}[n%2]
		}
	}
	for _, l := range chartOf(24*time.Hour, 24*time.Hour, tracks...).Rows {
		marks := len(l.Marks)
		for _, q := range l.Quiet {
			marks += strings.Count(q.D, "h")
		}
		if marks > perRow(1000) {
			t.Fatalf("%s has %d marks, of %d", l.Job, marks, perRow(1000))
		}
	}
}

// tracksOf returns rows as dense as they get on pages.
func tracksOf(rows, runs int, every time.Duration) []Track {
	r := rand.New(rand.NewPCG(7, 7))
	tracks := make([]Track, rows)
	for n := range tracks {
		tracks[n].Job = fmt.Sprintf("job-%04d", n)
		for k := range runs {
			s := ok
			if r.IntN(100) < 6 {
				s = failed
			}
			from := -time.Duration(k+1) * every
			tracks[n].Bars = append(tracks[n].Bars, bar(fmt.Sprintf("job-%04d/%d", n, k), s, from, from+every/3))
			tracks[n].Slots = append(tracks[n].Slots, chartNow.Add(time.Duration(k+1)*every))
		}
	}
	return tracks
}

func TestChartsKeepTheirSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows, runs int
		every      time.Duration
	}{{1000, 24, time.Hour}, {1000, 288, 5 * time.Minute}, {100, 1440, time.Minute}, {1, 1440, time.Minute}} {
		chart := chartOf(24*time.Hour, 24*time.Hour, tracksOf(c.rows, c.runs, c.every)...)
		bytes, linked := 12_000, 0
		for _, r := range chart.Rows {
			bytes += 260
			for _, p := range r.Quiet {
				bytes += len(p.D)
			}
			linked += len(r.Marks)
		}
		if bytes += 170 * linked; bytes > 1_000_000 || linked > maxLinked {
			t.Errorf("%d rows with %d runs: about %d bytes, %d links", c.rows, c.runs, bytes, linked)
		}
	}
}

func BenchmarkChart(b *testing.B) {
	for _, c := range []struct {
		name       string
		rows, runs int
		every      time.Duration
	}{{"hourly", 1000, 24, time.Hour}, {"five-minutes", 1000, 288, 5 * time.Minute}} {
		t := Timeline{From: chartNow.Add(-24 * time.Hour), To: chartNow.Add(24 * time.Hour), Now: chartNow, Tracks: tracksOf(c.rows, c.runs, c.every)}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ChartOf(t)
			}
		})
	}
}
