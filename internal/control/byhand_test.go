package control_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// given is a job in which people may change something.
var given = job.Job{
	Name: "given", TaskDefinition: "report", Command: []string{"report"},
	Changes: job.Changes{Args: true, Inputs: map[string]job.Input{"DAY": {Description: "The day.", Pattern: "[0-9-]+"}}},
}

// TestOneIDForOneRequest: a person who repeats somebody else's id is not told that their own
// request was done, unless both requests are the same.
func TestOneIDForOneRequest(t *testing.T) {
	t.Parallel()
	w := known(t, given)
	ask := func(day string, args ...string) port.Reply {
		rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "given", RequestID: "deploy-7", Inputs: map[string]string{"DAY": day}, Args: args})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	if rep := ask("2026-11-21", "-v"); rep.Outcome != port.Accepted {
		t.Errorf("first: %+v", rep)
	}
	if rep := ask("2026-11-21", "-v"); rep.Outcome != port.Duplicate {
		t.Errorf("the same again: %+v", rep)
	}
	for name, rep := range map[string]port.Reply{"another day": ask("2026-11-20", "-v"), "other arguments": ask("2026-11-21")} {
		if rep.Outcome != port.Refused || !strings.Contains(rep.Message, "use another ID") || rep.Run != run.ByHandID("given", "deploy-7") {
			t.Errorf("%s: %+v", name, rep)
		}
	}
	w.live()
	if rs := w.runs(); len(rs) != 1 || rs[0].Environment["DAY"] != "2026-11-21" {
		t.Errorf("%s", w.story())
	}
}

// TestRunsByHandOfOneSecond: lists show the later run first, whatever the requests' ids are.
func TestRunsByHandOfOneSecond(t *testing.T) {
	t.Parallel()
	w := known(t, given)
	var want []run.ID
	for _, request := range []string{"c", "a", "d", "b"} {
		w.clock.Advance(20 * time.Millisecond)
		if rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "given", RequestID: request}); err != nil || rep.Outcome != port.Accepted {
			t.Fatalf("%+v, %v", rep, err)
		}
		want = slices.Insert(want, 0, run.ByHandID("given", request))
	}
	var got []run.ID
	for r, err := range w.store.Walk(t.Context(), port.Walk{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestWhoAskedIsKept: a run by hand, a retry and a stop keep who asked for them, when, by
// which request and why.
func TestWhoAskedIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(5*time.Minute, 3)})
	w.know(report)
	began := w.clock.Now()
	rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "q", By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	w.live()
	retried := w.clock.Now()
	if _, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: rep.Run, RequestID: "r", By: "bob", Reason: "again"}); err != nil {
		t.Fatal(err)
	}
	want := []run.Trigger{
		{At: began, Kind: run.ByHand, Request: "q", By: "ann"},
		{At: retried, Kind: run.ByRetry, Request: "r", By: "bob", Reason: "again"},
	}
	if got := w.run(rep.Run).Triggers; !slices.EqualFunc(got, want, func(a, b run.Trigger) bool {
		same := a.At.Equal(b.At)
		a.At = b.At
		return same && a == b
	}) {
		t.Errorf("asked for by %+v, want %+v", got, want)
	}
	for asked, kept := range map[string]string{"too dear": "too dear", "": "no reason given"} {
		if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: rep.Run, By: "cid", Reason: asked}); err != nil {
			t.Fatal(err)
		}
		w.live()
		if r := w.run(rep.Run); r.Status != run.Stopped || r.Stopping == nil || r.Stopping.By != "cid" || r.Stopping.Reason != kept || r.Owes(run.StopTask) {
			t.Errorf("stopped as %s by %+v, want for %q", r.Status, r.Stopping, kept)
		}
		if _, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: rep.Run, RequestID: "after " + kept}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRetryKeepsToWhatTheJobTakes: a retry does not reuse inputs that the job no longer
// takes, unless it repeats the run as it was.
func TestRetryKeepsToWhatTheJobTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 3)})
	w.know(given)
	rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "given", RequestID: "r", Args: []string{"--all"}})
	if err != nil {
		t.Fatal(err)
	}
	w.live()
	w.know(with(given, func(j *job.Job) { j.Args = false }))
	retry := func(id string, same bool) port.Reply {
		got, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: rep.Run, RequestID: id, Same: same})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := retry("a", false); got.Outcome != port.Refused || !strings.Contains(got.Message, "it takes no arguments") || !strings.Contains(got.Message, "run given") {
		t.Errorf("a retry: %+v", got)
	}
	if got := retry("b", true); got.Outcome != port.Accepted {
		t.Errorf("the same once more: %+v", got)
	}
}

// TestRetryKeepsItsReason: the run keeps who asked for a retry, and why.
func TestRetryKeepsItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 3)})
	w.know(given)
	rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "given", RequestID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	w.live()
	if _, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: rep.Run, RequestID: "again", By: "ann", Reason: "the disk was full"}); err != nil {
		t.Fatal(err)
	}
	asked := w.runs()[0].Triggers
	if last := asked[len(asked)-1]; len(asked) != 2 || last.Kind != run.ByRetry || last.Request != "again" || last.By != "ann" || last.Reason != "the disk was full" {
		t.Errorf("it was asked for by %+v", asked)
	}
}

