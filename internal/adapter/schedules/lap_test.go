package schedules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// large is a group whose list continues after the last name that it returned.
type large struct {
	mu          sync.Mutex           // GetSchedule is called in parallel
	schedules   map[string]time.Time // when each was modified
	names       []string             // sorted; nil if they must be sorted again
	lists, gets int
	// list and get, if not nil, say how a call fails.
	list func(token string) error
	get  func(name string) error
	// off are schedules that are switched off.
	off map[string]bool
	// bare are schedules that carry no job.
	bare map[string]bool
}

func (g *large) set(name string, modified time.Time) {
	g.schedules[name], g.names = modified, nil
}

func (g *large) drop(name string) {
	delete(g.schedules, name)
	g.names = nil
}

func (g *large) ListSchedules(_ context.Context, token string, limit int) (page []Listed, next string, err error) {
	g.lists++
	if g.list != nil {
		if err := g.list(token); err != nil {
			return nil, "", err
		}
	}
	if g.names == nil {
		g.names = slices.Sorted(maps.Keys(g.schedules))
	}
	names := g.names
	from, _ := slices.BinarySearch(names, token+"\x00")
	to := min(len(names), from+limit)
	for _, name := range names[from:to] {
		page = append(page, Listed{name, g.schedules[name]})
	}
	if to < len(names) {
		next = names[to-1]
	}
	return page, next, nil
}

func (g *large) GetSchedule(_ context.Context, name string) (entry.Schedule, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if name != port.Applied {
		g.gets++
	}
	if g.get != nil {
		if err := g.get(name); err != nil {
			return entry.Schedule{}, err
		}
	}
	modified, there := g.schedules[name]
	if !there {
		return entry.Schedule{}, port.ErrNotFound
	}
	input := "{}"
	if name != port.Applied && !g.bare[name] {
		var err error
		if input, err = (job.Job{Name: name, TaskDefinition: "etl", Command: []string{modified.Format(time.RFC3339)}, Schedule: "0 3 * * *"}).ScheduleInput(); err != nil {
			return entry.Schedule{}, err
		}
	}
	return entry.Schedule{
		Name: name, Modified: modified, Disabled: g.off[name], Expression: "cron(0 3 * * ? *)", Zone: "UTC", Target: trigger, Input: input,
	}, nil
}

// laps is a registry of such a group on a clock of its own, in one process after another.
type laps struct {
	*testing.T
	*large
	registry *Registry
	clock    time.Time
}

// newLaps returns laps with n schedules, whose names end with their number.
func newLaps(t *testing.T, n int) *laps {
	t.Helper()
	w := &laps{T: t, large: &large{schedules: map[string]time.Time{}}, clock: changed.Add(time.Hour)}
	for i := range n {
		w.set(jobNo(i), changed)
	}
	w.restart()
	return w
}

func jobNo(i int) string { return fmt.Sprintf("job-%05d", i) }

// restart begins a process that knows nothing.
func (w *laps) restart() {
	w.registry = &Registry{
		Scheduler: w.large, Rules: rules{}, Trigger: trigger, Read: entry.Registered,
		Now: func() time.Time { return w.clock }, Wait: func(context.Context, time.Duration) error { return nil },
	}
}

// minute reads the registry in the next minute. It returns what is known, and how many pages were
// listed.
func (w *laps) minute() (reading port.Reading, pages int, err error) {
	w.lists, w.gets = 0, 0
	reading, err = w.registry.Jobs(w.Context())
	w.clock = w.clock.Add(time.Minute)
	return reading, w.lists, err
}

// expect is minute if nothing fails.
func (w *laps) expect(jobs, pages int, whole bool) port.Reading {
	w.Helper()
	began := w.clock
	r, n, err := w.minute()
	if err != nil || len(r.Jobs) != jobs || n != pages || whole == r.Whole.IsZero() {
		w.Fatalf("at %s: %d jobs after %d pages, whole %s, %v; want %d after %d, whole %t", began.Format("15:04"), len(r.Jobs), n, r.Whole, err, jobs, pages, whole)
	}
	return r
}

// lap goes through a lap of five minutes.
func (w *laps) lap(jobs, pages int) port.Reading {
	w.Helper()
	for range 4 {
		w.expect(jobs, pages, false)
	}
	return w.expect(jobs, pages, true)
}

// TestSmallGroupIsListedWhole: every minute; a group of any size is listed whole the first time.
func TestSmallGroupIsListedWhole(t *testing.T) {
	t.Parallel()
	for schedules, pages := range map[int]int{0: 1, 99: 1, 100: 1, 101: 2, 2000: 20} {
		w := newLaps(t, schedules)
		for range 3 {
			began := w.clock
			if r := w.expect(schedules, pages, true); !r.Whole.Equal(began) {
				t.Errorf("%d schedules: whole since %s, at %s", schedules, r.Whole, began)
			}
		}
	}
}

