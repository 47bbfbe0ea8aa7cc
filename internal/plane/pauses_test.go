package plane_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPausesCount: a slot counts once, for the pause that had it skipped. A request to skip names
// the slot that it means for as long as that slot may come.
func TestPausesCount(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	hourly := job.Plan{Schedule: "0 * * * *", Timezone: "UTC", StartWithin: job.Duration(15 * time.Minute)}
	since := func(h int) []job.Pause { return []job.Pause{{From: now.Add(-time.Duration(h) * time.Hour)}} }
	store := &memory.Store{}
	for _, item := range []job.Item{
		{Name: job.All, Pauses: since(10)},
		{Name: "own", Plan: hourly, Pauses: since(5)},
		{Name: "other", Plan: hourly, SkipNext: &job.Skip{At: now.Add(10 * time.Minute)}},
		{Name: "lapsed", Plan: hourly, SkipNext: &job.Skip{At: now.Add(-24 * time.Hour)}},
		{Name: "rate", Plan: job.Plan{Schedule: "rate(1 hour)", Timezone: "UTC"}, SkipNext: &job.Skip{At: now.Add(-24 * time.Hour)}},
	} {
		if err := store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"own", "other"} {
		for h := range 12 {
			at := now.Truncate(time.Hour).Add(-time.Duration(h) * time.Hour)
			r := run.Run{ID: run.ScheduledID(name, at), ScheduledFor: at, Status: run.Skipped, Cause: "paused by a person"}
			if h == 1 {
				r.Cause, r.HeldBy = "overlap: another was still open", run.ScheduledID(name, at.Add(-time.Hour))
			}
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := &plane.Plane{Reader: store, Now: func() time.Time { return now }}
	pauses, err := p.Pauses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range pauses {
		got = append(got, fmt.Sprintf("%s from %s: %d, last %s", in.Job, in.From.Format("02 15:04"), in.Skipped, in.Last))
	}
	want := []string{
		"* from 22 07:30: 14, last other/20261122T1700Z", "other from 22 18:00: 0, last ",
		"own from 22 12:30: 4, last own/20261122T1700Z", "rate from 21 17:30: 0, last ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
