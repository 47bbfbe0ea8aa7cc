package entry

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// lying holds failure queues in memory.
type lying struct {
	all     map[port.Queue][]port.Failed
	dropped []string
	broken  bool
	// time is how many messages there is time to look at; 0 means all.
	time int
}

func (l *lying) Failed(_ context.Context, q port.Queue, _ int) ([]port.Failed, error) {
	if l.broken {
		return nil, errBroken
	}
	return slices.Clone(l.all[q]), nil
}

// Find looks at the first of them only, as many as there is time for.
func (l *lying) Find(_ context.Context, q port.Queue, ids []string) (port.Search, error) {
	if l.broken {
		return port.Search{}, errBroken
	}
	s := port.Search{Found: map[string]port.Failed{}, Whole: l.time == 0 || l.time >= len(l.all[q])}
	for _, f := range l.all[q] {
		if s.Looked++; slices.Contains(ids, f.ID) {
			s.Found[f.ID] = f
		}
		if s.Looked == l.time {
			break
		}
	}
	return s, nil
}

func (l *lying) Drop(_ context.Context, q port.Queue, f port.Failed) error {
	l.dropped = append(l.dropped, f.ID)
	l.all[q] = slices.DeleteFunc(l.all[q], func(o port.Failed) bool { return o.ID == f.ID })
	return nil
}

const (
	anHour  = `{"job":"etl","scheduledFor":"2026-11-22T09:00:00Z"}`
	noEvent = `{"no":"event"}`
)

// TestRedrive: the contents of the failure queues are listed, tried again by the way by which
// they came, or dropped. What was tried in vain stays.
func TestRedrive(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in       string
		outcome  port.Outcome
		says     string
		dropped  string
		launches int
	}{
		"what there is":                           {`{"redrive":"trigger"}`, port.Accepted, "9 in the queue trigger", "", 0},
		"a slot again":                            {`{"redrive":"trigger","messages":["slot"],"do":"again"}`, port.Accepted, "slot is done: launched", "slot", 1},
		"a slot that a function failed on":        {`{"redrive":"trigger","messages":["called"],"do":"again"}`, port.Accepted, "called is done: launched", "called", 1},
		"both, of which one is a duplicate":       {`{"redrive":"trigger","messages":["slot","called"],"do":"again"}`, port.Accepted, "called is done: duplicate of", "slot called", 1},
		"a slot that came by the people's door":   {`{"redrive":"trigger","messages":["forged"],"do":"again"}`, port.Refused, "forged stays: refused: only schedules and rules start slots", "", 0},
		"a slot that does not count":              {`{"redrive":"trigger","messages":["holiday"],"do":"again"}`, port.Accepted, "holiday is done: ", "holiday", 0},
		"what is no input":                        {`{"redrive":"trigger","messages":["bad","slot"],"do":"again"}`, port.Refused, "bad stays: not an input of the trigger", "slot", 1},
		"a rule's time":                           {`{"redrive":"trigger","messages":["rule"],"do":"again"}`, port.Accepted, "rule is done: launched", "rule", 1},
		"what a rule may not ask for":             {`{"redrive":"trigger","messages":["asks"],"do":"again"}`, port.Refused, "asks stays: it is a person's request", "", 0},
		"a request that nobody asked for":         {`{"redrive":"trigger","messages":["planted"],"do":"again"}`, port.Refused, "planted stays: it is a person's request", "", 0},
		"itself":                                  {`{"redrive":"trigger","messages":["itself"],"do":"again"}`, port.Refused, "itself stays: it is a person's request", "", 0},
		"a drop":                                  {`{"redrive":"trigger","messages":["bad","forged"],"do":"drop"}`, port.Accepted, "bad is dropped\nforged is dropped", "bad forged", 0},
		"what is gone":                            {`{"redrive":"trigger","messages":["gone"],"do":"drop"}`, port.Accepted, "gone is not there any more", "", 0},
		"an event that cannot be used is kept":    {`{"redrive":"onstopped","messages":["event"],"do":"again"}`, port.Accepted, "event is taken", "event", 0},
		"nothing of a sweep is to be tried again": {`{"redrive":"sweep","messages":["x"],"do":"again"}`, port.Refused, "the next sweep does what", "", 0},
		"nor of notices":                          {`{"redrive":"notify","messages":["x"],"do":"again"}`, port.Refused, "owed notices included", "", 0},
		"another queue":                           {`{"redrive":"theirs"}`, port.Refused, "there is no queue", "", 0},
		"nothing to be done":                      {`{"redrive":"trigger","messages":["slot"]}`, port.Refused, "again or drop", "", 0},
		"no messages":                             {`{"redrive":"trigger","do":"drop"}`, port.Refused, "names no messages", "", 0},
		"too many":                                {`{"redrive":"trigger","do":"drop","messages":["1","2","3","4","5","6","7","8","9","10","11"]}`, port.Refused, "at most 10", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := job.Job{Name: "closed", TaskDefinition: "etl", Schedule: "0 * * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2026-11-22"}}}}
			d := newDoor(t, etl, closed)
			queues := &lying{all: map[port.Queue][]port.Failed{
				port.TriggerQueue: {
					{ID: "holiday", Input: `{"job":"closed","scheduledFor":"2026-11-22T09:00:00Z"}`},
					{ID: "slot", Input: anHour},
					{ID: "called", Input: anHour, Qualifier: "$LATEST"},
					{ID: "forged", Input: anHour, Qualifier: "people"},
					{ID: "rule", Input: anHour, Qualifier: "rules"},
					{ID: "asks", Input: `{"pause":"*"}`, Qualifier: "rules"},
					{ID: "planted", Input: `{"pause":"*"}`},
					{ID: "itself", Input: `{"redrive":"trigger","messages":["itself"],"do":"again"}`, Qualifier: "people"},
					{ID: "bad", Input: `{"rnu":"etl"}`},
				},
				port.OnStoppedQueue: {{ID: "event", Input: noEvent}},
			}}
			d.Failures = queues
			reply, err := d.Enter(t.Context(), FromPeople, "r", []byte(tc.in))
			if err != nil || reply.Outcome != tc.outcome || !strings.Contains(reply.Message, tc.says) || len(d.ecs.launched) != tc.launches {
				t.Errorf("got %+v, %v, and %d launches", reply, err, len(d.ecs.launched))
			}
			if got := strings.Join(queues.dropped, " "); got != tc.dropped {
				t.Errorf("dropped %q, want %q", got, tc.dropped)
			}
			kept, err := d.store.Kept(t.Context(), 2)
			if taken := tc.dropped == "event"; err != nil || (len(kept) == 1 && string(kept[0].Body) == noEvent) != taken {
				t.Errorf("kept of ECS's events: %+v, %v", kept, err)
			}
			as, err := d.store.Asked(t.Context(), port.AskedQuery{})
			if err != nil || len(as) == 0 || !slices.ContainsFunc(as, func(a port.Asked) bool { return a.Message == reply.Message && a.Door == "people" }) {
				t.Errorf("the request is not kept with its answer: %+v, %v", as, err)
			}
		})
	}
}

