package schedules

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// renew asks for a job as of a time, and returns how many schedules were read for it.
func (w *laps) renew(name string, at time.Time) (is port.Renewal, gets int, err error) {
	w.Helper()
	w.gets = 0
	is, err = w.registry.Renew(w.Context(), name, at)
	return is, w.gets, err
}

// TestRenew: what is known of a job is used if it held at the time, and read again if not. What was
// read is known, whatever becomes of writing it.
func TestRenew(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.expect(2_100, 21, true)
	listed := w.clock.Add(-time.Minute)
	w.set(jobNo(7), changed.Add(time.Minute))
	for _, c := range []struct {
		at       time.Time
		gets     int
		modified time.Time
	}{{listed, 0, changed}, {w.clock, 1, changed.Add(time.Minute)}, {w.clock, 0, changed.Add(time.Minute)}} {
		if is, gets, err := w.renew(jobNo(7), c.at); err != nil || gets != c.gets || is.Job == nil || !is.Job.Modified.Equal(c.modified) {
			t.Errorf("as of %s, after %d reads: %+v, %v", c.at.Format("15:04"), gets, is, err)
		}
	}
	w.expect(2_100, 20, false) // a list that shows a schedule unchanged is as good as reading it
	if is, gets, err := w.renew(jobNo(8), w.clock.Add(-time.Minute)); err != nil || gets != 0 || is.Job == nil {
		t.Errorf("as it was listed, after %d reads: %+v, %v", gets, is, err)
	}
	w.get = func(string) error { return errThrottled }
	if is, _, err := w.renew(jobNo(7), w.clock.Add(time.Minute)); !errors.Is(err, errThrottled) || is.Unproved {
		t.Errorf("while it cannot be read: %+v, %v", is, err)
	}
	w.get = nil
	if is, gets, err := w.renew(jobNo(7), w.clock.Add(time.Minute)); err != nil || gets != 1 || is.Job == nil {
		t.Errorf("read again, unchanged, after %d reads: %+v, %v", gets, is, err)
	}
}

// TestRenewOfAJobThatWasNeverSeen: a job that left before the process began counts as gone once all
// were listed. A job that was created on a page already listed is found by its name, without a list.
// Before the first list is complete, nobody can tell.
func TestRenewOfAJobThatWasNeverSeen(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.list = func(token string) error {
		if token != "" {
			return errThrottled
		}
		return nil
	}
	if _, _, err := w.minute(); !errors.Is(err, errThrottled) {
		t.Fatal(err)
	}
	if is, gets, err := w.renew("never", w.clock); !errors.Is(err, errUnlisted) || gets != 1 {
		t.Errorf("before all were listed, after %d reads: %+v, %v", gets, is, err)
	}
	w.list = nil
	w.expect(2_100, 20, true)
	w.set("made-since", changed)
	if is, gets, err := w.renew("made-since", w.clock); err != nil || gets != 1 || is.Job == nil || is.Job.Name != "made-since" {
		t.Errorf("after %d reads: %+v, %v", gets, is, err)
	}
	if r := w.expect(2_101, 20, false); !slices.ContainsFunc(r.Jobs, func(j port.Registered) bool { return j.Name == "made-since" }) {
		t.Error("what was found is forgotten")
	}
	for want := range []int{1, 0} {
		is, gets, err := w.renew("never", w.clock)
		if err != nil || gets != 1-want || !is.Gone || !is.Seen.IsZero() || !is.Found.Equal(w.clock) {
			t.Errorf("after %d reads: %+v, %v", gets, is, err)
		}
	}
}

// TestRenewOfAJobThatIsMadeAgain: a job that was found to be gone is created again, on a page already
// listed. A minute later the old finding no longer counts, for whatever time: the caller records it as
// the present state.
func TestRenewOfAJobThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.expect(2_100, 21, true)
	w.drop(jobNo(7))
	if is, gets, err := w.renew(jobNo(7), w.clock); err != nil || gets != 1 || !is.Gone {
		t.Errorf("after %d reads: %+v, %v", gets, is, err)
	}
	w.clock = w.clock.Add(30 * time.Second)
	if is, gets, err := w.renew(jobNo(7), w.clock); err != nil || gets != 1 || !is.Found.Equal(w.clock) {
		t.Errorf("as of later than it was found to be gone, after %d reads: %+v, %v", gets, is, err)
	}
	found := w.clock
	w.clock = w.clock.Add(time.Minute)
	w.set(jobNo(7), w.clock)
	if is, gets, err := w.renew(jobNo(7), found); err != nil || gets != 0 || !is.Gone {
		t.Errorf("as of when it was gone, after %d reads: %+v, %v", gets, is, err)
	}
	w.clock = w.clock.Add(time.Second)
	if is, gets, err := w.renew(jobNo(7), found); err != nil || gets != 1 || is.Job == nil {
		t.Errorf("as of then, a minute later, after %d reads: %+v, %v", gets, is, err)
	}
	if is, gets, err := w.renew(jobNo(7), w.clock); err != nil || gets != 0 || is.Job == nil {
		t.Errorf("after %d reads: %+v, %v", gets, is, err)
	}
}

