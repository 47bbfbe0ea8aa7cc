package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

type teller struct {
	err  error
	told []notice.Notice
}

func (n *teller) Notify(_ context.Context, x notice.Notice) ([]string, error) {
	if n.err == nil {
		n.told = append(n.told, x)
	}
	return []string{"ops"}, n.err
}

// TestTell: a program that is fed by the store's changes sends what is owed, once, and gives
// up what cannot be sent for a day.
func TestTell(t *testing.T) {
	t.Parallel()
	now := t0
	store, n := &memory.Store{}, &teller{err: errors.New("the line is dead")}
	c := &control.Control{
		Stack: stack, Store: store, Now: func() time.Time { return now }, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
	}
	// A slot whose trigger never came is reported, since nothing else will report it.
	late := t0.Add(-time.Hour)
	reply, err := c.Scheduled(t.Context(), "", job.Job{Name: "etl", TaskDefinition: "etl"}, late)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckSlots(t.Context()); err != nil { // this makes the run owe it
		t.Fatal(err)
	}
	c.Notifier = n
	tell := func() error { return c.Tell(t.Context(), reply.Run) }

	if err := tell(); !errors.Is(err, n.err) {
		t.Fatalf("a notice that cannot be carried: got %v", err)
	}
	n.err = nil
	for range 2 {
		if err := tell(); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.told) != 1 || n.told[0].Kind != notice.Missed {
		t.Fatalf("told %+v, want one that it was missed", n.told)
	}
	if err := c.Tell(t.Context(), "gone/20261122T1730Z"); err != nil {
		t.Errorf("a run that expired: %v", err)
	}
}

// TestTellDoesNothingElse: a program that only sends notices leaves a launch that is owed to others.
func TestTellDoesNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.know(report)
	r := run.New(run.Request{ID: minute(0), ScheduledFor: t0, Definition: report.Hash(), Task: run.TaskDefinition{ARN: "arn:1", Container: "app"}}, t0, run.DefaultTiming)
	r.OweWords(string(notice.Unexpected), "at an odd minute", t0, run.DefaultTiming)
	if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.Tell(t.Context(), r.ID); err != nil || len(w.told) != 1 {
		t.Errorf("told %s, %v", w.kinds(), err)
	}
	if r := w.run(r.ID); w.calls("Launch") != 0 || !r.Owes(run.Launch) || r.Owes(run.Tell) {
		t.Errorf("it launched: %s", w.story())
	}
}

func TestTellGivesUp(t *testing.T) {
	t.Parallel()
	now := t0
	store, n := &memory.Store{}, &teller{err: errors.New("the line is dead")}
	c := &control.Control{
		Stack: stack, Store: store, Now: func() time.Time { return now }, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
	}
	reply, err := c.Scheduled(t.Context(), "", job.Job{Name: "etl", TaskDefinition: "etl"}, t0.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckSlots(t.Context()); err != nil { // this makes the run owe it
		t.Fatal(err)
	}
	c.Notifier = n
	now = t0.Add(control.TellFor - time.Minute)
	if err := c.Tell(t.Context(), reply.Run); err == nil {
		t.Fatal("gave up before its time")
	}
	now = t0.Add(control.TellFor)
	if err := c.Tell(t.Context(), reply.Run); err != nil {
		t.Fatal(err)
	}
	r, err := store.Run(t.Context(), reply.Run)
	if err != nil || r.Open() {
		t.Errorf("the run is still open: %+v, %v", r, err)
	}
	if kept, _ := store.Kept(t.Context(), 1); len(kept) != 1 {
		t.Errorf("kept %+v", kept)
	}
}

// TestANoticeThatIsBeingTold: that a target takes its time is no fault of a look that comes meanwhile. The
// notice stays owed until it is told.
func TestANoticeThatIsBeingTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 3)})
	w.know(report)
	notifier := w.ctl.Notifier
	w.ctl.Notifier = &teller{err: fmt.Errorf("telling: %w", port.ErrTelling)}
	w.triggerSlot(report, 0)
	w.clock.Advance(2 * time.Minute)
	if failed, r := w.looks(2*time.Minute), w.run(minute(0)); failed > 0 || !r.Owes(run.Tell) {
		t.Errorf("%d looks failed, %+v", failed, r.Owed)
	}
	w.ctl.Notifier = notifier
	if failed, r := w.looks(5*time.Minute), w.run(minute(0)); failed > 0 || w.kinds() != string(notice.Failed) || r.Owes(run.Tell) {
		t.Errorf("%d looks failed, told %q, %+v", failed, w.kinds(), r.Owed)
	}
}

