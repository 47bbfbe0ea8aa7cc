package view

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/run"
)

// marksOf returns all marks of a row before any is put into a path.
func marksOf(l Track, cell time.Duration, c Chart) []Mark {
	items := itemsOf(nil, l, chartNow)
	stack(items)
	return c.marks(items, cell, true)
}

func genTrack(t *rapid.T) Track {
	states := []State{ok, failed, State(run.Missed), State(run.Queued), State(run.Running), State(run.Skipped), State(run.Stopped)}
	l := Track{Job: "x"}
	for n := range rapid.IntRange(0, 60).Draw(t, "runs") {
		from := -time.Duration(rapid.IntRange(1, 23*3600).Draw(t, "from")) * time.Second
		length := time.Duration(rapid.IntRange(1, 4*3600).Draw(t, "length")) * time.Second
		l.Bars = append(l.Bars, bar(fmt.Sprint("x/", n), rapid.SampledFrom(states).Draw(t, "state"), from, min(from+length, 0)))
	}
	for range rapid.IntRange(0, 20).Draw(t, "slots") {
		l.Slots = append(l.Slots, chartNow.Add(time.Duration(rapid.IntRange(1, 23*3600).Draw(t, "slot"))*time.Second))
	}
	return l
}

func TestChartsKeepWhatTheyShow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := genTrack(t)
		c := chartOf(24*time.Hour, 24*time.Hour, l)
		worst := map[time.Duration]Class{}
		bars := map[run.ID]bool{}
		due := slices.Clone(l.Slots)
		for _, b := range l.Bars {
			due = append(due, b.ScheduledFor)
		}
		slices.SortFunc(due, time.Time.Compare)
		for n := rung(48 * time.Hour); n < len(ladder); n++ {
			count, least := 0, ClassPlanned
			var first, last []time.Time
			for _, m := range marksOf(l, ladder[n], c) {
				count += m.Count
				least = min(least, m.Class)
				first, last = append(first, m.First), append(last, m.Last)
				if m.side == future && m.X < c.Now-0.011 || m.side != future && m.X+m.Width > c.Now+0.011 {
					t.Fatalf("a mark of side %d from %v for %v lies across %v", m.side, m.X, m.Width, c.Now)
				}
				if m.bar && n > rung(48*time.Hour) && !bars[m.Run] {
					t.Fatalf("%s is a bar by coarse cells only", m.Run)
				}
				if m.bar {
					bars[m.Run] = true
				}
			}
			if want := len(l.Bars) + len(l.Slots); count != want {
				t.Fatalf("cells of %s: %d marked of %d", ladder[n], count, want)
			}
			if count > 0 && (!slices.MinFunc(first, time.Time.Compare).Equal(due[0]) || !slices.MaxFunc(last, time.Time.Compare).Equal(due[count-1])) {
				t.Fatalf("cells of %s: what is due from %s to %s is marked as %s to %s", ladder[n], due[0], due[count-1], first, last)
			}
			worst[ladder[n]] = least
		}
		for cell, class := range worst {
			if class != worst[c.Cell] {
				t.Fatalf("the worst by cells of %s is %s, by the finest %s", cell, class, worst[c.Cell])
			}
		}
	})
}

func TestOrderAndWindowDoNotChangeACharts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := genTrack(t)
		c := chartOf(24*time.Hour, 24*time.Hour, l)
		want := marksOf(l, c.Cell, c)
		mixed := l
		mixed.Bars = slices.Clone(l.Bars)
		r := rand.New(rand.NewPCG(1, 2))
		r.Shuffle(len(mixed.Bars), func(i, k int) { mixed.Bars[i], mixed.Bars[k] = mixed.Bars[k], mixed.Bars[i] })
		if got := marksOf(mixed, c.Cell, c); !slices.EqualFunc(got, want, func(a, b Mark) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("another order: %v, want %v", got, want)
		}
		shift := 3 * c.Cell
		moved := ChartOf(Timeline{From: chartNow.Add(-24*time.Hour - shift), To: chartNow.Add(24*time.Hour - shift), Now: chartNow})
		got := marksOf(l, c.Cell, moved)
		if len(got) != len(want) {
			t.Fatalf("a window 3 cells to the left has %d marks, not %d", len(got), len(want))
		}
		for n := range got {
			if got[n].X -= 3; math.Abs(got[n].X-want[n].X) > 0.02 || got[n].Class != want[n].Class || got[n].Count != want[n].Count {
				t.Fatalf("mark %d: %+v, want %+v", n, got[n], want[n])
			}
		}
	})
}

func TestPathsEndWhereTheirMarksDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var marks []Mark
		x := 0.0
		for range rapid.IntRange(1, 50).Draw(t, "n") {
			x += rapid.Float64Range(0, 20).Draw(t, "gap")
			marks = append(marks, Mark{X: math.Round(x*100) / 100, Width: 1, Layer: rapid.IntRange(0, 2).Draw(t, "layer")})
		}
		var at, y float64
		for n, step := range strings.FieldsFunc(string(path(nil, marks, marks[0].Class)), func(r rune) bool { return r == 'M' || r == 'm' }) {
			var dx, dy, h float64
			if _, err := fmt.Sscanf(strings.ReplaceAll(step, "h", " "), "%g %g %g", &dx, &dy, &h); err != nil {
				t.Fatal(err)
			}
			if at, y = at+dx, y+dy; math.Abs(at-marks[n].X) > 0.5 || y != float64(marks[n].Layer)+0.5 {
				t.Fatalf("mark %d is drawn at %v, %v: %+v", n, at, y, marks[n])
			}
			at += h
		}
	})
}
