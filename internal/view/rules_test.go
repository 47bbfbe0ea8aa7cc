package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPauseOfAllIsToldBesideAJobThatIsGone: a job that is gone knows no pauses, wherever it is in
// the list.
func TestPauseOfAllIsToldBesideAJobThatIsGone(t *testing.T) {
	t.Parallel()
	all := job.Item{Name: job.All, Pauses: []job.Pause{{From: chartNow.Add(-30 * 24 * time.Hour)}}}
	gone := SummaryOf(job.Item{Name: "gone", Gone: true}, all, job.Job{}, nil, chartNow)
	here := SummaryOf(job.Item{Name: "here"}, all, job.Job{}, nil, chartNow)
	if !here.PausedAll || gone.Paused != nil {
		t.Errorf("here: %+v, gone: %+v", here, gone)
	}
	for name, of := range map[string][]Summary{"first": {gone, here}, "last": {here, gone}} {
		got := AttentionOf(of, nil, nil, chartNow)
		if len(got) != 1 || got[0].Job != job.All || got[0].Words != "by a person" {
			t.Errorf("the one that is gone is %s: %+v", name, got)
		}
	}
}

func TestOpenRunThatNeedsAttention(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) time.Time { return chartNow.Add(-d) }
	launching := run.Run{Status: run.Launching, QueuedAt: ago(9 * time.Hour), ReadyAt: ago(9 * time.Hour)}
	doubt, owesFind := launching, launching
	doubt.Attempts = []run.Attempt{{N: 1, Doubt: true, SentAt: ago(time.Hour)}}
	owesFind.Attempts, owesFind.Owed = doubt.Attempts, []run.Effect{{Kind: run.Find, Attempt: 1}}
	unwanted := doubt
	unwanted.Stopping = &run.StopRequest{At: ago(time.Minute)}
	silent := run.Run{Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "arn", SentAt: ago(11 * time.Minute)}}}
	for name, c := range map[string]struct {
		r    run.Run
		want string
	}{
		"in doubt, not held up":             {doubt, "in doubt: it is not known whether ECS launched attempt 1; the same request"},
		"in doubt, its task is looked for":  {owesFind, "in doubt: it is not known whether ECS launched attempt 1; batchplane searches"},
		"in doubt, and not wanted any more": {unwanted, "held up"},
		"held up without an attempt":        {launching, "held up"},
		"ECS has said nothing of its task":  {silent, "hangs: ECS accepted its task and reports nothing, not RUNNING"},
	} {
		a, ok := openAttention(c.r, chartNow)
		if got := string(a.Kind) + ": " + a.Words; !ok || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %t %s, want %s", name, ok, got, c.want)
		}
		if _, held := HeldUp(c.r, chartNow); held != (c.want == "held up") {
			t.Errorf("%s: held up %t", name, held)
		}
	}
	if !StateOf(doubt, chartNow).Bad() || StateOf(silent, chartNow).Bad() {
		t.Error("a run in doubt is bad, and one that is starting is not")
	}
}