// TestLap: a large group is listed in five minutes, even if a sweep misses minutes. What has changed is
// known once its page was listed, and which jobs are gone once all pages were.
func TestLap(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 10_000)
	w.expect(10_000, 100, true)
	w.drop(jobNo(50))
	w.set(jobNo(2050), changed.Add(time.Minute))
	w.set("job-09999-b", changed)
	began := w.clock
	w.expect(10_000, 20, false)
	if r := w.expect(10_000, 20, false); w.gets != 1 || !job2050(r).Modified.Equal(changed.Add(time.Minute)) {
		t.Errorf("%d schedules were read, and one is of %s", w.gets, job2050(r).Modified)
	}
	w.expect(10_000, 20, false)
	w.expect(10_000, 20, false)
	if r := w.expect(10_000, 20, true); !r.Whole.Equal(began) || w.gets != 2 || r.Jobs[50].Name != jobNo(51) {
		t.Errorf("whole since %s; %d schedules were read, the last and the one that is gone; the 50th is %s", r.Whole, w.gets, r.Jobs[50].Name)
	}
	w.expect(10_000, 20, false)
	w.clock = w.clock.Add(2 * time.Minute)
	w.expect(10_000, 60, false) // two minutes without a sweep
	w.expect(10_000, 20, true)
}

func job2050(r port.Reading) port.Registered {
	return r.Jobs[slices.IndexFunc(r.Jobs, func(j port.Registered) bool { return j.Name == jobNo(2050) })]
}

// TestLapOfAGrowingGroup: a group that outgrows what is listed at once is listed whole that time, and
// in laps from then on. One that shrinks is listed whole again.
func TestLapOfAGrowingGroup(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2000)
	w.expect(2000, 20, true)
	for i := range 3000 {
		w.set(jobNo(i), changed)
	}
	w.expect(3000, 30, true)
	w.expect(3000, 20, false)
	w.expect(3000, 10, true)
	for i := 1500; i < 3000; i++ {
		w.drop(jobNo(i))
	}
	w.expect(1500, 15, true)
	w.expect(1500, 15, true)
}

// TestSchedulesComeAndGoBetweenPages: a schedule that was there all the time never counts as gone.
func TestSchedulesComeAndGoBetweenPages(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 10_000)
	w.expect(10_000, 100, true)
	w.expect(10_000, 20, false)
	for i := range 150 { // pages shift
		w.drop(jobNo(i))
	}
	w.set("a-new-one", changed) // its page was listed already
	w.expect(10_000, 20, false)
	w.set("job-00000-new", changed) // so was this one's
	w.expect(10_000, 20, false)
	w.expect(10_000, 20, false)
	w.expect(10_000, 20, true) // the schedules that are gone were listed before they went
	w.expect(10_002, 20, false)
	for range 3 {
		w.expect(10_002, 20, false)
	}
	w.expect(9852, 19, true)
}

// TestListsThatForget: a schedule that a whole lap did not show still exists if it can be read.
func TestListsThatForget(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 150)
	w.expect(150, 2, true)
	modified := w.schedules[jobNo(7)]
	w.drop(jobNo(7))
	w.get = func(name string) error {
		if name == jobNo(7) { // it was not listed
			w.set(name, modified)
		}
		return nil
	}
	if r := w.expect(150, 2, true); r.Jobs[7].Name != jobNo(7) || w.gets != 1 {
		t.Errorf("after %d reads the 7th is %s", w.gets, r.Jobs[7].Name)
	}
}

var (
	errThrottled = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	errToken     = &smithy.GenericAPIError{Code: "ValidationException", Message: "Invalid token."}
	errDenied    = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
)

