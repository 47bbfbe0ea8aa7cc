package control_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func launched(t *testing.T, w *world, j job.Job) {
	t.Helper()
	if rep, err := w.ctl.Scheduled(t.Context(), "", j, t0); err != nil || rep.Status != run.Running {
		t.Fatalf("%+v, %v", rep, err)
	}
}

// TestLookDescribesInBatches: 105 running runs of one cluster and 3 of another are looked at
// with calls of at most 100 tasks, one cluster a call.
func TestLookDescribesInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(3*time.Hour, 0), redeliver: true})
	for i := range 105 {
		launched(t, w, job.Job{Name: fmt.Sprintf("job-%03d", i), TaskDefinition: "report"})
	}
	for i := range 3 {
		launched(t, w, job.Job{Name: fmt.Sprintf("other-%d", i), TaskDefinition: "report", Cluster: "other"})
	}
	w.clock.Advance(5 * time.Minute)
	var asked []string
	w.ports.onDescribe = func(cluster string, arns []string) { asked = append(asked, fmt.Sprintf("%s %d", cluster, len(arns))) }
	looked, err := w.ctl.Look(t.Context())
	if err != nil || looked.Due != 108 || looked.Described != 108 {
		t.Errorf("%+v, %v", looked, err)
	}
	if slices.Sort(asked); !slices.Equal(asked, []string{" 100", " 5", "other 3"}) {
		t.Errorf("described %q", asked)
	}
	if looked, err := w.ctl.Look(t.Context()); err != nil || looked.Due != 0 {
		t.Errorf("at once again: %+v, %v", looked, err)
	}
}

// TestLookGoesOn: an error over one run keeps no other from being looked at, and is reported.
func TestLookGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.deaf = true // the events of the stops are lost
	bad := job.Job{Name: "bad", TaskDefinition: "report", Cluster: "bad"}
	launched(t, w, job.Job{Name: "good-1", TaskDefinition: "report"})
	launched(t, w, bad)
	launched(t, w, job.Job{Name: "good-2", TaskDefinition: "report", Cluster: "other"})
	w.ports.broken = "bad"
	w.clock.Advance(6 * time.Minute)
	if _, err := w.ctl.Look(t.Context()); err == nil || !strings.Contains(err.Error(), `cluster "bad"`) {
		t.Errorf("error %v", err)
	}
	for _, r := range w.runs() {
		if want := r.ID.Job() != "bad"; r.Status.Terminal() != want {
			t.Errorf("%s is %s", r.ID, r.Status)
		}
	}
}

// TestUnresolved: a task definition that cannot be resolved just now is waited for.
func TestUnresolved(t *testing.T) {
	t.Parallel()
	// Find the number of the call by which a trigger resolves.
	w := newWorld(t, setup{})
	_ = w.process(trigger(w, report))
	resolve := []int{slices.Index(w.ports.calls, "Resolve") + 1}
	t.Run("later it is there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{script: runs(time.Minute, 0), fault: fault{mode: fails, at: resolve}, redeliver: true})
		rep, err := w.ctl.Scheduled(t.Context(), "", report, t0)
		if err != nil || rep.Outcome != port.Accepted || rep.Status != run.Queued || !strings.Contains(rep.Message, "waiting for the task definition") {
			t.Errorf("%+v, %v", rep, err)
		}
		w.live()
		if r := w.runs()[0]; r.Status != run.Succeeded || len(r.Attempts) != 1 || len(w.told) != 0 {
			t.Errorf("it ended as %s", w.story())
		}
	})
	t.Run("it turns out not to exist", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{fault: fault{mode: fails, at: resolve}, redeliver: true})
		if _, err := w.ctl.Scheduled(t.Context(), "", job.Job{Name: "report", TaskDefinition: "absent"}, t0); err != nil {
			t.Fatal(err)
		}
		w.live()
		failedAndTold(t, w)
		if after := w.runs()[0].FinishedAt.Sub(t0); after > 3*time.Minute {
			t.Errorf("it waited for %s", after)
		}
	})
	t.Run("it never comes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{redeliver: true})
		w.ports.unresolvable = true
		if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err != nil {
			t.Fatal(err)
		}
		w.live()
		if len(w.told) == 0 || w.told[0].Kind != notice.HeldUp {
			t.Fatalf("after a quarter of an hour it told nothing: %s", w.story())
		}
		w.told = w.told[1:]
		failedAndTold(t, w)
	})
}

func failedAndTold(t *testing.T, w *world) {
	t.Helper()
	r := w.runs()[0]
	if r.Status != run.Failed || r.Open() || len(w.made) != 0 || len(w.told) != 1 || w.told[0].Kind != notice.Failed {
		t.Errorf("it ended as %s", w.story())
	}
	if !strings.HasPrefix(w.told[0].RetryWith, "batchplane retry ") || !strings.HasPrefix(r.Cause, "not launched") {
		t.Errorf("told %+v of %q", w.told[0], r.Cause)
	}
}

// TestEndedUnseen: a run whose events were lost, and whose task nobody looked at while ECS
// remembered it, may have run. It is reported, not relaunched.
func TestEndedUnseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.deaf = true
	launched(t, w, report)
	w.clock.Advance(3 * time.Hour)
	w.live()
	if r := w.runs()[0]; r.Status != run.Failed || r.Attempts[0].Rule != run.RuleEndedUnseen || len(w.made) != 1 || len(w.told) != 1 {
		t.Errorf("it ended as %s", w.story())
	}
}