// TestRenewOfAJobThatIsListedAgain: a job that a list has again is not gone, however lately it was.
func TestRenewOfAJobThatIsListedAgain(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 150)
	w.expect(150, 2, true)
	w.drop(jobNo(7))
	found := w.clock
	if is, _, err := w.renew(jobNo(7), found); err != nil || !is.Gone {
		t.Errorf("%+v, %v", is, err)
	}
	w.set(jobNo(7), w.clock)
	w.expect(150, 2, true)
	if is, _, err := w.renew(jobNo(7), found); err != nil || is.Gone || is.Job == nil {
		t.Errorf("%+v, %v", is, err)
	}
}

// TestRenewOfAJobThatIsMadeAgainUnread: a job was found to be gone, and its schedule is listed again
// but cannot be read: nobody can tell, for whatever time.
func TestRenewOfAJobThatIsMadeAgainUnread(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.expect(2_100, 21, true)
	w.drop(jobNo(7))
	found := w.clock
	if is, _, err := w.renew(jobNo(7), found); err != nil || !is.Gone {
		t.Errorf("%+v, %v", is, err)
	}
	w.set(jobNo(7), w.clock)
	w.get = func(name string) error {
		if name == jobNo(7) {
			return errThrottled
		}
		return nil
	}
	for range 6 {
		_, _, _ = w.minute()
	}
	if is, _, err := w.renew(jobNo(7), found); !errors.Is(err, errThrottled) || is.Gone {
		t.Errorf("%+v, %v", is, err)
	}
}

// TestRenewOfASchedulesNameThatWasTaken: a schedule without a job took the name. The job was found to
// be gone when that schedule was read, less than a minute ago.
func TestRenewOfASchedulesNameThatWasTaken(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.expect(2_100, 21, true)
	asked := w.clock
	w.bare = map[string]bool{jobNo(7): true}
	w.set(jobNo(7), w.clock)
	if is, gets, err := w.renew(jobNo(7), asked); err != nil || gets != 1 || !is.Gone {
		t.Errorf("after %d reads: %+v, %v", gets, is, err)
	}
	w.clock = w.clock.Add(10 * time.Minute)
	w.bare = nil
	if is, gets, err := w.renew(jobNo(7), asked); err != nil || gets != 1 || is.Job == nil {
		t.Errorf("as of when it was gone, after %d reads: %+v, %v", gets, is, err)
	}
}

// TestRenewBesideWhatIsUnread: a schedule that cannot be read now may carry any job. So nobody can tell
// about a job that no other schedule carries, or that all others have switched off.
func TestRenewBesideWhatIsUnread(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	busy := jobNo(9)
	w.get = func(name string) error {
		if name == busy {
			return errThrottled
		}
		return nil
	}
	w.off = map[string]bool{jobNo(8): true}
	if r, _, err := w.minute(); err == nil || !r.Whole.IsZero() {
		t.Fatalf("whole %s, %v", r.Whole, err)
	}
	for name, fails := range map[string]bool{jobNo(7): false, jobNo(8): true, busy: true, "never": true} {
		if is, _, err := w.renew(name, w.clock); errors.Is(err, errThrottled) != fails || is.Gone || (is.Job == nil) != fails {
			t.Errorf("%s: %+v, %v", name, is, err)
		}
	}
	busy = ""
	for name, gone := range map[string]bool{jobNo(8): false, jobNo(9): false, "never": true} {
		w.clock = w.clock.Add(time.Minute)
		_, _, _ = w.renew(jobNo(9), w.clock)
		if is, _, err := w.renew(name, w.clock); err != nil || is.Gone != gone || (is.Job == nil) != gone {
			t.Errorf("%s: %+v, %v", name, is, err)
		}
	}
}

// TestTheFirstUnreadIsNamed: if several schedules cannot be read now, the error names the same one each
// time.
func TestTheFirstUnreadIsNamed(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.get = func(name string) error {
		if name >= jobNo(9) && name < jobNo(19) {
			return errThrottled
		}
		return nil
	}
	if _, _, err := w.minute(); err == nil {
		t.Fatal("all were read")
	}
	for range 20 {
		if _, _, err := w.renew("never", w.clock); err == nil || !strings.Contains(err.Error(), jobNo(9)) {
			t.Fatal(err)
		}
	}
}

