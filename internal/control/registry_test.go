package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// renewals is a registry that gives one answer after the other, about whichever job. It
// repeats the last.
type renewals struct {
	answers []port.Renewal
	err     error
	// late is how many questions are answered before err is returned.
	late int
	// asked are the questions.
	asked []string
}

func (r *renewals) Renew(_ context.Context, name string, at time.Time) (port.Renewal, error) {
	r.asked = append(r.asked, name+at.Format(" 15:04:05"))
	if r.err != nil && len(r.asked) > r.late {
		return port.Renewal{}, r.err
	}
	if len(r.answers) == 0 {
		return port.Renewal{}, nil
	}
	next := r.answers[0]
	if len(r.answers) > 1 {
		r.answers = r.answers[1:]
	}
	return next, nil
}

func holds(j job.Job) port.Renewal {
	r := port.Register(j)
	return port.Renewal{Job: &r}
}

func goneSince(hour, minute int) port.Renewal {
	return port.Renewal{Gone: true, Seen: clockAt(hour, minute, 0), Found: clockAt(hour, minute, 30)}
}

// TestSlotsAreJudgedByWhatIsAskedAnew: before a slot is called missed, the registry is asked
// about its job as of the slot; before a slot is started, as of a minute ago.
func TestSlotsAreJudgedByWhatIsAskedAnew(t *testing.T) {
	t.Parallel()
	moved := func(at time.Time) job.Job {
		return with(hourly, func(j *job.Job) { j.Schedule, j.Modified = "30 * * * *", at })
	}
	latest := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	bad := with(hourly, func(j *job.Job) { j.Schedule = "cron(nonsense)" })
	const once, twice, startedToo = "hourly 18:00:00", "hourly 18:00:00, hourly 18:16:00", "hourly 18:00:00, hourly 18:15:00"
	for name, c := range map[string]struct {
		job     job.Job
		answers []port.Renewal
		slots   string
		asked   string
		err     string
	}{
		"nothing better is known":      {hourly, nil, "18:00 missed", once, ""},
		"it is as it was":              {hourly, []port.Renewal{holds(hourly)}, "18:00 missed", once, ""},
		"it left before the slot":      {hourly, []port.Renewal{goneSince(17, 50)}, "", once, ""},
		"it left, and was made again":  {hourly, []port.Renewal{goneSince(17, 29)}, "18:00 missed", once, ""},
		"it left at once":              {hourly, []port.Renewal{{Gone: true, Seen: t0.Add(-time.Minute), Found: t0}}, "", once, ""},
		"it left after the slot":       {hourly, []port.Renewal{goneSince(18, 5)}, "18:00 missed", once, ""},
		"its slot moved before":        {hourly, []port.Renewal{holds(moved(clockAt(17, 50, 0)))}, "", once, ""},
		"its slot moved after":         {hourly, []port.Renewal{holds(moved(clockAt(18, 5, 0)))}, "18:00 missed", twice, ""},
		"a plan that cannot be read":   {hourly, []port.Renewal{holds(bad)}, "18:00 missed", twice, ""},
		"one that is started":          {latest, nil, "18:00 running by catch-up", startedToo, ""},
		"one that left is not started": {latest, []port.Renewal{{}, goneSince(18, 5)}, "18:00 missed", startedToo, ""},
		"one that may have left":       {latest, []port.Renewal{{Unproved: true}, {Unproved: true}}, "18:00 missed", startedToo, ""},
		"one that may have left since": {latest, []port.Renewal{{}, {Unproved: true}}, "18:00 missed", startedToo, ""},
		"one that may not, after all":  {latest, []port.Renewal{{Unproved: true}, holds(latest)}, "18:00 running by catch-up", startedToo, ""},
		"it changes each time it is asked": {hourly, []port.Renewal{
			holds(with(hourly, func(j *job.Job) { j.Command = []string{"1"} })), holds(with(hourly, func(j *job.Job) { j.Command = []string{"2"} })),
		}, "", twice, "its item changed meanwhile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.job)
			r := &renewals{answers: c.answers}
			w.ctl.Registry = r
			w.clock.AdvanceTo(clockAt(18, 16, 0))
			err := w.ctl.CheckSlots(t.Context())
			if said := fmt.Sprint(err); (err == nil) != (c.err == "") || !strings.Contains(said, c.err) {
				t.Errorf("error %v", err)
			}
			if got := w.slotsOf("hourly"); got != c.slots {
				t.Errorf("slots %q, want %q", got, c.slots)
			}
			if got := strings.Join(r.asked, ", "); got != c.asked {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
			asked := len(r.asked)
			w.clock.Advance(time.Minute)
			if err := w.ctl.CheckSlots(t.Context()); c.err == "" && (err != nil || len(r.asked) > asked) {
				t.Errorf("the next check asked %v: %v", r.asked[asked:], err)
			}
		})
	}
}

