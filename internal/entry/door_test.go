package entry

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// ecs is an ECS that accepts everything, loses its answers, or refuses everything.
type ecs struct {
	lost     bool
	refuses  bool
	launched []port.Launch
}

func (e *ecs) Resolve(_ context.Context, j job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: "arn:" + j.TaskDefinition + ":1", Container: "main", Containers: []stop.Defined{{Name: "main", Essential: true}}}, nil
}

func (e *ecs) Launch(_ context.Context, l port.Launch) run.Event {
	e.launched = append(e.launched, l)
	if e.refuses {
		return run.Refused{Attempt: l.Attempt, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClusterNotFoundException", Reason: "Cluster not found."}}
	}
	if e.lost {
		return run.NoAnswer{Attempt: l.Attempt, Err: "the line is dead"}
	}
	return run.Launched{Attempt: l.Attempt, TaskARN: "arn:task/" + l.Run.Slot(), LastStatus: "PROVISIONING"}
}

func (e *ecs) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return nil, nil, nil
}
func (e *ecs) StopTask(context.Context, string, string, string) error { return nil }
func (e *ecs) Find(context.Context, string, string) ([]string, error) { return nil, nil }

type door struct {
	Door
	ecs   *ecs
	log   *strings.Builder
	ctl   *control.Control
	store *memory.Store
}

func newDoor(t *testing.T, jobs ...job.Job) door {
	t.Helper()
	d := door{ecs: &ecs{}, log: &strings.Builder{}, store: &memory.Store{}}
	d.Log = slog.New(slog.NewJSONHandler(d.log, nil))
	c := &control.Control{
		Stack: "prod", Store: d.store, Launcher: d.ecs, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return nine.Add(2 * time.Second) },
	}
	d.Control, d.ctl = c, c
	if err := c.Sync(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d door) must(t *testing.T, requestID, in string) port.Reply {
	t.Helper()
	way := FromPeople
	if strings.Contains(in, `"job"`) || strings.Contains(in, `"source"`) {
		way = FromSchedules
	}
	reply, err := d.Enter(t.Context(), way, requestID, []byte(in))
	if err != nil {
		t.Fatalf("%s: %v", in, err)
	}
	return reply
}

var etl = job.Job{Name: "etl", TaskDefinition: "etl", Schedule: "0 * * * *"}

func TestDoor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in      []string
		outcome port.Outcome
		says    string
		// launched lists the runs that ECS was asked to launch.
		launched []run.ID
	}{
		"a schedule": {
			[]string{`{"scheduledFor":"2026-11-22T09:00:00Z","job":{"name":"etl","taskDefinition":"etl","schedule":"0 * * * *"}}`},
			port.Accepted, "launched",
			[]run.ID{"etl/20261122T0900Z"},
		},
		"a newer version's schedule": {
			[]string{`{"scheduledFor":"2026-11-22T09:00:00Z","job":{"name":"etl","taskDefinition":"etl","schedule":"0 * * * *","sandbox":{"x":1}}}`},
			port.Accepted, "launched",
			[]run.ID{"etl/20261122T0900Z"},
		},
		"what nobody deployed, and then the schedule": {
			[]string{
				`{"scheduledFor":"2026-11-22T09:00:00Z","job":{"name":"etl","taskDefinition":"payroll","command":["sh","-c","id"]}}`,
				`{"scheduledFor":"2026-11-22T09:00:00Z","job":{"name":"etl","taskDefinition":"etl","schedule":"0 * * * *"}}`,
			},
			port.Accepted, "launched",
			[]run.ID{"etl/20261122T0900Z"},
		},
		"a job that nobody deployed": {[]string{`{"scheduledFor":"2026-11-22T09:00:00Z","job":{"name":"new","taskDefinition":"new"}}`}, port.Waits, "waits until 2026-11-22T09:15:00Z", nil},
		"a schedule twice": {
			[]string{`{"scheduledFor":"2026-11-22T09:00:00Z","job":"etl"}`, `{"scheduledFor":"2026-11-22T09:00:31Z","job":"etl"}`},
			port.Duplicate, "duplicate of",
			[]run.ID{"etl/20261122T0900Z"},
		},
		"a bare scheduled event": {
			[]string{`{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-22T09:00:00Z","resources":["arn:aws:events:r:1:rule/etl"]}`},
			port.Accepted, "launched",
			[]run.ID{"etl/20261122T0900Z"},
		},
		"a run by hand, delivered twice": {
			[]string{`{"run":"etl"}`, `{"run":"etl"}`}, port.Duplicate, "duplicate", []run.ID{run.ByHandID("etl", "lambda-1")},
		},
		"the caller's request id goes before the platform's": {
			[]string{`{"run":"etl"}`, `{"run":"etl","requestId":"another"}`},
			port.Accepted, "launched",
			[]run.ID{run.ByHandID("etl", "lambda-1"), run.ByHandID("etl", "another")},
		},
		"a job that is not there": {[]string{`{"run":"nope"}`}, port.Refused, `no job "nope"`, nil},
		"a retry of nothing":      {[]string{`{"retry":"etl/20261122T0900Z"}`}, port.Refused, "no run", nil},
		"a stop":                  {[]string{`{"run":"etl"}`, `{"stop":"` + string(run.ByHandID("etl", "lambda-1")) + `"}`}, port.Accepted, "stop", []run.ID{run.ByHandID("etl", "lambda-1")}},
		"a pause and its slot":    {[]string{`{"pause":"etl"}`, `{"scheduledFor":"2026-11-22T09:00:00Z","job":"etl"}`}, port.Refused, "paused", nil},
		"a pause and its end":     {[]string{`{"pause":"*"}`, `{"resume":"*"}`, `{"run":"etl"}`}, port.Accepted, "launched", []run.ID{run.ByHandID("etl", "lambda-1")}},
		"a slot to skip":          {[]string{`{"skipNext":"etl"}`}, port.Accepted, "10:00 UTC will be skipped", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, etl)
			var reply port.Reply
			for _, in := range tc.in {
				reply = d.must(t, "lambda-1", in)
			}
			var launched []run.ID
			for _, l := range d.ecs.launched {
				launched = append(launched, l.Run)
			}
			if reply.Outcome != tc.outcome || !strings.Contains(reply.Message, tc.says) || !slices.Equal(launched, tc.launched) {
				t.Errorf("got %+v and launches of %q, want %s, %q and %q", reply, launched, tc.outcome, tc.says, tc.launched)
			}
		})
	}
}

