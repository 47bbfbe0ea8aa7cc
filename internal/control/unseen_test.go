package control_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const (
	accessDenied    = `{"__type":"AccessDeniedException","message":"not authorized to perform this"}`
	clusterNotFound = `{"__type":"ClusterNotFoundException","message":"Cluster not found."}`
)

// ecsRefuses makes ECS answer these operations with an error of status 400 while *body is not
// "".
func (w *world) ecsRefuses(body *string, operations ...string) {
	w.transport(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		for _, op := range operations {
			if *body != "" && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+op) {
				return &http.Response{
					StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
					Body: io.NopCloser(bytes.NewBufferString(*body)), Request: r,
				}, nil
			}
		}
		return next.RoundTrip(r)
	})
}

// looks lets the sweep look every minute for a while, and returns how often it had something
// to report.
func (w *world) looks(d time.Duration) (failed int) {
	for range d / time.Minute {
		w.clock.Advance(time.Minute)
		if _, err := w.ctl.Look(w.t.Context()); err != nil {
			failed++
		}
	}
	return failed
}

// TestECSDoesNotTell: a run about whose task ECS will not tell ends, frees its lock, and is
// reported, once ECS would have forgotten the task.
func TestECSDoesNotTell(t *testing.T) {
	t.Parallel()
	stopIt := func(w *world) {
		if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(0), By: "ann", Reason: "x"}); err != nil && !errors.Is(err, port.ErrOwed) {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		answer  string
		refuses []string
		then    func(w *world)
		within  time.Duration
		status  run.Status
		rule    string
		cause   string
	}{
		"the cluster is gone":       {clusterNotFound, []string{"DescribeTasks", "StopTask"}, nil, 10 * time.Minute, run.Failed, run.RuleEndedUnseen, "no longer knows the task"},
		"no permission to describe": {accessDenied, []string{"DescribeTasks"}, nil, 80 * time.Minute, run.Failed, run.RuleEndedUnseen, "AccessDeniedException: not authorized"},
		"a person's stop, and the cluster is gone": {
			clusterNotFound, []string{"DescribeTasks", "StopTask"}, stopIt, 20 * time.Minute, run.Stopped, run.RuleEndedUnseen, "stopped by ann",
		},
		"a person's stop that ECS refuses stopped nothing": {
			accessDenied, []string{"DescribeTasks", "StopTask"}, stopIt, 80 * time.Minute, run.Failed, run.RuleEndedUnseen, "may still run",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(12*time.Hour, 0)})
			w.deaf = true
			w.know(forbidding)
			launched(t, w, forbidding)
			w.ecsRefuses(&c.answer, c.refuses...)
			if c.then != nil {
				c.then(w)
			}
			failed := w.looks(c.within)
			r := w.run(minute(0))
			if r.Status != c.status || r.Attempts[0].Rule != c.rule || !strings.Contains(r.Cause, c.cause) || len(w.made) != 1 || r.Open() {
				t.Fatalf("%s, %q: %s", r.Status, r.Cause, w.story())
			}
			if told := w.kinds(); c.status == run.Failed && told != string(notice.Failed) {
				t.Errorf("told %q", told)
			}
			if c.then == nil && failed > 12 {
				t.Errorf("%d looks failed: they hide what else is wrong", failed)
			}
			w.wantItem("after the end", "", "")
			if failed := w.looks(3 * time.Hour); failed > 0 {
				t.Errorf("%d looks failed after the end", failed)
			}
		})
	}
}

// TestAStopThatECSDidNotTake: a person is told that the task runs on, and why. The stop stays
// owed until ECS takes it.
func TestAStopThatECSDidNotTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(12*time.Hour, 0)})
	w.know(forbidding)
	launched(t, w, forbidding)
	answer := accessDenied
	w.ecsRefuses(&answer, "StopTask")
	rep, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(0), By: "ann", Reason: "x"})
	const says = "report/20261122T1730Z is to be stopped, but ECS did not take that and is asked again each minute: "
	if !errors.Is(err, port.ErrOwed) || rep.Outcome != port.Accepted || !strings.HasPrefix(rep.Message, says) || !strings.Contains(rep.Message, "AccessDeniedException") {
		t.Errorf("%+v, %v", rep, err)
	}
	answer = ""
	w.looks(2 * time.Minute)
	w.live()
	if r := w.run(minute(0)); r.Status != run.Stopped {
		t.Errorf("it is %s: %s", r.Status, w.story())
	}
}

// TestAStopBesideANoticeThatIsOwed: that a notice could not be sent does not mean that ECS did not take the stop.
func TestAStopBesideANoticeThatIsOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(30*time.Hour, 0)})
	w.know(report)
	launched(t, w, report)
	w.ctl.Notifier = &teller{err: errBroken}
	for range 25 * 2 {
		w.clock.Advance(30 * time.Minute)
		w.look()
	}
	if r := w.run(minute(0)); !r.Owes(run.Tell) {
		t.Fatal(w.story())
	}
	rep, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(0), By: "ann", Reason: "x"})
	if r := w.run(minute(0)); !errors.Is(err, errBroken) || r.Owes(run.StopTask) || strings.Contains(rep.Message, "ECS did not") {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestECSTellsAgain: a refusal that passes, and one that comes back, end nothing.
func TestECSTellsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(5*time.Hour, 0)})
	w.deaf = true
	launched(t, w, with(report, func(j *job.Job) { j.LaunchTimeout = job.Duration(10 * time.Minute) }))
	answer := accessDenied
	w.ecsRefuses(&answer, "DescribeTasks")
	w.looks(50 * time.Minute)
	answer = ""
	w.looks(40 * time.Minute)
	if r := w.runs()[0]; r.Status != run.Running || !r.Attempts[0].RefusedSince.IsZero() {
		t.Fatalf("it is %s", w.story())
	}
	answer = accessDenied
	w.looks(55 * time.Minute)
	answer = ""
	w.live()
	if r := w.runs()[0]; r.Status != run.Succeeded {
		t.Errorf("it ended as %s", w.story())
	}
}

