package schedules

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// TestWhoseScheduleCannotBeUsed: a job whose schedule cannot be used keeps what is known of it. If the
// schedule does not say whose it is, it may be anybody's, so nobody is gone for lack of a schedule.
func TestWhoseScheduleCannotBeUsed(t *testing.T) {
	t.Parallel()
	const badA, badC = `{"job":{"name":"a","command":"x"}}`, `{"job":{"name":"c","command":"x"}}`
	for name, c := range map[string]struct {
		first  string // what it carries before it cannot be used, if that was read
		input  string
		err    error // why it cannot be read
		broken []string
		whole  bool
		proved map[string]bool // of the jobs that no usable schedule carries, which are proved to be gone
	}{
		"it says whose it is":     {input: badA, broken: []string{"a"}, whole: true, proved: map[string]bool{"a": false, "c": true}},
		"it was another's before": {first: "a", input: badC, broken: []string{"a", "c"}, whole: true, proved: map[string]bool{"a": false, "c": false, "d": true}},
		"it says nothing":         {input: "{", proved: map[string]bool{"a": false, "c": false}},
		"it said it before":       {first: "a", input: "{", broken: []string{"a"}, whole: true, proved: map[string]bool{"a": false, "c": true}},
		"nobody may read it":      {err: errDenied, proved: map[string]bool{"a": false, "c": false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := failing{group: &group{schedules: []entry.Schedule{schedule("1", "rate(1 hour)", ""), schedule("2", "rate(1 hour)", input(t, job.Job{Name: "b"}))}}}
			r := &Registry{Scheduler: f, Rules: rules{}, Trigger: trigger, Read: entry.Registered}
			if c.first != "" {
				f.schedules[0].Input = input(t, job.Job{Name: c.first})
				if _, err := r.Jobs(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			f.schedules[0].Input, f.schedules[0].Modified, f.errs = c.input, changed.AddDate(0, 0, 1), map[string]error{"1": c.err}
			r.Scheduler = f
			reading, err := r.Jobs(t.Context())
			if err == nil || len(reading.Jobs) != 1 || !slices.Equal(reading.Broken, c.broken) || reading.Whole.IsZero() == c.whole {
				t.Errorf("%d jobs, broken %q, whole %s, %v", len(reading.Jobs), reading.Broken, reading.Whole, err)
			}
			for name, gone := range c.proved {
				if is, err := r.Renew(t.Context(), name, r.now()); err != nil || is.Gone != gone || is.Unproved == gone || is.Job != nil {
					t.Errorf("job %s: %+v, %v", name, is, err)
				}
			}
		})
	}
}

// TestRenewOfWhatNobodyMayRead: that the schedule of a job's name is refused says nothing of the job.
func TestRenewOfWhatNobodyMayRead(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 150)
	w.expect(150, 2, true)
	w.get = func(string) error { return errDenied }
	if is, _, err := w.renew("never", w.clock); err != nil || !is.Unproved {
		t.Errorf("%+v, %v", is, err)
	}
}

// timeless is a group whose lists do not say when a schedule was changed.
type timeless struct{ *group }

func (g timeless) ListSchedules(ctx context.Context, token string, limit int) ([]Listed, string, error) {
	page, next, err := g.group.ListSchedules(ctx, token, limit)
	for i := range page {
		page[i].Modified = time.Time{}
	}
	return page, next, err
}

// TestAListThatDoesNotSayWhen: its schedules are read each time.
func TestAListThatDoesNotSayWhen(t *testing.T) {
	t.Parallel()
	g := &group{schedules: []entry.Schedule{schedule("1", "rate(1 hour)", input(t, job.Job{Name: "a"}))}}
	r := &Registry{Scheduler: timeless{g}, Rules: rules{}, Trigger: trigger, Read: entry.Registered}
	for n := range 2 {
		if jobs, err := jobsOf(t.Context(), r); err != nil || len(jobs) != 1 || g.gets != n+1 {
			t.Errorf("%d jobs after %d reads, %v", len(jobs), g.gets, err)
		}
	}
}