// TestListFails: a page that cannot be listed just now is listed the next time. A token that is no
// longer accepted starts the lap again at once. A list that nobody may read is an error.
func TestListFails(t *testing.T) {
	t.Parallel()
	fails := func(err error, token string) func(string) error {
		return func(is string) error {
			if is == token {
				return err
			}
			return nil
		}
	}
	t.Run("for the rate, in the middle", func(t *testing.T) {
		t.Parallel()
		w := newLaps(t, 10_000)
		w.expect(10_000, 100, true)
		began := w.clock
		w.expect(10_000, 20, false)
		w.list = fails(errThrottled, jobNo(2999)) // the 31st page
		if r, pages, err := w.minute(); !errors.Is(err, errThrottled) || pages != 11 || len(r.Jobs) > 0 {
			t.Errorf("%d jobs, %d pages, %v", len(r.Jobs), pages, err)
		}
		w.list = nil
		w.expect(10_000, 30, false)
		w.expect(10_000, 20, false)
		if r := w.expect(10_000, 20, true); !r.Whole.Equal(began) {
			t.Errorf("whole since %s", r.Whole)
		}
	})
	t.Run("for the rate, the first time", func(t *testing.T) {
		t.Parallel()
		w := newLaps(t, 10_000)
		w.list = fails(errThrottled, jobNo(2999))
		if _, pages, err := w.minute(); !errors.Is(err, errThrottled) || pages != 31 {
			t.Errorf("%d pages, %v", pages, err)
		}
		w.list = nil
		w.expect(10_000, 70, true)
	})
	t.Run("since its token is not taken", func(t *testing.T) {
		t.Parallel()
		w := newLaps(t, 10_000)
		w.expect(10_000, 100, true)
		w.expect(10_000, 20, false)
		w.drop(jobNo(50))
		w.drop(jobNo(1998))
		w.list = func(string) error {
			defer func() { w.list = nil }()
			return errToken
		}
		w.expect(9998, 101, true)
		w.expect(9998, 100, true) // such tokens do not last
	})
	t.Run("since nobody may list", func(t *testing.T) {
		t.Parallel()
		w := newLaps(t, 10_000)
		w.expect(10_000, 100, true)
		w.expect(10_000, 20, false)
		w.list = func(string) error { return errDenied }
		if _, pages, err := w.minute(); !errors.Is(err, errDenied) || pages != 2 {
			t.Errorf("%d pages, %v", pages, err)
		}
		w.list = nil
		w.lap(10_000, 20)
	})
}

// TestUnreadInALap: a schedule that could not be read is read the next minute, without its page. Until
// then, no job counts as gone.
func TestUnreadInALap(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 10_000)
	w.expect(10_000, 100, true)
	w.set(jobNo(10), changed.Add(time.Minute))
	w.drop(jobNo(9990))
	busy, began := true, w.clock
	w.get = func(name string) error {
		if name == jobNo(10) && busy {
			return errThrottled
		}
		return nil
	}
	for minute := range 5 {
		r, _, err := w.minute()
		if unread := new(UnreadError); !errors.As(err, &unread) || !r.Whole.IsZero() || w.gets != 1+minute/4 || len(r.Jobs) != 9999-minute/4 || slices.ContainsFunc(r.Jobs, func(j port.Registered) bool { return j.Name == jobNo(10) }) {
			t.Errorf("minute %d: %d jobs after %d reads, whole %s, %v", minute, len(r.Jobs), w.gets, r.Whole, err)
		}
	}
	busy = false
	if r := w.expect(9999, 20, true); w.gets != 1 || !r.Whole.Equal(began) || !r.Jobs[10].Modified.Equal(changed.Add(time.Minute)) {
		t.Errorf("%d reads; it is of %s", w.gets, r.Jobs[10].Modified)
	}
	for range 3 {
		w.expect(9999, 20, false)
	}
	w.expect(9999, 20, true)
}

// TestProcessesOfLaps: a new process lists the group whole, however far the lap of the previous one
// was.
func TestProcessesOfLaps(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 10_000)
	w.expect(10_000, 100, true)
	w.expect(10_000, 20, false)
	w.drop(jobNo(50))
	w.restart()
	w.expect(9999, 100, true)
	w.lap(9999, 20)
}

// TestApplied: what was applied is listed at once, once or twice.
func TestApplied(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 10_000)
	w.expect(10_000, 100, true)
	w.expect(10_000, 20, false)
	w.set(jobNo(50), changed.Add(time.Minute))
	w.drop(jobNo(51))
	w.drop(jobNo(52))
	w.set("job-99999", changed)
	w.set(port.Applied, w.clock.Add(-20*time.Second))
	if r := w.expect(9999, 100, true); !r.Jobs[50].Modified.Equal(changed.Add(time.Minute)) {
		t.Errorf("it is of %s", r.Jobs[50].Modified)
	}
	w.lap(9999, 20)
	w.set(port.Applied, w.clock.Add(5*time.Second)) // by a clock that is ahead
	w.expect(9999, 100, true)
	w.expect(9999, 100, true)
	w.expect(9999, 20, false)
	w.get = func(string) error { return errThrottled } // nobody can tell
	if _, pages, err := w.minute(); err != nil || pages != 20 {
		t.Errorf("%d pages, %v", pages, err)
	}
}
