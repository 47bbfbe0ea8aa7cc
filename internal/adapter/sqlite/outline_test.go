package sqlite_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

var outlineNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// someRun returns a run of any sort; few succeeded at once and completely.
func someRun(d *rand.Rand, n int) run.Run {
	at := outlineNow.Add(-time.Duration(d.IntN(70*60)) * time.Minute)
	r := run.Run{
		ID: run.ID(fmt.Sprintf("job-%02d/%s-%d", d.IntN(120), at.Format("20060102T1504Z"), n)), ScheduledFor: at, QueuedAt: at.Add(time.Second),
		Status: run.Statuses[d.IntN(len(run.Statuses))], Cause: "as it went", StartedAt: at.Add(time.Duration(d.IntN(1e6)) * time.Microsecond),
	}
	if d.IntN(3) > 0 {
		r.Status = run.Succeeded
	}
	for a := range d.IntN(3) {
		r.Attempts = append(r.Attempts, run.Attempt{N: a + 1, SentAt: at, EndUnseen: d.IntN(6) == 0})
	}
	if d.IntN(5) > 0 {
		r.FinishedAt = at.Add(time.Minute)
	}
	if r.Open() {
		r.DueAt = at
	}
	return r
}

// same fails unless an outline agrees with a run, and is whole unless the run succeeded at its first
// attempt.
func same(t *testing.T, o run.Outline, r run.Run) {
	t.Helper()
	plain := r.Status == run.Succeeded && len(r.Attempts) == 1 && !r.Attempts[0].EndUnseen && !r.FinishedAt.IsZero()
	if o.ID != r.ID || o.Status != r.Status || !o.ScheduledFor.Equal(r.ScheduledFor) || !o.QueuedAt.Equal(r.QueuedAt) || !o.StartedAt.Equal(r.StartedAt) || !o.FinishedAt.Equal(r.FinishedAt) {
		t.Errorf("outline %+v of %+v", o, r)
	}
	if o.Whole == nil != plain {
		t.Errorf("whether the outline of %+v is whole is %v", r, o.Whole != nil)
	}
	if o.Whole != nil && (o.Whole.Cause != r.Cause || o.Whole.Rev != r.Rev) {
		t.Errorf("the whole is %+v, want %+v", o.Whole, r)
	}
}

func outlines(t *testing.T, s *sqlite.Store, w port.Walk) map[run.ID]run.Outline {
	t.Helper()
	out := map[run.ID]run.Outline{}
	for o, err := range s.Outlines(t.Context(), w) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[o.ID]; twice {
			t.Errorf("%s comes twice", o.ID)
		}
		out[o.ID] = o
	}
	return out
}