// TestALateNoticeHasItsTime: a notice that a run owes only days after its end, here that a
// calendar ends, is tried as long as any other.
func TestALateNoticeHasItsTime(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{t0.Format(time.DateOnly), t0.AddDate(0, 0, 20).Format(time.DateOnly)}
	})
	w := known(t, j)
	w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
	w.clock.Advance(5 * time.Minute)
	id, notifier := run.ScheduledID("hourly", clockAt(18, 0, 0)), w.ctl.Notifier
	w.ctl.Notifier = &teller{err: errors.New("the line is down")}
	owed := clockAt(18, 10, 0).AddDate(0, 0, 8)
	w.sweepAt(owed)
	w.clock.AdvanceTo(owed.Add(control.TellFor - time.Minute))
	if err := w.ctl.Tell(t.Context(), id); err == nil {
		t.Error("gave up before its time")
	}
	w.ctl.Notifier = notifier
	if err := w.ctl.Tell(t.Context(), id); err != nil || w.kinds() != "calendar-ends" {
		t.Errorf("%v, told %q", err, w.kinds())
	}
	if r, err := w.store.Run(t.Context(), id); err != nil || r.Open() || !r.OwesFrom.IsZero() {
		t.Errorf("then %+v, %v", r, err)
	}
}

// TestAFailureBesideASuccess: a further failure is written without the job's item. If a
// success that was decided at the same time ended before it, the job fails again once the
// failure is reported. If the success ended after it, the job is well.
func TestAFailureBesideASuccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		recovered time.Duration
		failing   bool
	}{
		"a success before it": {-time.Second, true}, "a success after it": {time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 3), redeliver: true})
			w.know(report)
			item, err := w.store.Item(t.Context(), report.Name)
			if err != nil {
				t.Fatal(err)
			}
			item.FailingSince = t0.Add(-time.Hour)
			if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
				t.Fatal(err)
			}
			item.Rev++
			told := w.ctl.Notifier
			w.ctl.Notifier = nil
			w.triggerSlot(report, 0)
			w.clock.Advance(5 * time.Minute)
			r := w.run(minute(0))
			if got, err := w.store.Item(t.Context(), report.Name); err != nil || got.Rev != item.Rev || !r.Owes(run.Tell) {
				t.Fatalf("its end wrote the item: %+v, %v, owed %v", got, err, r.Owed)
			}
			item.FailingSince, item.RecoveredAt = time.Time{}, r.FinishedAt.Add(c.recovered)
			if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
				t.Fatal(err)
			}
			w.ctl.Notifier = told
			if err := w.ctl.Tell(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			got, err := w.store.Item(t.Context(), report.Name)
			if err != nil || !got.FailingSince.IsZero() != c.failing || w.kinds() != string(notice.Failed) {
				t.Errorf("failing since %s, %v; told %q", got.FailingSince, err, w.kinds())
			}
		})
	}
}