// TestHolderSince: a run that waited for another's end holds the others back since it no longer
// waits.
func TestHolderSince(t *testing.T) {
	t.Parallel()
	ready := chartNow.Add(-time.Hour)
	holder := run.Run{ID: "etl/20261128T0000Z", Status: run.Running, QueuedAt: chartNow.Add(-2 * time.Hour), ReadyAt: ready}
	got := AttentionOf([]Summary{{Job: "etl", HeldBy: holder.ID}}, []run.Run{holder}, nil, chartNow)
	if len(got) != 1 || got[0].Kind != NeedsHeldUp || !got[0].Since.Equal(ready) {
		t.Errorf("got %+v", got)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var twenty []int64
	for n := range int64(20) {
		twenty = append(twenty, 20-n)
	}
	for _, c := range []struct {
		values []int64
		p      int
		want   int64
	}{{twenty, 50, 10}, {twenty, 95, 19}, {twenty[:1], 50, 20}, {twenty[:1], 95, 20}, {twenty[:3], 50, 19}} {
		if got := percentile(c.values, c.p); *got != c.want {
			t.Errorf("%d %% of %v: %d, want %d", c.p, c.values, *got, c.want)
		}
	}
	if percentile(nil, 50) != nil {
		t.Error("a percentile of nothing")
	}
}

func TestStoryWords(t *testing.T) {
	t.Parallel()
	s := StoryOf(run.Run{ID: "etl/20261128T0000Z", Told: []run.Told{{Notice: "missed", Cause: "no trigger came", Count: 3}}}, job.Job{}, chartNow)
	if got := s.Told[0].Says; got != "MISSED etl: 3 slots, the last: no trigger came" {
		t.Errorf("a notice about three slots: %s", got)
	}
	if got := SendWords(run.Attempt{Sends: 2, Refusals: 1, Doubt: true}); got != "2 requests, 1 of them refused, an answer was lost" {
		t.Error(got)
	}
	if got := ScheduleWords(""); got != "" {
		t.Error(got)
	}
	if got := TriggerWords(run.Trigger{Kind: "moon", By: "mia"}); got != "moon by mia" {
		t.Error(got)
	}
}

func TestRow(t *testing.T) {
	t.Parallel()
	r := run.Run{
		ID: "etl/20261128T0000Z", Status: run.Running, StartedAt: chartNow.Add(-time.Minute),
		Attempts: []run.Attempt{{N: 1, TaskARN: "arn", AcceptedAt: chartNow.Add(-time.Hour)}},
		Triggers: []run.Trigger{{Kind: run.ByHand, By: "mia"}, {Kind: run.ByRetry, By: "noa"}, {Kind: run.BySchedule}},
	}
	if row := RowOf(r, chartNow); row.AcceptedAt != nil || row.By != "noa" || row.DurationMs != nil {
		t.Errorf("it started: accepted at %v, by %s, ran %v ms", row.AcceptedAt, row.By, row.DurationMs)
	}
	r.StartedAt = time.Time{}
	if row := RowOf(r, chartNow); row.AcceptedAt == nil {
		t.Error("its start is not known, nor when its task was accepted")
	}
	r.Status = run.Queued // a relaunch waits
	if row := RowOf(r, chartNow); row.AcceptedAt != nil {
		t.Errorf("it waits: accepted at %v", row.AcceptedAt)
	}
}

// TestBarBegins: at the first of what is known to have been done for the run.
func TestBarBegins(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time { return chartNow.Add(time.Duration(minutes) * time.Minute) }
	for name, c := range map[string]struct {
		r    run.Run
		want int
	}{
		"queued":                     {run.Run{Status: run.Queued, QueuedAt: at(-50)}, -50},
		"accepted":                   {run.Run{Status: run.Running, QueuedAt: at(-50), Attempts: []run.Attempt{{SentAt: at(-40), AcceptedAt: at(-39)}}}, -39},
		"accepted once, waits again": {run.Run{Status: run.Queued, QueuedAt: at(-50), Attempts: []run.Attempt{{SentAt: at(-40), AcceptedAt: at(-39)}}}, -50},
		"started at once":            {run.Run{Status: run.Running, QueuedAt: at(-50), StartedAt: at(-30), Attempts: []run.Attempt{{SentAt: at(-40)}}}, -30},
		"started at the second try":  {run.Run{Status: run.Running, QueuedAt: at(-50), StartedAt: at(-20), Attempts: []run.Attempt{{SentAt: at(-40)}, {SentAt: at(-30)}}}, -40},
		"waits for its third try":    {run.Run{Status: run.Queued, QueuedAt: at(-50), Attempts: []run.Attempt{{SentAt: at(-40)}, {SentAt: at(-30)}}}, -50},
		"never sent at first":        {run.Run{Status: run.Running, QueuedAt: at(-50), StartedAt: at(-20), Attempts: []run.Attempt{{}, {SentAt: at(-30)}}}, -20},
	} {
		if b := BarOf(run.Outline{QueuedAt: c.r.QueuedAt, StartedAt: c.r.StartedAt, Status: c.r.Status, Whole: &c.r}); !b.From.Equal(at(c.want)) {
			t.Errorf("%s: from %s, want %s", name, b.From, at(c.want))
		}
	}
}

func TestLaneHoldsWhatIsShown(t *testing.T) {
	t.Parallel()
	from, to := chartNow.Add(-time.Hour), chartNow.Add(24*time.Hour)
	span := func(a, b time.Duration) job.Pause {
		p := job.Pause{From: chartNow.Add(a)}
		if b != 0 {
			p.To = chartNow.Add(b)
		}
		return p
	}
	item := job.Item{Name: "etl", Plan: job.Plan{Schedule: "* * * * *", Timezone: "UTC"}, Pauses: []job.Pause{
		span(50*time.Hour, 0), span(30*time.Hour, 31*time.Hour), span(12*time.Hour, 13*time.Hour), span(10*time.Hour, 10*time.Hour), span(-3*time.Hour, -2*time.Hour),
	}}
	all := job.Item{Name: job.All, Pauses: []job.Pause{span(5*time.Hour, 6*time.Hour)}}
	l := TimelineOf(from, to, chartNow, []job.Item{item}, all, nil).Tracks[0]
	if len(l.Slots) != MaxSlots {
		t.Errorf("%d slots, want %d", len(l.Slots), MaxSlots)
	}
	var got []string
	for _, p := range l.Paused {
		got = append(got, p.From.Sub(chartNow).String())
	}
	if want := []string{"5h0m0s", "12h0m0s"}; !slices.Equal(got, want) {
		t.Errorf("pauses from %v, want %v", got, want)
	}
	if item.Plan.Schedule, item.Gone = "rate(5 minutes)", true; Unforeseen(&item) {
		t.Error("a job that is gone has slots that nobody foresees")
	}
}

// TestItemsOfAChart: nothing that happened is drawn in the future, and nothing to come in the past.
func TestItemsOfAChart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		track Track
		want  string
	}{
		"ran":                              {Track{Bars: []Bar{bar("x/a", ok, -time.Hour, -time.Minute)}}, "-1h0m0s..-1m0s"},
		"missed, recorded later":           {Track{Bars: []Bar{{State: State(run.Missed), ScheduledFor: chartNow.Add(-time.Hour), Span: Span{chartNow.Add(-time.Minute), chartNow.Add(-time.Minute)}}}}, "-1h0m0s..-59m59s"},
		"skipped, recorded later":          {Track{Bars: []Bar{{State: State(run.Skipped), ScheduledFor: chartNow.Add(-time.Hour), Span: Span{chartNow.Add(-time.Minute), chartNow.Add(-time.Minute)}}}}, "-1h0m0s..-59m59s"},
		"open":                             {Track{Bars: []Bar{bar("x/a", State(run.Running), -time.Hour, -time.Minute)}}, "-1h0m0s..0s"},
		"from a clock ahead":               {Track{Bars: []Bar{bar("x/a", ok, time.Minute, time.Hour)}}, "0s..0s"},
		"ended after now":                  {Track{Bars: []Bar{bar("x/a", ok, -time.Minute, time.Hour)}}, "-1m0s..0s"},
		"ended before it began":            {Track{Bars: []Bar{bar("x/a", ok, -time.Minute, -time.Hour)}}, "-1m0s..0s"},
		"a slot that has passed meanwhile": {Track{Slots: []time.Time{chartNow, chartNow.Add(time.Minute)}}, "1m0s..1m0s"},
	} {
		var got []string
		for _, i := range itemsOf(nil, c.track, chartNow) {
			got = append(got, fmt.Sprintf("%s..%s", i.From.Sub(chartNow), i.To.Sub(chartNow)))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// TestMarksKeepToTheWindow: a mark is cut at the window's edges, and so are its own cuts.
func TestMarksKeepToTheWindow(t *testing.T) {
	t.Parallel()
	long := bar("x/long", ok, -30*time.Hour, -time.Hour)
	long.Again = []time.Time{chartNow.Add(-31 * time.Hour), chartNow.Add(-2 * time.Hour), chartNow.Add(-time.Minute)}
	c := chartOf(24*time.Hour, 24*time.Hour, Track{Job: "x", Bars: []Bar{
		long, bar("x/before", failed, -40*time.Hour, -39*time.Hour),
	}, Slots: []time.Time{chartNow.Add(40 * time.Hour)}, Paused: []Span{{chartNow.Add(-90 * time.Hour), chartNow.Add(-80 * time.Hour)}}})
	r := c.Rows[0]
	if len(r.Marks) != 1 || r.Marks[0].X != 0 || len(r.Marks[0].Cuts) != 1 || len(r.Shades) != 0 || r.Counts[ClassPlanned] != 0 {
		t.Errorf("row %+v", r)
	}
	out := c.inWindow([]Mark{{X: -3, Width: 2}, {X: float64(c.Width), Width: 1}, {X: 1, Width: 1}})
	if len(out) != 1 || out[0].X != 1 {
		t.Errorf("marks in the window: %+v", out)
	}
}