// TestAJobThatIsGoneIsNotAskedFor: its slots are judged by when it was last seen.
func TestAJobThatIsGoneIsNotAskedFor(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(18, 5, 0))
	if err := w.ctl.Sync(t.Context(), []job.Job{hourly}); err != nil {
		t.Fatal(err)
	}
	w.know()
	r := &renewals{err: errBroken}
	w.ctl.Registry = r
	w.sweepAt(clockAt(18, 16, 0))
	if got := w.slotsOf("hourly"); got != "18:00 missed" || len(r.asked) != 0 {
		t.Errorf("slots %q, asked %v", got, r.asked)
	}
}

// TestARegistryThatCannotBeAsked: nothing is judged meanwhile, which is reported, and the
// slots are found once it answers.
func TestARegistryThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.sweepAt(clockAt(17, 50, 0))
	r := &renewals{err: errBroken}
	w.ctl.Registry = r
	for _, at := range []time.Time{clockAt(18, 15, 0), clockAt(18, 16, 0)} {
		w.clock.AdvanceTo(at)
		if err := w.ctl.CheckSlots(t.Context()); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "job hourly") {
			t.Errorf("%v", err)
		}
		if got := w.slotsOf("hourly"); got != "" {
			t.Errorf("slots %q", got)
		}
	}
	r.err = nil
	w.sweepAt(clockAt(18, 17, 0))
	if got := w.slotsOf("hourly"); got != "18:00 missed" || w.kinds() != "missed" {
		t.Errorf("slots %q, told %s", got, w.kinds())
	}
}

// TestWhatIsAskedAnewIsWrittenOrSaid: each call on the way that fails is reported, and so is
// another process that writes in between. The next check judges the slot.
func TestWhatIsAskedAnewIsWrittenOrSaid(t *testing.T) {
	t.Parallel()
	changed := with(hourly, func(j *job.Job) { j.Schedule = "0 */2 * * *" })
	for name, answer := range map[string]port.Renewal{"gone": goneSince(17, 50), "changed": holds(with(changed, func(j *job.Job) { j.Modified = clockAt(17, 50, 0) }))} {
		begin := func() (*world, *renewals) {
			w := known(t, hourly)
			w.sweepAt(clockAt(17, 51, 0))
			r := &renewals{answers: []port.Renewal{answer}}
			w.ctl.Registry = r
			w.clock.AdvanceTo(clockAt(18, 16, 0))
			w.ports.calls = nil
			return w, r
		}
		w, _ := begin()
		w.sweepAt(clockAt(18, 16, 0))
		calls := w.ports.calls
		if !slices.Contains(calls, "Commit") {
			t.Fatalf("%s: it is not written: %v", name, calls)
		}
		for k := range calls {
			w, _ := begin()
			w.ports.fault = fault{mode: fails, at: []int{k + 1}}
			err := w.ctl.CheckSlots(t.Context())
			w.ports.fault = fault{}
			// In that case each job asks for its own runs; a notice is tried again.
			quiet := k == slices.Index(calls, "Exist") || slices.Contains(calls[max(0, k-1):k+1], "Notify")
			if errors.Is(err, errBroken) == quiet {
				t.Errorf("%s: call %d, %s: %v", name, k+1, calls[k], err)
			}
			w.sweepAt(clockAt(18, 17, 0))
			if got := w.slotsOf("hourly"); got != map[string]string{"gone": "", "changed": "18:00 missed"}[name] {
				t.Errorf("%s: call %d, %s: slots %q", name, k+1, calls[k], got)
			}
		}
		w, _ = begin()
		w.ports.onCall = func(call string) {
			if call == "Commit" {
				w.ports.onCall = nil
				w.pauseAt(w.clock.Now(), "hourly", time.Time{})
			}
		}
		if err := w.ctl.CheckSlots(t.Context()); err == nil || w.slotsOf("hourly") != "" {
			t.Errorf("%s, written by another: %v, slots %q", name, err, w.slotsOf("hourly"))
		}
	}
}

// TestACatchUpThatCannotBeAskedFor: a slot that would be started is neither started nor
// called missed before the registry answers.
func TestACatchUpThatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	w := known(t, with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast }))
	r := &renewals{err: errBroken, late: 1}
	w.ctl.Registry = r
	w.clock.AdvanceTo(clockAt(18, 16, 0))
	if err := w.ctl.CheckSlots(t.Context()); !errors.Is(err, errBroken) || len(r.asked) != 2 || w.slotsOf("hourly") != "" {
		t.Errorf("asked %v, slots %q: %v", r.asked, w.slotsOf("hourly"), err)
	}
	r.err = nil
	w.sweepAt(clockAt(18, 17, 0))
	if got := w.slotsOf("hourly"); got != "18:00 running by catch-up" {
		t.Errorf("slots %q", got)
	}
}

