package plane_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/internal/view"
)

// night is 02:00 in the night of these tests' runs.
var night = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)

// ended is a job's run some minutes after night. It ended one minute after it was scheduled, or
// by late later.
func ended(job string, minute int, status run.Status, late ...time.Duration) run.Run {
	at := night.Add(time.Duration(minute) * time.Minute)
	r := run.Run{ID: run.ScheduledID(job, at), ScheduledFor: at, QueuedAt: at, Status: status, Cause: "cause of " + string(status), FinishedAt: at.Add(time.Minute)}
	for _, d := range late {
		r.FinishedAt = r.FinishedAt.Add(d)
	}
	if status != run.Missed {
		r.Attempts = []run.Attempt{{N: 1, Started: stop.No}}
	}
	return r
}

// count makes n runs of a job, one a minute.
func count(job string, from, n int, status run.Status) (out []run.Run) {
	for i := range n {
		out = append(out, ended(job, from+i, status))
	}
	return out
}

func runsOf(t *testing.T, runs ...run.Run) (*plane.Plane, *memory.Store) {
	t.Helper()
	store := &memory.Store{}
	for _, r := range runs {
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	return &plane.Plane{Reader: store, Now: func() time.Time { return night.Add(6 * time.Hour) }}, store
}

// TestCandidates: the newest run of each job with one of the statuses, failed by default, unless
// the job has succeeded since, however many runs came after.
func TestCandidates(t *testing.T) {
	t.Parallel()
	ran := ended("a", 0, run.Failed)
	ran.Attempts[0] = run.Attempt{N: 1, TaskARN: "x", Started: stop.Yes}
	other := ended("a", 30, run.Failed)
	other.Cause = "no capacity"
	for name, c := range map[string]struct {
		runs   []run.Run
		filter plane.Filter
		want   string
	}{
		"nothing":                          {nil, plane.Filter{}, ""},
		"the newest of each job":           {append(count("a", 0, 3, run.Failed), count("b", 1, 2, run.Failed)...), plane.Filter{}, "a/20261122T0202Z safe b/20261122T0202Z safe"},
		"what may have run":                {[]run.Run{ran}, plane.Filter{}, "a/20261122T0200Z unsafe"},
		"missed is not failed":             {count("a", 0, 1, run.Missed), plane.Filter{}, ""},
		"missed, where it is said":         {append(count("a", 0, 2, run.Missed), ended("b", 0, run.Failed)), plane.Filter{Statuses: []run.Status{run.Missed}}, "a/20261122T0201Z safe"},
		"stopped and skipped are not":      {[]run.Run{ended("a", 0, run.Stopped), ended("b", 0, run.Skipped)}, plane.Filter{}, ""},
		"succeeded since":                  {[]run.Run{ended("a", 0, run.Failed), ended("a", 5, run.Succeeded), ended("b", 0, run.Failed)}, plane.Filter{}, "b/20261122T0200Z safe"},
		"a success before":                 {[]run.Run{ended("a", 0, run.Succeeded), ended("a", 5, run.Failed)}, plane.Filter{}, "a/20261122T0205Z safe"},
		"an older slot, later successful":  {[]run.Run{ended("a", 0, run.Succeeded, time.Hour), ended("a", 5, run.Failed)}, plane.Filter{}, ""},
		"a newer slot, earlier successful": {[]run.Run{ended("a", 0, run.Failed, time.Hour), ended("a", 5, run.Succeeded)}, plane.Filter{}, ""},
		"missed, and a success behind many": {
			append([]run.Run{ended("a", 0, run.Missed), ended("a", 5, run.Succeeded)}, count("a", 10, 2*view.Recent, run.Failed)...),
			plane.Filter{Statuses: []run.Status{run.Missed}},
			"",
		},
		"an older slot's success behind many": {
			append([]run.Run{ended("a", 0, run.Succeeded, time.Hour), ended("a", 5, run.Missed)}, count("a", 10, 2*view.Recent, run.Failed)...),
			plane.Filter{Statuses: []run.Status{run.Missed}},
			"",
		},
		"many, and no success of its own since": {
			append([]run.Run{ended("a", 0, run.Missed), ended("a", -5, run.Succeeded), ended("b", 5, run.Succeeded)}, count("a", 10, 2*view.Recent, run.Failed)...),
			plane.Filter{Statuses: []run.Status{run.Missed}},
			"a/20261122T0200Z safe",
		},
		"by cause":   {[]run.Run{other, ended("b", 0, run.Failed)}, plane.Filter{Cause: "CAPACITY"}, "a/20261122T0230Z safe"},
		"by job":     {[]run.Run{ended("report-a", 0, run.Failed), ended("b", 0, run.Failed)}, plane.Filter{Jobs: []string{"report-*"}}, "report-a/20261122T0200Z safe"},
		"since then": {[]run.Run{ended("a", 0, run.Failed), ended("b", 9, run.Failed)}, plane.Filter{Since: night.Add(time.Minute)}, "b/20261122T0209Z safe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := runsOf(t, c.runs...)
			all, _, err := p.Candidates(t.Context(), c.filter)
			found := map[string]bool{}
			var got []string
			for _, k := range all {
				got = append(got, fmt.Sprint(k.Run.ID, " ", k.Retry.Safety))
				found[got[len(got)-1]] = true
			}
			want := strings.Fields(c.want)
			for i := 0; i < len(want); i += 2 {
				if !found[want[i]+" "+want[i+1]] {
					t.Errorf("%s is not among %v", want[i], got)
				}
			}
			if err != nil || len(got) != len(want)/2 {
				t.Errorf("got %v, %v, want %s", got, err, c.want)
			}
		})
	}
}

