package calls_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

const (
	peopleGolden  = "testdata/people.golden"
	peoplePreface = `# What people's commands read of the table

Of 20 jobs with three runs each, of which two failed, one request that was kept and
one input that could not be used; each command by a process that has just started.
None scans. Requests of people are in calls.golden: they are the trigger's.

| command | calls | read units |
|---|---|---|
`
)

// reading lists people's commands by what they read from a plane.
var reading = []struct {
	command string
	read    func(ctx context.Context, p *plane.Plane) error
}{
	{"jobs", func(ctx context.Context, p *plane.Plane) error {
		_, err := p.Jobs(ctx, plane.JobFilter{})
		return err
	}},
	{"jobs JOB", func(ctx context.Context, p *plane.Plane) error {
		_, err := p.Jobs(ctx, plane.JobFilter{Names: []string{"job-07"}})
		return err
	}},
	{"history", func(ctx context.Context, p *plane.Plane) error {
		_, err := p.History(ctx, plane.Filter{}, 20)
		return err
	}},
	{"history JOB", func(ctx context.Context, p *plane.Plane) error {
		_, err := p.History(ctx, plane.Filter{Jobs: []string{"job-07"}}, 20)
		return err
	}},
	{"history --status failed,missed", func(ctx context.Context, p *plane.Plane) error {
		_, err := p.History(ctx, plane.Filter{Statuses: []run.Status{run.Failed, run.Missed}}, 20)
		return err
	}},
	{"show JOB", func(ctx context.Context, p *plane.Plane) error {
		r, _, err := p.Find(ctx, "job-07", plane.Any)
		if err != nil {
			return err
		}
		_, err = p.Story(ctx, r)
		return err
	}},
	{"show RUN", func(ctx context.Context, p *plane.Plane) error {
		r, _, err := p.Find(ctx, string(run.ScheduledID("job-07", slot)), plane.Any)
		if err != nil {
			return err
		}
		_, err = p.Story(ctx, r)
		return err
	}},
	{"retry --all", func(ctx context.Context, p *plane.Plane) error {
		_, _, err := p.Candidates(ctx, plane.Filter{Since: slot.Add(-12 * time.Hour)})
		return err
	}},
	{"pauses", func(ctx context.Context, p *plane.Plane) error { _, err := p.Pauses(ctx); return err }},
	{"status", func(ctx context.Context, p *plane.Plane) error { _, err := p.Status(ctx); return err }},
	{"audit", func(ctx context.Context, p *plane.Plane) error {
		_, err := p.Asked(ctx, port.AskedQuery{Limit: 100})
		return err
	}},
	{"kept", func(ctx context.Context, p *plane.Plane) error { _, err := p.Kept(ctx, 100); return err }},
	{"tail, one look", func(ctx context.Context, p *plane.Plane) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		p.Sleep = func(context.Context, time.Duration) { cancel() }
		return p.Tail(ctx, nil, func(run.Run) error { return nil })
	}},
}

// TestPeoplesReads: a change of these numbers changes how long people wait, and the bill.
func TestPeoplesReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.history(20)
	var out strings.Builder
	out.WriteString(peoplePreface)
	for _, c := range reading {
		meter, wire := &dynamotest.Meter{}, &wire{}
		db := dynamotest.Client(t, meter.Option, func(o *dynamodb.Options) {
			client, _ := o.HTTPClient.(*http.Client)
			o.HTTPClient = &http.Client{Transport: wire.listen("people", client.Transport)}
		})
		p := &plane.Plane{
			Name: "prod", Now: func() time.Time { return slot.Add(time.Hour) },
			Reader: dynamo.New(dynamo.Config{DB: db, Table: w.table, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)}),
		}
		if err := c.read(t.Context(), p); err != nil {
			t.Errorf("%s: %v", c.command, err)
		}
		calls := wire.take()
		for _, made := range calls {
			if made.operation == "Scan" {
				t.Errorf("%s scans the table", c.command)
			}
		}
		_, _, read := meter.TakeAll()
		fmt.Fprintf(&out, "| `%s` | %s | %g |\n", c.command, count(calls), read)
	}
	golden.Check(t, peopleGolden, out.String())
}

// history stores jobs with three runs each, a request and a kept input.
func (w *world) history(jobs int) {
	w.t.Helper()
	store, ctx := w.store(), w.t.Context()
	for i := range jobs {
		j := job.Job{Name: fmt.Sprintf("job-%02d", i), Schedule: "30 * * * *", TaskDefinition: "report"}
		item := job.Item{Name: j.Name, Definition: j.Hash(), Plan: j.Plan()}
		w.must(store.PutDefinition(ctx, j))
		w.must(store.Commit(ctx, port.Change{Item: &item}))
		for hour := range 3 {
			at := slot.Add(-time.Duration(hour) * time.Hour)
			r := run.Run{ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Definition: j.Hash(), Status: run.Succeeded, QueuedAt: at, StartedAt: at, FinishedAt: at.Add(time.Minute)}
			if i < 2 && hour == 0 {
				r.Status, r.Cause = run.Failed, "exit code 3"
			}
			w.must(store.Commit(ctx, port.Change{Run: &r}))
		}
	}
	w.must(store.PutAsked(ctx, port.Asked{ID: "r", At: slot, What: "run", Job: "job-00"}))
	w.must(store.Keep(ctx, port.Kept{At: slot, Reason: "not usable", Body: []byte("{}")}))
}