// TestRedriveInALongQueue: a message that there was no time to find is not said to be gone. Those that
// were found are carried out.
func TestRedriveInALongQueue(t *testing.T) {
	t.Parallel()
	d := newDoor(t, etl)
	queues := &lying{time: 1, all: map[port.Queue][]port.Failed{port.TriggerQueue: {{ID: "slot", Input: anHour}, {ID: "bad"}}}}
	d.Failures = queues
	reply := d.must(t, "r", `{"redrive":"trigger","messages":["bad","slot"],"do":"drop"}`)
	if reply.Outcome != port.Refused || !strings.HasPrefix(reply.Message, "bad is not among the 1 messages") || !strings.HasSuffix(reply.Message, "slot is dropped") {
		t.Errorf("got %+v", reply)
	}
}

// registry holds schedules of the stack's group by ARN.
type registry map[string]job.Job

func (r registry) Schedule(_ context.Context, arn string) (job.Job, error) {
	if j, ok := r[arn]; ok {
		return j, nil
	}
	return job.Job{}, port.ErrNotFound
}

func (r registry) Ours(arn string) bool { _, ok := r[arn]; return ok }

// TestWhatAQueueProves: a rule can put anything into a failure queue, even something that looks
// like Lambda's record. Only what Scheduler put there proves a minute that the schedule does not
// have here.
func TestWhatAQueueProves(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:scheduler:r:1:schedule/prod/etl"
	carried, err := etl.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	input := strings.NewReplacer(job.ScheduledTime, "2026-11-22T08:50:00Z", job.ScheduleARN, arn).Replace(carried)
	for name, tc := range map[string]struct {
		is       port.Failed
		says     string
		launches int
	}{
		"of Scheduler":                        {port.Failed{Scheduled: true, Input: input}, "is done: launched", 1},
		"of nobody knows whom":                {port.Failed{Input: input}, "no such time", 0},
		"what looks like Lambda's record":     {port.Failed{Input: input, Qualifier: "$LATEST"}, "no such time", 0},
		"of a rule":                           {port.Failed{Input: input, Qualifier: "rules"}, "no such time", 0},
		"the same at one of its times":        {port.Failed{Input: strings.Replace(input, "08:50", "09:00", 1), Qualifier: "$LATEST"}, "is done: launched", 1},
		"a request in what looks like it":     {port.Failed{Input: `{"pause":"*"}`, Qualifier: "$LATEST"}, "a person's request", 0},
		"the same as if by the people's door": {port.Failed{Input: `{"pause":"*","by":"somebody"}`, Qualifier: "people"}, "a person's request", 0},
		"a request that a schedule made":      {port.Failed{Input: `{"run":"etl"}`, Scheduled: true}, "a person's request", 0},
		"a job that has no time, by its name": {port.Failed{Input: `{"job":"hand","scheduledFor":"2026-11-22T09:00:00Z"}`}, "people run it", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, etl, job.Job{Name: "hand", TaskDefinition: "etl"})
			d.ctl.Schedules = registry{arn: etl}
			tc.is.ID = "x"
			d.Failures = &lying{all: map[port.Queue][]port.Failed{port.TriggerQueue: {tc.is}}}
			reply := d.must(t, "r", `{"redrive":"trigger","messages":["x"],"do":"again"}`)
			if !strings.Contains(reply.Message, tc.says) || len(d.ecs.launched) != tc.launches {
				t.Errorf("got %+v and %d launches", reply, len(d.ecs.launched))
			}
			if item, err := d.store.Item(t.Context(), job.All); err == nil && len(item.Pauses) > 0 {
				t.Errorf("all jobs are paused: %+v", item.Pauses)
			}
		})
	}
}