// TestOutlines: outlines agree with their runs, also with runs that changed, are damaged or were pruned.
func TestOutlines(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	d := rand.New(rand.NewPCG(2026, 15)) //nolint:gosec // a repeatable sample
	for n := range 400 {
		r := someRun(d, n)
		if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	written, err := s.Runs(t.Context(), port.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range written[:40] { // a changed run is found as it is now
		r.Status, r.Attempts, r.StartedAt, r.FinishedAt = run.Succeeded, []run.Attempt{{N: 1}}, outlineNow, outlineNow.Add(time.Hour)
		if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Corrupt(t.Context(), written[41].ID); err != nil {
		t.Fatal(err)
	}
	sameAsRuns(t, s)
	if _, err := s.Prune(t.Context(), outlineNow.Add(-48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	sameAsRuns(t, s)
	var check string
	if err := s.DB().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Errorf("the file is %q, %v", check, err)
	}
}

// TestOutlinesFromAnEnd: runs that were scheduled before a time but end at or after it are included, in
// whatever zone and with whatever fraction their end was written. Those that ended earlier are not
// read, unless they have more to show.
func TestOutlinesFromAnEnd(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	zones := []*time.Location{time.UTC, time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -9*3600)}
	d := rand.New(rand.NewPCG(2026, 105)) //nolint:gosec // a repeatable sample
	for n := range 300 {
		r := someRun(d, n)
		if !r.FinishedAt.IsZero() {
			fraction := []time.Duration{0, 500 * time.Millisecond, 123456789}[d.IntN(3)]
			r.FinishedAt = r.ScheduledFor.Add(time.Duration(d.IntN(30*3600))*time.Second + fraction).In(zones[d.IntN(len(zones))])
		}
		if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	all := outlines(t, s, port.Walk{})
	for _, id := range slices.Sorted(maps.Keys(all))[:40] {
		at := all[id].FinishedAt
		got := outlines(t, s, port.Walk{Since: outlineNow.Add(-60 * time.Hour), EndsFrom: at})
		for id, o := range all {
			_, there := got[id]
			before := o.ScheduledFor.Before(at) && !o.ScheduledFor.Before(outlineNow.Add(-60*time.Hour))
			wanted := !o.ScheduledFor.Before(at) || !o.FinishedAt.Before(at)
			switch {
			case before && wanted && !there:
				t.Errorf("%s, which ended %s, is left out from %s", id, o.FinishedAt, at)
			case before && there && !wanted && o.Whole == nil && o.FinishedAt.Before(at.Add(-time.Second)) && o.FinishedAt.Location() == time.UTC:
				t.Errorf("%s, which ended %s, is read from %s", id, o.FinishedAt, at)
			}
		}
	}
}

// sameAsRuns compares outlines, read in all ways, with the runs.
func sameAsRuns(t *testing.T, s *sqlite.Store) {
	t.Helper()
	for _, w := range []port.Walk{
		{},
		{Since: outlineNow.Add(-24 * time.Hour)},
		{Since: outlineNow.Add(-30 * time.Hour), Until: outlineNow.Add(-6 * time.Hour)},
		{Jobs: []string{"job-03", "job-04", "none"}},
		{Match: func(id run.ID) bool { return id.Job() < "job-50" }},
	} {
		got := outlines(t, s, w)
		n := 0
		for r, err := range s.Walk(t.Context(), w) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			same(t, got[r.ID], r)
		}
		if n != len(got) || n == 0 {
			t.Errorf("%d outlines of %d runs by %+v", len(got), n, w)
		}
	}
	for _, since := range []time.Duration{time.Hour, 24 * time.Hour, 100 * time.Hour} {
		want := map[run.Status]int{}
		for r, err := range s.Walk(t.Context(), port.Walk{Since: outlineNow.Add(-since)}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Status.Terminal() {
				want[r.Status]++
			}
		}
		// A run that cannot be read still counts: it exists.
		if got, err := s.Ended(t.Context(), outlineNow.Add(-since)); err != nil || !near(got, want) {
			t.Errorf("of %s: %v, want %v; %v", since, got, want, err)
		}
	}
	var jobs []string
	for n := range 121 {
		jobs = append(jobs, fmt.Sprintf("job-%02d", n))
	}
	newest, err := s.NewestOutlines(t.Context(), jobs, 2)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.Newest(t.Context(), jobs, 2)
	if err != nil || len(want) != len(newest) {
		t.Fatalf("the newest of %d jobs, want %d; %v", len(newest), len(want), err)
	}
	for name, rs := range want {
		of := newest[name]
		if !slices.EqualFunc(of, rs, func(o run.Outline, r run.Run) bool { return o.ID == r.ID }) || of[0].Whole == nil {
			t.Errorf("the newest of %s are %+v, want %+v", name, of, rs)
			continue
		}
		for i := 1; i < len(rs); i++ {
			same(t, of[i], rs[i])
		}
	}
}

// near reports whether counts agree but for one run.
func near(got, want map[run.Status]int) bool {
	over := 0
	for _, s := range run.Statuses {
		if got[s] < want[s] {
			return false
		}
		over += got[s] - want[s]
	}
	return over <= 1
}

// TestOutlinesReadTheIndex: runs are found by the index that contains their outlines.
func TestOutlinesReadTheIndex(t *testing.T) {
	t.Parallel()
	s := many(t, 1000)
	query, args := sqlite.OutlinesOf("job-003", "job-004")
	rows, err := s.DB().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := cmp.Or(rows.Err(), rows.Close()); err != nil || !slices.Contains(plan, "SEARCH runs USING INDEX runs_outline (job=? AND scheduled_for>? AND scheduled_for<?)") {
		t.Errorf("the plan is %q, %v", plan, err)
	}
}

// TestWhenItWasQueued: a run that is claimed in place of a wrong clock's record was queued when it was
// claimed, also according to its outline.
func TestWhenItWasQueued(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	r := run.Run{ID: "a/20261124T1200Z", ScheduledFor: outlineNow, QueuedAt: outlineNow.AddDate(4, 0, 0), Status: run.Missed, FinishedAt: outlineNow}
	if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	r.Rev, r.QueuedAt, r.Status, r.StartedAt = 1, outlineNow.Add(time.Second), run.Succeeded, outlineNow
	r.Attempts = []run.Attempt{{N: 1}}
	if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	same(t, outlines(t, s, port.Walk{})[r.ID], r)
}

// TestOutlinesPanic: a panic over one of them becomes an error. It would end the process that runs the
// jobs.
func TestOutlinesPanic(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	r := run.Run{ID: "a/20261122T1730Z", ScheduledFor: time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC), Status: run.Succeeded}
	if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	var err error
	for _, err = range s.Outlines(t.Context(), port.Walk{Match: func(run.ID) bool { panic("an id of no run") }}) {
	}
	if err == nil || !strings.Contains(err.Error(), "an id of no run") {
		t.Errorf("%v", err)
	}
}