// TestRetriesAfterARestore: of a run that ended before the store knew all launches, nothing says that a
// retry is safe, as the trigger does not.
func TestRetriesAfterARestore(t *testing.T) {
	t.Parallel()
	p, store := runsOf(t, ended("a", 0, run.Failed), ended("b", 5, run.Failed))
	p.Stack.NotBefore = night.Add(5 * time.Minute)
	for id, want := range map[run.ID]run.Safety{"a/20261122T0200Z": run.RetryUnsafe, "b/20261122T0205Z": run.RetrySafe} {
		r, err := store.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Story(t.Context(), r)
		if err != nil || s.Retry.Safety != want {
			t.Errorf("%s: %+v, %v", id, s.Retry, err)
		}
	}
	got, _, err := p.Candidates(t.Context(), plane.Filter{})
	if err != nil || len(got) != 2 || got[0].Retry.Safety != run.RetrySafe || got[1].Retry.Safety != run.RetryUnsafe {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestCandidatesOfJobsThatLeft: what is no longer deployed may run elsewhere, so that no retry of it is safe.
func TestCandidatesOfJobsThatLeft(t *testing.T) {
	t.Parallel()
	byItself := ended("ended", 0, run.Failed)
	code := int64(3)
	byItself.Attempts[0] = run.Attempt{N: 1, TaskARN: "x", Started: stop.Yes, ExitCode: &code, Rule: stop.RuleExited}
	p, store := runsOf(t, ended("stays", 0, run.Missed), ended("left", 0, run.Missed), ended("unknown", 0, run.Missed), byItself)
	for name, gone := range map[string]bool{"stays": false, "left": true, "ended": true} {
		if err := store.Commit(t.Context(), port.Change{Item: &job.Item{Name: name, Gone: gone}}); err != nil {
			t.Fatal(err)
		}
	}
	all, _, err := p.Candidates(t.Context(), plane.Filter{Statuses: []run.Status{run.Missed, run.Failed}})
	got := map[string]run.Safety{}
	for _, c := range all {
		got[c.Run.ID.Job()] = c.Retry.Safety
		if elsewhere := strings.Contains(c.Retry.Why, "may run elsewhere"); elsewhere != (c.Retry.Safety == run.RetryUnsafe) || c.Ask().Safety != c.Retry.Safety {
			t.Errorf("%s: %+v", c.Run.ID, c.Retry)
		}
	}
	want := map[string]run.Safety{"stays": run.RetrySafe, "left": run.RetryUnsafe, "unknown": run.RetrySafe, "ended": run.RetryUnsafe}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// TestCandidatesOfOneRequest: asking twice for a run in one state is one request. After a retry
// of the run it is another request. Each says how many attempts the run had.
func TestCandidatesOfOneRequest(t *testing.T) {
	t.Parallel()
	p, store := runsOf(t, ended("a", 0, run.Failed))
	choose := func() plane.Candidate {
		t.Helper()
		all, _, err := p.Candidates(t.Context(), plane.Filter{})
		if err != nil || len(all) != 1 {
			t.Fatalf("got %+v, %v", all, err)
		}
		return all[0]
	}
	first, second := choose(), choose()
	if first.RequestID() != second.RequestID() {
		t.Errorf("asked twice: %s and %s", first.RequestID(), second.RequestID())
	}
	r, err := store.Run(t.Context(), first.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	r.Attempts = append(r.Attempts, run.Attempt{N: 2, TaskARN: "x", Started: stop.Yes})
	if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	third := choose()
	if third.RequestID() == first.RequestID() || third.Retry.Safety != run.RetryUnsafe {
		t.Errorf("the next attempt: %s, %+v", third.RequestID(), third.Retry)
	}
	if then, now := first.Ask(), third.Ask(); *then.Attempts != 1 || then.Safety != first.Retry.Safety || *now.Attempts != 2 || now.RequestID != third.RequestID() || now.Run != r.ID {
		t.Errorf("asked for %+v, then %+v", then, now)
	}
}

// TestCandidatesOfTenThousand: so many matches are all found, each once.
func TestCandidatesOfTenThousand(t *testing.T) {
	t.Parallel()
	const n = 10_000
	runs := make([]run.Run, n)
	for i := range runs {
		runs[i] = ended(fmt.Sprint("job-", i), i%60, run.Failed)
	}
	p := &plane.Plane{Reader: failedRuns{&memory.Store{}, runs}}
	all, _, err := p.Candidates(t.Context(), plane.Filter{})
	seen := map[run.ID]bool{}
	for _, k := range all {
		seen[k.Run.ID] = true
	}
	if err != nil || len(all) != n || len(seen) != n {
		t.Errorf("%d candidates of %d runs, %v", len(all), len(seen), err)
	}
}

// failedRuns is a reader whose walks return these runs; there are no others.
type failedRuns struct {
	*memory.Store
	runs []run.Run
}

func (f failedRuns) Walk(context.Context, port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		for _, r := range f.runs {
			if !yield(r, nil) {
				return
			}
		}
	}
}