// TestAnotherFoundThatItLeft: since when a job has been gone stays as whoever found it first
// wrote it.
func TestAnotherFoundThatItLeft(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(18, 5, 0))
	w.know(hourly)
	w.clock.AdvanceTo(clockAt(18, 16, 0))
	l, err := w.ctl.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.know()
	r := &renewals{answers: []port.Renewal{goneSince(17, 50)}}
	w.ctl.Registry = r
	if err := w.ctl.CheckLoaded(t.Context(), l); err != nil || len(r.asked) != 1 {
		t.Errorf("asked %v: %v", r.asked, err)
	}
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || !item.SeenAt.Equal(clockAt(18, 5, 0)) || w.slotsOf("hourly") != "18:00 missed" {
		t.Errorf("%+v, %v; slots %q", item, err, w.slotsOf("hourly"))
	}
}

// TestAnotherFoundThatItLeftSince: an older answer does not overwrite that.
func TestAnotherFoundThatItLeftSince(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(18, 16, 0))
	l, err := w.ctl.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.know()
	w.ctl.Registry = &renewals{answers: []port.Renewal{holds(with(hourly, func(j *job.Job) { j.Command = []string{"as it was before"} }))}}
	if err := w.ctl.CheckLoaded(t.Context(), l); err == nil || !strings.Contains(err.Error(), "its item changed meanwhile") {
		t.Errorf("got %v", err)
	}
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || !item.Gone {
		t.Errorf("%+v, %v", item, err)
	}
}

// TestAnotherKnowsThatItWasMadeAgain: a job that was found gone before that is not gone, and
// the next check judges its slots.
func TestAnotherKnowsThatItWasMadeAgain(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(18, 16, 0))
	l, err := w.ctl.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.know(with(hourly, func(j *job.Job) { j.Command = []string{"again"} }))
	w.ctl.Registry = &renewals{answers: []port.Renewal{goneSince(18, 15)}}
	if err := w.ctl.CheckLoaded(t.Context(), l); err == nil || w.slotsOf("hourly") != "" {
		t.Errorf("slots %q: %v", w.slotsOf("hourly"), err)
	}
	w.sweepAt(clockAt(18, 17, 0))
	if item, err := w.store.Item(t.Context(), "hourly"); err != nil || item.Gone || w.slotsOf("hourly") != "18:00 missed" {
		t.Errorf("%+v, %v; slots %q", item, err, w.slotsOf("hourly"))
	}
}

// TestAChangeKnownAsTheLastCheckEnded: another process, whose clock is behind, wrote it after
// the items were loaded. The check goes back to what the new plan asked for before that.
func TestAChangeKnownAsTheLastCheckEnded(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.sweepAt(clockAt(17, 51, 0))
	w.clock.AdvanceTo(clockAt(18, 16, 0))
	l, err := w.ctl.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	moved := with(hourly, func(j *job.Job) { j.Schedule, j.Modified = "35 * * * *", clockAt(17, 31, 0) })
	behind := control.Control{Stack: stack, Store: w.store, Now: func() time.Time { return clockAt(17, 51, 0) }, Log: w.ctl.Log}
	if err := behind.Sync(t.Context(), []job.Job{moved}); err != nil {
		t.Fatal(err)
	}
	w.ctl.Registry = &renewals{answers: []port.Renewal{holds(moved)}}
	if err := w.ctl.CheckLoaded(t.Context(), l); err != nil || w.slotsOf("hourly") != "17:35 missed" {
		t.Errorf("slots %q: %v", w.slotsOf("hourly"), err)
	}
}

// commitOf returns the number of the first write among the calls of do.
func commitOf(t *testing.T, do func(w *world) error) int {
	t.Helper()
	w := known(t, hourly)
	w.clock.AdvanceTo(clockAt(17, 40, 0))
	w.ports.calls = nil
	if err := do(w); err != nil {
		t.Fatal(err)
	}
	return slices.Index(w.ports.calls, "Commit") + 1
}

// TestNewsThatCannotBeToldIsAskedForAgain: what is deployed does not count as known if the
// registry could not be asked about it.
func TestNewsThatCannotBeToldIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	v2 := with(hourly, func(j *job.Job) { j.Command = []string{"v2"} })
	r := &renewals{err: errBroken}
	w.ctl.Registry = r
	w.clock.Advance(time.Minute)
	if err := w.ctl.Sync(t.Context(), []job.Job{v2}); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	r.err = nil
	err := w.ctl.Sync(t.Context(), []job.Job{v2})
	if item, _ := w.store.Item(t.Context(), "hourly"); err != nil || item.Definition != port.Register(v2).Hash {
		t.Errorf("it is as before: %+v, %v", item, err)
	}
}