// TestAQueueOfLongMessages: a list fits into a function's answer, whoever filled the queue, and
// begins with the oldest message.
func TestAQueueOfLongMessages(t *testing.T) {
	t.Parallel()
	d := newDoor(t, etl)
	queues := &lying{all: map[port.Queue][]port.Failed{}}
	for i := range mostFailed {
		queues.all[port.TriggerQueue] = append(queues.all[port.TriggerQueue], port.Failed{ID: strconv.Itoa(i), Input: strings.Repeat("\x01", port.MostListed), Why: strings.Repeat("\x01", port.MostListed)})
	}
	d.Failures = queues
	reply := d.must(t, "r", `{"redrive":"trigger"}`)
	body, err := json.Marshal(reply)
	if err != nil || len(body) > 6<<20 || reply.Contents == nil || len(reply.Contents.Failed) < 5 || reply.Contents.Failed[0].ID != "0" {
		t.Errorf("an answer of %d bytes, %v", len(body), err)
	}
	if !strings.HasPrefix(reply.Message, "100 in the queue") {
		t.Errorf("it says %s", reply.Message)
	}
}

// TestRedriveOfWhatECSRefuses: there is a run that says so and that is reported, so nothing is
// left to try.
func TestRedriveOfWhatECSRefuses(t *testing.T) {
	t.Parallel()
	d := newDoor(t, etl)
	queues := &lying{all: map[port.Queue][]port.Failed{port.TriggerQueue: {{ID: "slot", Input: anHour}}}}
	d.Failures, d.ecs.refuses = queues, true
	reply := d.must(t, "r", `{"redrive":"trigger","messages":["slot"],"do":"again"}`)
	if reply.Outcome != port.Accepted || !strings.Contains(reply.Message, "slot is done: etl/20261122T0900Z was not launched: it has failed") || len(queues.dropped) != 1 {
		t.Errorf("got %+v, dropped %q", reply, queues.dropped)
	}
}

func TestRedriveFails(t *testing.T) {
	t.Parallel()
	d := newDoor(t, etl)
	if reply := d.must(t, "r", `{"redrive":"trigger"}`); reply.Outcome != port.Refused || !strings.Contains(reply.Message, "no failure queues here") {
		t.Errorf("got %+v", reply)
	}
	d.Failures = &lying{broken: true}
	for _, in := range []string{`{"redrive":"trigger"}`, `{"redrive":"trigger","messages":["x"],"do":"drop"}`} {
		if _, err := d.Enter(t.Context(), FromPeople, "r", []byte(in)); !errors.Is(err, errBroken) {
			t.Errorf("%s: got %v", in, err)
		}
	}
}