// TestDoorErrors: Enter returns an error for what the platform must deliver again or keep.
func TestDoorErrors(t *testing.T) {
	t.Parallel()
	t.Run("an input that is none", func(t *testing.T) {
		t.Parallel()
		d := newDoor(t)
		_, err := d.Enter(t.Context(), FromSchedules, "r", []byte(`{"rnu":"etl"}`))
		if !errors.Is(err, ErrInput) || !strings.Contains(d.log.String(), `"why":"not an input`) {
			t.Errorf("got %v, logged %s", err, d.log)
		}
	})
	t.Run("a slot whose job cannot be read", func(t *testing.T) {
		t.Parallel()
		d := newDoor(t)
		d.ctl.Store = unreadable{d.ctl.Store}
		_, err := d.Enter(t.Context(), FromSchedules, "r", []byte(`{"scheduledFor":"2026-11-22T09:00:00Z","job":"nope"}`))
		if !errors.Is(err, errBroken) || !strings.Contains(d.log.String(), `"job":"nope"`) {
			t.Errorf("got %v, logged %s", err, d.log)
		}
	})
	t.Run("a slot whose launch has no answer", func(t *testing.T) {
		t.Parallel()
		d := newDoor(t, etl)
		d.ecs.lost = true
		_, err := d.Enter(t.Context(), FromSchedules, "r", []byte(`{"scheduledFor":"2026-11-22T09:00:00Z","job":"etl"}`))
		if !errors.Is(err, port.ErrOwed) || !strings.Contains(d.log.String(), `"run":"etl/20261122T0900Z"`) {
			t.Errorf("got %v, logged %s", err, d.log)
		}
	})
	t.Run("a person's request whose launch has no answer is answered", func(t *testing.T) {
		t.Parallel()
		d := newDoor(t, etl)
		d.ecs.lost = true
		reply := d.must(t, "r", `{"run":"etl"}`)
		if reply.Outcome != port.Accepted || reply.Run == "" || !strings.Contains(d.log.String(), "still owed") {
			t.Errorf("got %+v, logged %s", reply, d.log)
		}
	})
}

func TestReplyIsReadable(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(newDoor(t, etl).must(t, "r", `{"run":"etl","requestId":"one"}`))
	want := `{"run":"etl/manual-` + string(run.ByHandID("etl", "one"))[len("etl/manual-"):] + `","outcome":"accepted","status":"running","message":"launched ` + string(run.ByHandID("etl", "one")) + `"}`
	if err != nil || string(body) != want {
		t.Errorf("got %s, %v; want %s", body, err, want)
	}
}