// TestWholeOnceAllAreRead: a list whose schedules were partly unread counts as whole once they are
// read, and counts once: the next lap is minutes away.
func TestWholeOnceAllAreRead(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	began, busy := w.clock, true
	w.get = func(name string) error {
		if name == jobNo(10) && busy {
			return errThrottled
		}
		return nil
	}
	if r, pages, err := w.minute(); err == nil || pages != 21 || !r.Whole.IsZero() {
		t.Errorf("%d pages, whole %s, %v", pages, r.Whole, err)
	}
	busy = false
	if r := w.expect(2_100, 20, true); !r.Whole.Equal(began) {
		t.Errorf("whole since %s", r.Whole)
	}
	if r := w.expect(2_100, 1, true); !r.Whole.Equal(began.Add(time.Minute)) {
		t.Errorf("whole since %s", r.Whole)
	}
	w.expect(2_100, 20, false)
}

// TestRenewOfAJobThatWasGoneBefore: that a job left once says nothing about a later time at which a
// schedule cannot be read.
func TestRenewOfAJobThatWasGoneBefore(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 2_100)
	w.expect(2_100, 21, true)
	w.drop(jobNo(7))
	if is, _, err := w.renew(jobNo(7), w.clock); err != nil || !is.Gone {
		t.Errorf("%+v, %v", is, err)
	}
	w.set(jobNo(9), w.clock)
	w.get = func(name string) error {
		if name == jobNo(9) {
			return errThrottled
		}
		return nil
	}
	_, _, _ = w.renew(jobNo(9), w.clock.Add(time.Second))
	w.clock = w.clock.Add(10 * time.Minute)
	if is, _, err := w.renew(jobNo(7), w.clock); !errors.Is(err, errThrottled) || is.Gone {
		t.Errorf("beside one that is unread: %+v, %v", is, err)
	}
	w.get = nil
	_, _, _ = w.renew(jobNo(9), w.clock)
	if is, _, err := w.renew(jobNo(7), w.clock); err != nil || !is.Gone || !is.Found.Equal(w.clock) {
		t.Errorf("%+v, %v", is, err)
	}
}

// TestRenewOfJobsThatAreGone: of each is known until when it was seen, whatever else goes after it.
func TestRenewOfJobsThatAreGone(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 150)
	w.expect(150, 2, true)
	seen := w.clock.Add(-time.Minute)
	for _, n := range []int{7, 9, 7} {
		w.drop(jobNo(n))
		if is, _, err := w.renew(jobNo(n), w.clock); err != nil || !is.Gone || !is.Seen.Equal(seen) {
			t.Errorf("job %d: %+v, %v", n, is, err)
		}
		w.clock = w.clock.Add(time.Second)
	}
}

// TestRenewOfWhatARuleStarts: a process that has not read the registry yet reads the job and its rule.
func TestRenewOfWhatARuleStarts(t *testing.T) {
	t.Parallel()
	r, _, clock, _ := ruledBy(t, 1)
	if is, err := r.Renew(t.Context(), "job-000", *clock); err != nil || is.Job == nil || is.Job.Schedule != "rate(5 minutes)" {
		t.Errorf("%+v, %v", is, err)
	}
}

// TestRenewOfWhatCouldNotBeRead: a schedule that changed and could not be read is read again. That a
// list had it since says nothing of what it carries.
func TestRenewOfWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	w := newLaps(t, 150)
	w.expect(150, 2, true)
	w.set(jobNo(7), w.clock)
	w.get = func(string) error { return errThrottled }
	for range 2 {
		if _, _, err := w.minute(); !errors.As(err, new(*UnreadError)) {
			t.Fatal(err)
		}
	}
	w.get = nil
	if is, gets, err := w.renew(jobNo(7), w.clock.Add(-time.Minute)); err != nil || gets != 1 || is.Job == nil || is.Job.Modified.Equal(changed) {
		t.Errorf("after %d reads: %+v, %v", gets, is, err)
	}
}

// TestRenewOfAJobThatWasRenamed: its schedule carries another job since the list. Until then it was there.
func TestRenewOfAJobThatWasRenamed(t *testing.T) {
	t.Parallel()
	clock := changed
	g := &group{schedules: []entry.Schedule{schedule("1", "cron(0 3 * * ? *)", input(t, job.Job{Name: "etl"}))}}
	r := &Registry{Scheduler: g, Rules: rules{}, Trigger: trigger, Read: entry.Registered, Now: func() time.Time { return clock }}
	if _, err := r.Jobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(time.Minute)
	g.schedules[0].Input, g.schedules[0].Modified = input(t, job.Job{Name: "report"}), clock
	if is, err := r.Renew(t.Context(), "etl", clock); err != nil || !is.Gone || !is.Seen.Equal(changed) || !is.Found.Equal(clock) {
		t.Errorf("the old name: %+v, %v", is, err)
	}
	if is, err := r.Renew(t.Context(), "report", clock); err != nil || is.Job == nil {
		t.Errorf("the new name: %+v, %v", is, err)
	}
}