// TestInDoubtTooLong: a launch whose every answer is lost is not sent again once its token
// may be dead. It is searched for, and reported.
func TestInDoubtTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.deaf = true
	sent := 0
	w.cutRunTask(func() bool { sent++; return true })
	if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err == nil {
		t.Error("a launch without an answer is an error, so that the trigger comes again")
	}
	w.live()
	r := w.runs()[0]
	if r.Status != run.Failed || r.Attempts[0].Rule != run.RuleInDoubt || len(w.told) != 1 {
		t.Errorf("it ended as %s", w.story())
	}
	if last := r.FinishedAt.Sub(t0); sent < 10 || sent != r.Attempts[0].Sends || last > 75*time.Minute {
		t.Errorf("%d sends, %d counted, given up after %v", sent, r.Attempts[0].Sends, last)
	}
}

// TestInDoubtFound: the same, but the search finds the task and adopts it.
func TestInDoubtFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(2*time.Hour, 0)})
	w.deaf = true
	w.cutAnswers()
	_, _ = w.ctl.Scheduled(t.Context(), "", report, t0)
	w.live()
	if r := w.runs()[0]; r.Status != run.Succeeded || len(r.Attempts) != 1 || len(w.made) != 1 || !slices.Contains(w.ports.calls, "Find") {
		t.Errorf("it ended as %s", w.story())
	}
}

// roundTripper is a transport from a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func isRunTask(r *http.Request) bool {
	return strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RunTask")
}

// cutRunTask makes requests for RunTask get lost on their way while cut returns true.
func (w *world) cutRunTask(cut func() bool) {
	w.transport(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isRunTask(r) && cut() {
			return nil, io.ErrUnexpectedEOF
		}
		return next.RoundTrip(r)
	})
}

// cutAnswers makes every answer of RunTask get lost, after its effect.
func (w *world) cutAnswers() {
	w.transport(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		if isRunTask(r) {
			return nil, io.ErrUnexpectedEOF
		}
		return answer, err
	})
}

// TestSync: new, changed, gone and back; what people set stays.
func TestSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	ctx := t.Context()
	check := func(step string, want map[string]string) {
		t.Helper()
		items, err := w.store.Items(ctx)
		if err != nil || len(items) != len(want) {
			t.Fatalf("%s: %d items, %v", step, len(items), err)
		}
		for _, i := range items {
			got := i.Definition
			if i.Gone {
				got += " gone"
			}
			if got != want[i.Name] {
				t.Errorf("%s: %s is at %s, want %s", step, i.Name, got, want[i.Name])
			}
			if j, err := w.store.Definition(ctx, i.Definition); err != nil || j.Hash() != i.Definition {
				t.Errorf("%s: the definition of %s: %v", step, i.Name, err)
			}
		}
	}
	sync := func(jobs ...job.Job) {
		t.Helper()
		if err := w.ctl.Sync(ctx, jobs); err != nil {
			t.Fatal(err)
		}
	}
	a, b := job.Job{Name: "a", TaskDefinition: "a"}, job.Job{Name: "b", TaskDefinition: "b"}
	sync(a, b)
	check("new", map[string]string{"a": a.Hash(), "b": b.Hash()})

	item, err := w.store.Item(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	item.FailingSince = t0
	if err := w.store.Commit(ctx, port.Change{Item: &item}); err != nil {
		t.Fatal(err)
	}
	writes := len(w.ports.calls)
	sync(a, b)
	if made := w.ports.calls[writes:]; slices.Contains(made, "Commit") || slices.Contains(made, "PutDefinition") {
		t.Errorf("nothing is new, and %v", made)
	}
	changed := a
	changed.Command = []string{"x"}
	sync(changed, b)
	check("changed", map[string]string{"a": changed.Hash(), "b": b.Hash()})
	sync(changed)
	check("gone", map[string]string{"a": changed.Hash(), "b": b.Hash() + " gone"})
	sync(changed, b)
	check("back", map[string]string{"a": changed.Hash(), "b": b.Hash()})
	if item, err := w.store.Item(ctx, "a"); err != nil || !item.FailingSince.Equal(t0) {
		t.Errorf("a sync lost what the item knew: %+v, %v", item, err)
	}
}

// TestSyncDies at every call; the next one completes it.
func TestSyncDies(t *testing.T) {
	t.Parallel()
	a, b := job.Job{Name: "a", TaskDefinition: "a"}, job.Job{Name: "b", TaskDefinition: "b"}
	for k := 1; ; k++ {
		w := newWorld(t, setup{fault: fault{mode: dies, at: []int{k}}})
		w.know(a)
		sync := func(ctx context.Context) error { return w.ctl.Sync(ctx, []job.Job{b}) }
		_ = w.process(sync)
		if w.ports.struck == 0 {
			return
		}
		if err := w.process(sync); err != nil {
			t.Fatal(err)
		}
		items, _ := w.store.Items(t.Context())
		if len(items) != 2 || !items[0].Gone || items[1].Gone || items[1].Definition != b.Hash() {
			t.Errorf("after a death at call %d: %+v", k, items)
		}
	}
}
