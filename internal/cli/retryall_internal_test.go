package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// retries is a door that counts how often each run is retried. It returns an error from request
// failsAt on. It refuses those runs to be retried that have another number of attempts now.
type retries struct {
	asked   map[run.ID]int
	now     map[run.ID]int
	ids     map[string]bool
	failsAt int
	last    port.RetryRequest
}

var errFunction = errors.New("the trigger function failed: the table is away; see its log")

func (d *retries) Ask(_ context.Context, r entry.Request) (port.Reply, error) {
	if len(d.ids) == d.failsAt {
		return port.Reply{}, errFunction
	}
	if n, ok := d.now[r.Retry.Run]; ok && n != *r.Retry.Attempts {
		return port.Reply{Outcome: port.Refused, Run: r.Retry.Run, Message: string(r.Retry.Run) + " has changed"}, nil
	}
	if !d.ids[r.Retry.RequestID] {
		d.asked[r.Retry.Run]++
	}
	d.ids[r.Retry.RequestID], d.last = true, *r.Retry
	return port.Reply{Outcome: port.Accepted, Run: r.Retry.Run, Message: "queued " + string(r.Retry.Run)}, nil
}

// failedNight has one run of each of n jobs that failed without a start, and one run that ran.
func failedNight(t *testing.T, n int) (*plane.Plane, *memory.Store, *retries) {
	t.Helper()
	at := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	store, door := &memory.Store{}, &retries{asked: map[run.ID]int{}, ids: map[string]bool{}, failsAt: -1}
	for i := range n + 1 {
		r := run.Run{
			ID: run.ScheduledID(fmt.Sprintf("job-%d", i), at), ScheduledFor: at, QueuedAt: at, FinishedAt: at.Add(time.Minute),
			Status: run.Failed, Cause: "no capacity", Attempts: []run.Attempt{{N: 1, Started: stop.No}},
		}
		if i == n {
			r.Cause, r.Attempts[0] = "the host failed", run.Attempt{N: 1, TaskARN: "x", Started: stop.Yes}
		}
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	return &plane.Plane{Reader: store, Door: door}, store, door
}

func retryAll(t *testing.T, p *plane.Plane, screen Screen, c retryCmd) (out, errs string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{Env: Env{Stdout: &stdout, Stderr: &stderr, User: "ana", Screen: screen}, zone: time.UTC}
	c.All, c.Since = true, "2026-11-22"
	err = c.retryAll(t.Context(), a, p)
	return stdout.String(), stderr.String(), err
}

// TestRetryAllGroups: what will be retried comes first, with the reason; what is left comes after
// it, and nobody is asked about it.
func TestRetryAllGroups(t *testing.T) {
	t.Parallel()
	p, _, door := failedNight(t, 2)
	out, errs, err := retryAll(t, p, Screen{Progress: true}, retryCmd{selection: selection{Yes: true}})
	const want = `WILL   RUN                   STATUS  RETRY IS  WHY                                             CAUSE
retry  job-1/20261122T0200Z  failed  safe      nothing of it ever started                      no capacity
retry  job-0/20261122T0200Z  failed  safe      nothing of it ever started                      no capacity
leave  job-2/20261122T0200Z  failed  unsafe    attempt 1 ran, and nobody knows how far it got  the host failed
queued job-1/20261122T0200Z
queued job-0/20261122T0200Z
`
	if err != nil || out != want || len(door.asked) != 2 {
		t.Errorf("got %v, %v\n%s", door.asked, err, out)
	}
	if errs != "looking for what failed …\r\x1b[K" {
		t.Errorf("on a terminal it says %q", errs)
	}
}

// TestRetryAllChoosesBySafety: runs that are safe to retry are retried wherever they are in the
// list; others only if a person named their kind. None is lost.
func TestRetryAllChoosesBySafety(t *testing.T) {
	t.Parallel()
	var all []plane.Candidate
	for _, s := range []run.Safety{run.RetryUnsafe, run.RetrySafe, run.RetryEnded, run.RetryDone, run.RetrySafe, run.RetryOpen, run.RetryUnsafe} {
		all = append(all, plane.Candidate{Retry: run.Retry{Safety: s}})
	}
	words := func(ks []plane.Candidate) string {
		var out []string
		for _, k := range ks {
			out = append(out, string(k.Retry.Safety))
		}
		return strings.Join(out, " ")
	}
	for name, c := range map[string]struct {
		even         []string
		chosen, left string
	}{
		"only safe":    {nil, "safe safe", "unsafe ended done open unsafe"},
		"ended too":    {[]string{"ended"}, "safe ended safe", "unsafe done open unsafe"},
		"unsafe too":   {[]string{"unsafe"}, "unsafe safe safe unsafe", "ended done open"},
		"both of them": {[]string{"ended", "unsafe"}, "unsafe safe ended safe unsafe", "done open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chosen, left := (&retryCmd{selection: selection{Even: c.even}}).choose(all)
			if words(chosen) != c.chosen || words(left) != c.left {
				t.Errorf("got %s and left %s, want %s and left %s", words(chosen), words(left), c.chosen, c.left)
			}
		})
	}
}