// TestOutageOfECS: a missing answer, however long, only puts off the next look.
func TestOutageOfECS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(10*time.Hour, 0)})
	w.deaf = true
	launched(t, w, report)
	w.ports.broken = "default"
	w.ctl.Launcher = noDescribe{launchPort{w.ports}}
	w.looks(5 * time.Hour)
	if r := w.runs()[0]; r.Status != run.Running || r.DueAt.Sub(w.clock.Now()) > 2*time.Minute {
		t.Errorf("it is %s", w.story())
	}
	w.ctl.Launcher = launchPort{w.ports}
	w.live()
	if r := w.runs()[0]; r.Status != run.Succeeded {
		t.Errorf("it ended as %s", w.story())
	}
}

// TestSearchRefused: a launch in doubt whose task may not be searched for ends and is
// reported.
func TestSearchRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(12*time.Hour, 0)})
	w.deaf = true
	w.cutAnswers()
	answer := accessDenied
	w.ecsRefuses(&answer, "ListTasks")
	if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err == nil {
		t.Error("the launch had an answer")
	}
	w.looks(time.Hour)
	if r := w.runs()[0]; !r.Owes(run.Find) || w.looks(10*time.Minute) == 0 {
		t.Errorf("no look says that it may not search: %s", w.story())
	}
	w.looks(time.Hour)
	r := w.runs()[0]
	if r.Status != run.Failed || r.Attempts[0].Rule != run.RuleInDoubt || !strings.Contains(r.Cause, "AccessDeniedException") || w.kinds() != "failed" || len(w.made) != 1 {
		t.Errorf("it ended as %s", w.story())
	}
}

// TestUntoldTasks: a failure other than MISSING, and a task that the answer does not name,
// count as refusals of that task, and the others are looked at.
func TestUntoldTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.deaf = true
	for _, name := range []string{"good", "other", "unnamed"} {
		launched(t, w, job.Job{Name: name, TaskDefinition: "report"})
	}
	w.ctl.Launcher = partly{launchPort{w.ports}, w}
	w.looks(80 * time.Minute)
	got := ""
	for _, name := range []string{"good", "other", "unnamed"} {
		r := w.run(run.ScheduledID(name, t0))
		got += fmt.Sprintf("%s %s: %s\n", name, r.Status, r.Cause)
	}
	for _, want := range []string{"good succeeded", "other failed: ended unseen: for 1h", "ACCESS\n", "unnamed failed: ended unseen", "does not name the task\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestStuckRunsLetOthersPass: more runs than a batch holds cannot be handled at all. They
// keep no other from being looked at, and show as due.
func TestStuckRunsLetOthersPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.deaf = true
	const stuck = 230
	for i := range stuck {
		r := run.Run{
			ID: run.ScheduledID(fmt.Sprintf("bad-%03d", i), t0), Definition: "gone", Status: run.Running,
			DueAt: t0, QueuedAt: t0, Attempts: []run.Attempt{{N: 1, TaskARN: fmt.Sprint("task-", i), AcceptedAt: t0}},
		}
		if i%2 == 0 {
			r.Status, r.Waits = run.Queued, true
		}
		if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	launched(t, w, job.Job{Name: "good", TaskDefinition: "report"})
	w.clock.Advance(6 * time.Minute)
	looked, err := w.ctl.Look(t.Context())
	if err == nil || !strings.Contains(err.Error(), "about run bad-000/20261122T1730Z: loading definition gone") ||
		!strings.Contains(err.Error(), "looking at run bad-001/20261122T1730Z: loading definition gone") {
		t.Errorf("the error does not say which run and why: %.300v", err)
	}
	if r := w.run(run.ScheduledID("good", t0)); r.Status != run.Succeeded {
		t.Errorf("the good one is %s after %+v", r.Status, looked)
	}
	if looked.Due != stuck+1 || !looked.Oldest.Equal(t0) {
		t.Errorf("%+v", looked)
	}
	if r := w.run(run.ScheduledID("bad-000", t0)); !r.Open() || !r.DueAt.Equal(t0) {
		t.Errorf("a run without its definition is not due any more: %+v", r)
	}
}

// TestUnseenTaskStopsAfterAll: the stop of a task whose run had to be given up changes no
// status, launches nothing, and is reported.
func TestUnseenTaskStopsAfterAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(4*time.Hour, 0), redeliver: true})
	launched(t, w, report)
	answer := accessDenied
	w.ecsRefuses(&answer, "DescribeTasks")
	w.looks(80 * time.Minute)
	if r := w.runs()[0]; r.Status != run.Failed || w.kinds() != "failed" {
		t.Fatalf("%s", w.story())
	}
	w.looks(4 * time.Hour)
	if r := w.runs()[0]; r.Status != run.Failed || !r.Attempts[0].RanAfterAll || len(w.made) != 1 || w.kinds() != "failed ran-after-all" {
		t.Errorf("told %q: %s", w.kinds(), w.story())
	}
}