// otherVersion is a store into which another version of the program wrote a job under a hash
// that this one does not compute.
type otherVersion struct {
	port.Store

	hash string
	job  job.Job
}

func (o otherVersion) Item(ctx context.Context, name string) (job.Item, error) {
	item, err := o.Store.Item(ctx, name)
	item.Definition = o.hash
	return item, err
}

func (o otherVersion) Definition(ctx context.Context, hash string) (job.Job, error) {
	if hash == o.hash {
		return o.job, nil
	}
	return o.Store.Definition(ctx, hash)
}

// TestRetryOfAnotherVersionsDefinition: it runs under the hash by which the store has it.
func TestRetryOfAnotherVersionsDefinition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 3)})
	w.know(given)
	rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "given", RequestID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	w.live()
	mended := with(given, func(j *job.Job) { j.Command = []string{"mended"} })
	w.ctl.Store = otherVersion{w.ctl.Store, "of-another-version", mended}
	rep, err = w.ctl.Retry(t.Context(), port.RetryRequest{Run: rep.Run, RequestID: "again", Reason: "mended"})
	if r := w.runs()[0]; err != nil || rep.Outcome != port.Accepted || r.Definition != "of-another-version" {
		t.Errorf("%+v, %v; the run has the definition %s", rep, err, r.Definition)
	}
}

// TestLostArgumentsKeepNoSlotFromRunning: a job may have been deployed before it was known that
// its shell loses what people add. Only a run to which something is added is refused.
func TestLostArgumentsKeepNoSlotFromRunning(t *testing.T) {
	t.Parallel()
	j := with(report, func(j *job.Job) {
		j.Command, j.Changes = []string{"bash", "-euo", "pipefail", "-c", "report"}, job.Changes{Args: true}
	})
	w := known(t, j)
	w.triggerSlot(j, 0)
	for _, c := range []struct {
		args    []string
		outcome port.Outcome
		says    string
	}{
		{[]string{"-v"}, port.Refused, `args: needs "$@"`},
		{nil, port.Accepted, ""},
	} {
		w.live()
		rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: j.Name, RequestID: "r", Args: c.args})
		if err != nil || rep.Outcome != c.outcome || !strings.Contains(rep.Message, c.says) {
			t.Errorf("with %q: %+v, %v", c.args, rep, err)
		}
	}
	w.live()
	for _, r := range w.runs() {
		if r.Status != run.Succeeded {
			t.Errorf("%s %s: %s", r.ID, r.Status, r.Cause)
		}
	}
	if n := len(w.runs()); n != 2 {
		t.Errorf("%d runs", n)
	}
}

// TestWhatPeopleGive: people may give a run only what fits into an ECS request, and nothing
// that steers what runs or looks like a secret.
func TestWhatPeopleGive(t *testing.T) {
	t.Parallel()
	open := with(given, func(j *job.Job) {
		j.Inputs = map[string]job.Input{"TEXT": {Description: "Any text.", Pattern: "(?s).*"}}
	})
	long := strings.Repeat("x", 10_000)
	for name, tc := range map[string]struct {
		inputs map[string]string
		args   []string
		why    string // "" if it runs
	}{
		"a text of several lines":    {map[string]string{"TEXT": "a\nb\x1b[31m"}, nil, ""},
		"a long text":                {map[string]string{"TEXT": long}, nil, "ECS allows 8192 in all"},
		"long arguments":             {nil, []string{long}, "ECS allows 8192 in all"},
		"many arguments":             {nil, strings.Split(long, ""), "ECS allows 8192 in all"},
		"NUL in a text":              {map[string]string{"TEXT": "a\x00b"}, nil, "NUL"},
		"NUL in an argument":         {nil, []string{"a\x00b"}, "NUL"},
		"a path":                     {map[string]string{"PATH": "/tmp"}, nil, "PATH is not one of its inputs"},
		"a library":                  {map[string]string{"LD_PRELOAD": "/tmp/x.so"}, nil, "LD_PRELOAD is not one of its inputs"},
		"another case":               {map[string]string{"text": "x"}, nil, "text is not one of its inputs"},
		"a run's own variable":       {map[string]string{"BATCHPLANE_RUN_ID": "x"}, nil, "is not one of its inputs"},
		"a secret":                   {map[string]string{"TEXT": "postgres://u:hunter2@db/x"}, nil, "looks like a secret"}, //nolint:gosec // made up
		"a name that is none":        {map[string]string{"TEXT=x": "y"}, nil, "is not one of its inputs"},
		"no name":                    {map[string]string{"": "y"}, nil, "is not one of its inputs"},
		"an argument like an option": {nil, []string{"--", "-rf", "$(id)", "`id`", ";id"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, open)
			rep, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "given", RequestID: "r", Inputs: tc.inputs, Args: tc.args})
			if err != nil || (rep.Outcome == port.Accepted) != (tc.why == "") || !strings.Contains(rep.Message, tc.why) {
				t.Errorf("%.300s, %v", rep.Message, err)
			}
			if (len(w.runs()) == 1) != (tc.why == "") {
				t.Errorf("%d runs", len(w.runs()))
			}
		})
	}
}