// TestEvens: what is offered is what --even accepts.
func TestEvens(t *testing.T) {
	t.Parallel()
	for want, safeties := range map[string][]run.Safety{
		"": {run.RetryDone, run.RetryOpen},
		"; once you have checked them, --even ended,unsafe retries them": {run.RetryUnsafe, run.RetryDone, run.RetryEnded, run.RetryUnsafe},
	} {
		var left []plane.Candidate
		for _, s := range safeties {
			left = append(left, plane.Candidate{Retry: run.Retry{Safety: s}})
		}
		if got := evens(left); got != want {
			t.Errorf("%v: %q, want %q", safeties, got, want)
		}
	}
}

// TestRetryAllOfTenThousand: so many are refused as a whole unless --max allows them; then each
// is requested once.
func TestRetryAllOfTenThousand(t *testing.T) {
	t.Parallel()
	const n = 10_000
	p, _, door := failedNight(t, n)
	c := retryCmd{selection: selection{Yes: true}}
	_, _, err := retryAll(t, p, Screen{}, c)
	const want = "found 10000 runs, more than the 50 that are retried at once: narrow them down with --job, --cause or --since, or give --max 10000"
	if err == nil || err.Error() != want || len(door.asked) != 0 {
		t.Errorf("got %v, and %d were asked for", err, len(door.asked))
	}
	most := n
	c.Max = &most
	if _, _, err := retryAll(t, p, Screen{}, c); err != nil || len(door.asked) != n {
		t.Errorf("got %v, and %d were asked for", err, len(door.asked))
	}
}

// TestRetryAllGoesOn: after an error, asking again continues, and nothing is done twice.
func TestRetryAllGoesOn(t *testing.T) {
	t.Parallel()
	p, _, door := failedNight(t, 5)
	door.failsAt = 3
	c := retryCmd{selection: selection{Yes: true}}
	_, _, err := retryAll(t, p, Screen{}, c)
	if !errors.Is(err, errFunction) || !strings.HasPrefix(err.Error(), "retrying job-1/20261122T0200Z: the trigger function failed: ") || !strings.HasSuffix(err.Error(), "; repeat the command to continue: nothing is done twice") {
		t.Errorf("got %v", err)
	}
	door.failsAt = -1
	if _, _, err := retryAll(t, p, Screen{}, c); err != nil || len(door.asked) != 5 {
		t.Errorf("again: %v, %v", door.asked, err)
	}
	for id, times := range door.asked {
		if times != 1 {
			t.Errorf("%s was retried %d times", id, times)
		}
	}
}

// TestRetryAllAsksAsTold: each request says why, and whether the run is to be retried as it was.
func TestRetryAllAsksAsTold(t *testing.T) {
	t.Parallel()
	p, _, door := failedNight(t, 1)
	if _, _, err := retryAll(t, p, Screen{}, retryCmd{Same: true, Reason: "moved", selection: selection{Yes: true}}); err != nil || !door.last.Same || door.last.Reason != "moved" || door.last.Force {
		t.Errorf("asked for %+v, %v", door.last, err)
	}
}

// TestRetryAllLeavesWhatHasChanged: what was safe may no longer be safe once somebody else has
// retried it. The others are retried.
func TestRetryAllLeavesWhatHasChanged(t *testing.T) {
	t.Parallel()
	p, _, door := failedNight(t, 2)
	door.now = map[run.ID]int{"job-1/20261122T0200Z": 2, "job-0/20261122T0200Z": 1}
	_, _, err := retryAll(t, p, Screen{}, retryCmd{selection: selection{Yes: true}})
	if err == nil || err.Error() != "1 run not launched: job-1/20261122T0200Z" || len(door.asked) != 1 || door.asked["job-0/20261122T0200Z"] != 1 {
		t.Errorf("got %v, %v", door.asked, err)
	}
}

// TestRetryAfterARestore: of a run that ended before the store knew all launches, retry says that it is
// unsafe, as show does.
func TestRetryAfterARestore(t *testing.T) {
	t.Parallel()
	p, store, _ := failedNight(t, 1)
	r, err := store.Run(t.Context(), "job-0/20261122T0200Z")
	if err != nil {
		t.Fatal(err)
	}
	for notBefore, want := range map[time.Time]string{{}: "", r.FinishedAt.Add(time.Minute): "safe to retry? no: "} {
		var told bytes.Buffer
		p.Stack.NotBefore = notBefore
		(&app{Env: Env{Stderr: &told}}).warnOfRetry(t.Context(), p, r)
		if got := told.String(); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("with %v: %q", notBefore, got)
		}
	}
}

// TestRetryOfAnIdempotentJob: nothing is said of a retry that does no harm, whatever the run did.
func TestRetryOfAnIdempotentJob(t *testing.T) {
	t.Parallel()
	p, store, _ := failedNight(t, 1)
	r, err := store.Run(t.Context(), "job-1/20261122T0200Z")
	if err != nil {
		t.Fatal(err)
	}
	for idempotent, want := range map[bool]string{false: "safe to retry? ", true: ""} {
		j := job.Job{Name: "job-1", TaskDefinition: "x", Retry: job.Retry{Idempotent: idempotent}}
		if err := store.PutDefinition(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		var told bytes.Buffer
		r.Definition = j.Hash()
		(&app{Env: Env{Stderr: &told}}).warnOfRetry(t.Context(), p, r)
		if got := told.String(); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("idempotent %t: %q", idempotent, got)
		}
	}
}