// TestRetryOfANoticeTwice: pasting a notice's command twice asks for one attempt; the command
// of a later failure asks for another. The command of a notice that is out of date asks for none.
func TestRetryOfANoticeTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 3), redeliver: true})
	w.ctl.RetryCommand = "batchplane retry"
	w.know(report)
	w.triggerSlot(report, 0)
	w.live()
	paste := func(n notice.Notice) port.Outcome {
		var id, request string
		var attempts int
		if _, err := fmt.Sscanf(n.RetryWith, "batchplane retry %s --attempts %d --request-id %s", &id, &attempts, &request); err != nil {
			t.Fatalf("the command is %q: %v", n.RetryWith, err)
		}
		reply, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: run.ID(id), RequestID: request, Attempts: &attempts})
		if err != nil {
			t.Fatal(err)
		}
		w.live()
		return reply.Outcome
	}
	first := w.told[0]
	unread := first // another notice about the same attempt, read later
	unread.RetryWith += "-unread"
	for n, want := range []port.Outcome{port.Accepted, port.Duplicate, port.Duplicate} {
		if got := paste(first); got != want {
			t.Errorf("pasted %d times: %s", n+1, got)
		}
	}
	if got := paste(unread); got != port.Refused {
		t.Errorf("pasted after the run was retried otherwise: %s", got)
	}
	if got := paste(w.told[1]); got != port.Accepted || len(w.made) != 3 {
		t.Errorf("the next failure's command: %s; %d tasks", got, len(w.made))
	}
}

// TestARetryThatIsLessSafeThanItWas: a request that says how safe the retry was is refused if that does
// not hold.
func TestARetryThatIsLessSafeThanItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 3), redeliver: true})
	w.know(report)
	w.triggerSlot(report, 0)
	w.live()
	for _, c := range []struct {
		seen run.Safety
		want port.Outcome
	}{{run.RetrySafe, port.Refused}, {run.RetryEnded, port.Accepted}} {
		reply, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: w.runs()[0].ID, RequestID: string(c.seen), Safety: c.seen})
		if err != nil || reply.Outcome != c.want || c.want == port.Refused && !strings.Contains(reply.Message, "a retry was safe and is ended now") {
			t.Errorf("%s: %+v, %v", c.seen, reply, err)
		}
	}
}

// endsAtOnce is an ECS whose tasks have ended, and whose ends another program has heard of,
// before RunTask answers.
type endsAtOnce struct {
	throttledECS

	ended func(context.Context, port.Launch)
}

func (e *endsAtOnce) Launch(ctx context.Context, l port.Launch) run.Event {
	answer := e.throttledECS.Launch(ctx, l)
	e.ended(ctx, l)
	return answer
}

// TestWhatAnotherTells is sent once, even if whoever launched the run hears late that it
// launched. If that other program died, the look sends it.
func TestWhatAnotherTells(t *testing.T) {
	t.Parallel()
	now, store, n := t0, &memory.Store{}, &teller{}
	at := func() time.Time { return now }
	// It has no Notifier, so it stands for a program that is still sending.
	other := &control.Control{Stack: stack, Store: store, Now: at, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler)}
	ecs := &endsAtOnce{throttledECS: throttledECS{open: true}, ended: func(ctx context.Context, l port.Launch) {
		event := fmt.Sprintf(stoppedEvent, "STOPPED", l.RoundID().StartedBy(l.Stack), "")
		event = strings.NewReplacer(`"exitCode":0`, `"exitCode":3`, "arn:x", "arn:task/"+string(l.Run), `"app"`, `"main"`).Replace(event)
		if err := other.OnStopped(ctx, []byte(event)); err != nil {
			t.Error(err)
		}
	}}
	c := &control.Control{
		Stack: stack, Store: store, Launcher: ecs, Notifier: n, Now: at, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Abreast: 1,
	}
	reply, err := c.Scheduled(t.Context(), "", job.Job{Name: "report", TaskDefinition: "report"}, t0)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := store.Run(t.Context(), reply.Run); err != nil || r.Status != run.Failed || len(n.told) != 0 {
		t.Fatalf("%+v, %v: told %+v, which another one tells", r, err, n.told)
	}
	for range 2 {
		now = now.Add(time.Hour)
		if _, err := c.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.told) != 1 || n.told[0].Kind != notice.Failed {
		t.Errorf("told %+v, want one failure", n.told)
	}
}
