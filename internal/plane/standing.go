package plane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Standing is how the control plane itself is doing, as far as its store tells.
type Standing struct {
	// Heartbeat is when the sweep last finished; zero if it never did.
	Heartbeat time.Time `json:"heartbeat,omitzero"`
	// CheckedTo is up to when slots were checked.
	CheckedTo time.Time `json:"checkedTo,omitzero"`
	// LagMs is how long the oldest due run of each lane has been due. It leaves out runs
	// whose tasks run: only whoever looks at those can tell.
	LagMs map[run.Lane]int64 `json:"lagMs"`
	// Paused are the pauses in force, by job; "*" means all jobs.
	Paused map[string]job.Pause `json:"paused,omitempty"`
	// Failing is since when jobs have been failing.
	Failing map[string]time.Time `json:"failing,omitempty"`
	// HeldBack are the jobs of which two slots in a row were skipped for a run that is
	// still open, and that run.
	HeldBack map[string]run.ID `json:"heldBack,omitempty"`
	// Unreadable are the jobs whose items cannot be read.
	Unreadable []string `json:"unreadable,omitempty"`
	// NewerJobs are the jobs whose items a newer batchplane wrote, which this program cannot read.
	NewerJobs []string `json:"newerJobs,omitempty"`
	// Gone is since when jobs have been gone from the registry, if they left in the last 30
	// days.
	Gone map[string]time.Time `json:"gone,omitempty"`
}

// goneFor is how long it shows that a job left the registry.
const goneFor = 30 * 24 * time.Hour

// standingReader is what it is read from.
type standingReader interface {
	Mark(ctx context.Context, name string) (time.Time, error)
	Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error)
	Items(ctx context.Context) ([]job.Item, error)
}

// ReadStanding reads it from a store. Alarms are made from it.
func ReadStanding(ctx context.Context, s standingReader, now time.Time) (Standing, error) {
	st := Standing{LagMs: map[run.Lane]int64{}, Paused: map[string]job.Pause{}, Failing: map[string]time.Time{}, Gone: map[string]time.Time{}}
	var err error
	if st.Heartbeat, err = s.Mark(ctx, port.MarkSweep); err != nil {
		return st, fmt.Errorf("reading the heartbeat: %w", err)
	}
	if st.CheckedTo, err = s.Mark(ctx, port.MarkSlots); err != nil {
		return st, fmt.Errorf("reading up to when slots were checked: %w", err)
	}
	for _, lane := range []run.Lane{run.LaunchLane, run.LookLane} {
		if st.LagMs[lane], err = lagMs(ctx, s, lane, now); err != nil {
			return st, err
		}
	}
	items, err := s.Items(ctx)
	var unreadable *port.UnreadableItemsError
	switch {
	case errors.As(err, &unreadable):
		for _, name := range slices.Sorted(maps.Keys(unreadable.Jobs)) {
			if errors.Is(unreadable.Jobs[name], port.ErrNewer) {
				st.NewerJobs = append(st.NewerJobs, name)
			} else {
				st.Unreadable = append(st.Unreadable, name)
			}
		}
	case err != nil:
		return st, fmt.Errorf("reading the jobs' items: %w", err)
	}
	for _, item := range items {
		st.of(item, now)
	}
	return st, nil
}

func (st *Standing) of(item job.Item, now time.Time) {
	if p := item.PausedAt(now); p != nil && !item.Gone {
		st.Paused[item.Name] = *p
	}
	if !item.Gone && !item.FailingSince.IsZero() {
		st.Failing[item.Name] = item.FailsSince(now)
	}
	if h := item.Holder; h != nil && h.More && !item.Gone {
		if st.HeldBack == nil {
			st.HeldBack = map[string]run.ID{}
		}
		st.HeldBack[item.Name] = run.ID(h.By)
	}
	if item.Gone && now.Sub(item.GoneAt) < goneFor {
		st.Gone[item.Name] = item.GoneAt
	}
}

// lagAmong is how many due runs of a lane are searched at first; lagMost is how many at most.
const (
	lagAmong = 100
	lagMost  = 10_000
)

// lagMs returns how long the oldest due run of a lane has been due. Only a process that
// looked knows that a task runs as it should, so nobody else can tell about such runs. The
// heartbeat and the sweep's own figure show that looks come to them.
func lagMs(ctx context.Context, s standingReader, lane run.Lane, now time.Time) (int64, error) {
	for limit := lagAmong; ; limit = lagMost {
		due, err := s.Due(ctx, lane, now, limit)
		var unreadable *port.UnreadableError // the look sets it aside and tells
		if err != nil && !errors.As(err, &unreadable) {
			return 0, fmt.Errorf("reading the oldest due run: %w", err)
		}
		for i := range due {
			if !due[i].MayRest() {
				return now.Sub(due[i].DueAt).Milliseconds(), nil
			}
		}
		read := len(due)
		if unreadable != nil {
			read += len(unreadable.Runs)
		}
		if read < limit || limit == lagMost {
			return 0, nil
		}
	}
}
