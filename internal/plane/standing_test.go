package plane_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// due is when the runs of these tests became due.
var due = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// dues is a store of due runs, the oldest first, and of jobs' items.
type dues struct {
	*memory.Store
	runs  []run.Run
	items []job.Item
}

func (d dues) Due(_ context.Context, _ run.Lane, _ time.Time, limit int) ([]run.Run, error) {
	return d.runs[:min(limit, len(d.runs))], nil
}

func (d dues) Items(context.Context) ([]job.Item, error) { return d.items, nil }

// TestStandingLooksBehindRunningTasks: as many running tasks as are read at once do not hide a
// run whose launch is in doubt.
func TestStandingLooksBehindRunningTasks(t *testing.T) {
	t.Parallel()
	rests := run.Run{Status: run.Running, DueAt: due, Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	if !rests.MayRest() {
		t.Fatal("such a run may rest")
	}
	d := dues{Store: &memory.Store{}, runs: append(slices.Repeat([]run.Run{rests}, 100), run.Run{Status: run.Launching, DueAt: due.Add(time.Minute), Attempts: []run.Attempt{{N: 1}}})}
	st, err := plane.ReadStanding(t.Context(), d, due.Add(3*time.Minute))
	if want := (2 * time.Minute).Milliseconds(); err != nil || st.LagMs[run.LookLane] != want {
		t.Errorf("lag %d ms, want %d: %v", st.LagMs[run.LookLane], want, err)
	}
}

// torn is a store of due runs of which the oldest cannot be read.
type torn struct{ dues }

func (d torn) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	runs, _ := d.dues.Due(ctx, lane, now, limit-1)
	return runs, &port.UnreadableError{Runs: map[run.ID]error{"torn/20261122T1730Z": port.ErrUnreadable}}
}

// TestStandingLooksBehindAnUnreadableRun: it counts among those that were read.
func TestStandingLooksBehindAnUnreadableRun(t *testing.T) {
	t.Parallel()
	rests := run.Run{Status: run.Running, DueAt: due, Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	d := torn{dues{Store: &memory.Store{}, runs: append(slices.Repeat([]run.Run{rests}, 100), run.Run{Status: run.Launching, DueAt: due, Attempts: []run.Attempt{{N: 1}}})}}
	st, err := plane.ReadStanding(t.Context(), d, due.Add(time.Minute))
	if want := time.Minute.Milliseconds(); err != nil || st.LagMs[run.LookLane] != want {
		t.Errorf("lag %d ms, want %d: %v", st.LagMs[run.LookLane], want, err)
	}
}

// TestStandingForgetsJobsThatAreGone after 30 days.
func TestStandingForgetsJobsThatAreGone(t *testing.T) {
	t.Parallel()
	const month = 30 * 24 * time.Hour
	d := dues{Store: &memory.Store{}, items: []job.Item{
		{Name: "still", Gone: true, GoneAt: due.Add(time.Second - month)},
		{Name: "forgotten", Gone: true, GoneAt: due.Add(-month)},
	}}
	st, err := plane.ReadStanding(t.Context(), d, due)
	if want := map[string]time.Time{"still": due.Add(time.Second - month)}; err != nil || !reflect.DeepEqual(st.Gone, want) {
		t.Errorf("gone %v, want %v: %v", st.Gone, want, err)
	}
}

// TestStandingOfAJobThatIsGone: that it failed, was paused or was held back is of no concern any more. One
// that came back is not gone.
func TestStandingOfAJobThatIsGone(t *testing.T) {
	t.Parallel()
	d := dues{Store: &memory.Store{}, items: []job.Item{
		{Name: "gone", Gone: true, GoneAt: due, FailingSince: due, Pauses: []job.Pause{{From: due}}, Holder: &job.Holder{By: "gone/20261122T1730Z", More: true}},
		{Name: "back", GoneAt: due},
	}}
	st, err := plane.ReadStanding(t.Context(), d, due)
	if len(st.Failing)+len(st.Paused)+len(st.HeldBack) > 0 || len(st.Gone) != 1 || st.Gone["gone"] != due || err != nil {
		t.Errorf("failing %v, paused %v, held back %v, gone %v, %v", st.Failing, st.Paused, st.HeldBack, st.Gone, err)
	}
}

// TestFailingSinceNow: status does not say that a job fails since a time that is still to come.
func TestFailingSinceNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	store := &memory.Store{}
	if err := store.Commit(t.Context(), port.Change{Item: &job.Item{Name: "etl", FailingSince: now.Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	st, err := plane.ReadStanding(t.Context(), store, now)
	if err != nil || !st.Failing["etl"].Equal(now) {
		t.Errorf("failing since %v, %v", st.Failing, err)
	}
}
