package entry

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestPeoplesDoor: requests through the people's door may name jobs and runs, and nothing else.
func TestPeoplesDoor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in       string
		outcome  port.Outcome
		says     string
		launches int
	}{
		"a run":           {`{"run":"etl"}`, port.Accepted, "launched", 1},
		"a slot of a job": {`{"job":"etl","scheduledFor":"2026-11-22T09:00:00Z"}`, port.Refused, "only schedules and rules start slots", 0},
		"a definition":    {`{"job":{"name":"etl","taskDefinition":"payroll","command":["sh","-c","id"]},"scheduledFor":"2026-11-22T09:00:00Z"}`, port.Refused, "only schedules and rules start slots", 0},
		"a rule's event":  {`{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-22T09:00:00Z","resources":["arn:aws:events:r:1:rule/etl"]}`, port.Refused, "only schedules and rules start slots", 0},
		"a dashboard's retry without the reason that it asks for": {
			`{"retry":"etl/20261122T0900Z","reasonIn":"reason-1","widgetContext":{"forms":{"all":{"reason-1":" \n","reason-2":"of another"}}}}`, port.Refused, "give a reason", 0,
		},
		"a dashboard's retry that sends no forms": {`{"retry":"etl/20261122T0900Z","reasonIn":"reason-1"}`, port.Refused, "give a reason", 0},
		"a dashboard's retry with its reason": {
			`{"retry":"etl/20261122T0900Z","reasonIn":"reason-1","widgetContext":{"forms":{"all":{"reason-1":"the table is back"}}}}`, port.Refused, "no run", 0,
		},
		"two reasons":        {`{"retry":"etl/20261122T0900Z","reason":"a","reasonIn":"reason-1"}`, port.Refused, "it has both reason and reasonIn", 0},
		"what is no request": {`{"rnu":"etl"}`, port.Refused, "exactly one of", 0},
		"a stop of nothing":  {`{"stop":"etl/20261122T0900Z"}`, port.Refused, "no run", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, etl)
			reply, err := d.Enter(t.Context(), FromPeople, "lambda-1", []byte(tc.in))
			if err != nil || reply.Outcome != tc.outcome || !strings.Contains(reply.Message, tc.says) || len(d.ecs.launched) != tc.launches {
				t.Errorf("got %+v, %v, and %d launches", reply, err, len(d.ecs.launched))
			}
			as, err := d.store.Asked(t.Context(), port.AskedQuery{})
			if err != nil || len(as) != 1 || as[0].Door != "people" || as[0].Outcome != tc.outcome || as[0].Message != reply.Message || as[0].ID != "lambda-1" {
				t.Errorf("kept %+v, %v", as, err)
			}
		})
	}
}

// TestRulesDoor: inputs through the rules' door may name a job and a time. Whoever may write any
// rule of the account decides what it sends: so no definition, no schedule that would prove
// another minute, and nothing that only people may ask for.
func TestRulesDoor(t *testing.T) {
	t.Parallel()
	hourly := etl
	hourly.Schedule = "0 * * * *"
	own, err := hourly.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	fired := func(at string) string {
		return strings.NewReplacer(job.ScheduledTime, at, job.ScheduleARN, "arn:aws:scheduler:r:1:schedule/prod/etl").Replace(own)
	}
	for name, tc := range map[string]struct {
		in       string
		outcome  port.Outcome
		says     string
		launches int
	}{
		"a slot":                  {`{"job":"etl","scheduledFor":"2026-11-22T09:00:00Z"}`, port.Accepted, "launched", 1},
		"an event":                {`{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-22T09:00:00Z","resources":["arn:aws:events:r:1:rule/etl"]}`, port.Accepted, "launched", 1},
		"the deployed definition": {fired("2026-11-22T09:00:00Z"), port.Accepted, "launched", 1},
		"it, as its schedule's, at another minute": {fired("2026-11-22T08:50:00Z"), port.Waits, "no such time", 0},
		"another definition":                       {strings.Replace(fired("2026-11-22T09:00:00Z"), `"name":"etl"`, `"name":"etl","command":["sh","-c","id"]`, 1), port.Accepted, "launched", 1},
		"a run":                                    {`{"run":"etl"}`, port.Refused, "can only start jobs at their times", 0},
		"a pause of all":                           {`{"pause":"*","by":"arn:aws:iam::1:user/mia"}`, port.Refused, "can only start jobs at their times", 0},
		"a stop":                                   {`{"stop":"etl/20261122T0900Z"}`, port.Refused, "can only start jobs at their times", 0},
		"an end of a pause":                        {`{"resume":"*"}`, port.Refused, "can only start jobs at their times", 0},
		"a job that only people run":               {`{"job":"hand","scheduledFor":"2026-11-22T09:00:00Z"}`, port.Waits, "it has no schedule: only people run it", 0},
		"a job that is switched off":               {`{"job":"off","scheduledFor":"2026-11-22T09:00:00Z"}`, port.Waits, "switched off", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			off := hourly
			off.Name, off.Disabled = "off", true
			d := newDoor(t, hourly, off, job.Job{Name: "hand", TaskDefinition: "etl"})
			reply, err := d.Enter(t.Context(), FromRules, "lambda-1", []byte(tc.in))
			if err != nil || reply.Outcome != tc.outcome || !strings.Contains(reply.Message, tc.says) || len(d.ecs.launched) != tc.launches {
				t.Fatalf("got %+v, %v, and %d launches", reply, err, len(d.ecs.launched))
			}
			if len(d.ecs.launched) > 0 && len(d.ecs.launched[0].Job.Command) > 0 {
				t.Errorf("launched %q", d.ecs.launched[0].Job.Command)
			}
			as, err := d.store.Asked(t.Context(), port.AskedQuery{})
			if refused := strings.Contains(tc.says, "can only start"); err != nil || (len(as) == 1) != refused || refused && (as[0].Door != "rules" || as[0].Outcome != port.Refused || as[0].ID != "lambda-1" || len(as[0].Request) == 0) {
				t.Errorf("kept %+v, %v", as, err)
			}
			if item, err := d.store.Item(t.Context(), job.All); err == nil && len(item.Pauses) > 0 {
				t.Errorf("all jobs are paused: %+v", item.Pauses)
			}
		})
	}
	d := newDoor(t, hourly)
	if _, err := d.Enter(t.Context(), FromRules, "r", []byte(`{"rnu":"etl"}`)); !errors.Is(err, ErrInput) {
		t.Errorf("what nobody can read: %v", err) // it comes again, and then stays in the queue
	}
}

// TestSchedulesAskForNothing: those who may write schedules of the group cannot thereby run, stop
// or pause anything, or drop what was given up.
func TestSchedulesAskForNothing(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"run":"etl","by":"arn:aws:iam::1:user/mia"}`, `{"retry":"etl/20261122T0800Z"}`, `{"stop":"etl/20261122T0800Z"}`, `{"pause":"*"}`, `{"resume":"*"}`,
		`{"skipNext":"etl"}`, `{"kept":"01234567","do":"drop"}`, `{"redrive":"trigger","messages":["x"],"do":"drop"}`,
	} {
		d := newDoor(t, etl)
		d.Failures = &lying{}
		reply, err := d.Enter(t.Context(), FromSchedules, "r", []byte(in))
		if err != nil || reply.Outcome != port.Refused || !strings.Contains(reply.Message, "send people's requests to the alias") {
			t.Errorf("%s: %+v, %v", in, reply, err)
		}
		if as, err := d.store.Asked(t.Context(), port.AskedQuery{}); err != nil || len(as) != 1 || as[0].Door != "trigger" || as[0].Outcome != port.Refused || as[0].ID != "r" || !strings.HasPrefix(in, `{"`+as[0].What+`"`) || len(as[0].Request) == 0 {
			t.Errorf("%s: kept %+v, %v", in, as, err)
		}
	}
}

// TestALongAnswer: an answer that repeats a long request fits into what is kept of it.
func TestALongAnswer(t *testing.T) {
	t.Parallel()
	junk := strings.Repeat("\U0001f4a9", 1<<18)
	for _, in := range []string{`{"run":"` + junk + `"}`, `{"run":"etl","` + junk + `":1}`, `{"redrive":"` + junk + `"}`} {
		d := newDoor(t, etl)
		d.Failures = &lying{}
		reply := d.must(t, "r", in)
		as, err := d.store.Asked(t.Context(), port.AskedQuery{})
		if err != nil || len(as) != 1 || as[0].Message != reply.Message || len(reply.Message) > 4*longest || !strings.HasSuffix(reply.Message, "…") {
			t.Errorf("%.40s: %d bytes of answer, %d kept, %v", in, len(reply.Message), len(as), err)
		}
	}
}

// TestWhatIsDoneIsKept: nothing is done for a request that is too long to be kept.
func TestWhatIsDoneIsKept(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 20_000)
	by := strings.Repeat("<", MaxBy) // as JSON, each takes six bytes
	for name, tc := range map[string]struct {
		in      string
		outcome port.Outcome
	}{
		"a drop beside an id without end": {`{"redrive":"trigger","messages":["` + long + `","m-1"],"do":"drop"}`, port.Refused},
		"a pause until a long fraction":   {`{"pause":"etl","until":"2026-11-23T09:00:00.` + strings.Repeat("0", 20_000) + `Z"}`, port.Refused},
		"the longest arguments":           {`{"run":"echo","args":["` + strings.Repeat("<", 7000) + `"],"by":"` + by + `"}`, port.Accepted},
		"the longest reason": {
			`{"pause":"etl","reason":"` + strings.Repeat("<", MaxReason) + `","requestId":"` + strings.Repeat("<", MaxRequestID) + `","by":"` + by + `"}`, port.Accepted,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, etl, job.Job{Name: "echo", TaskDefinition: "etl", Command: []string{"echo"}, Changes: job.Changes{Args: true}})
			queues := &lying{all: map[port.Queue][]port.Failed{port.TriggerQueue: {{ID: "m-1"}}}}
			d.Failures = queues
			reply := d.must(t, "r", tc.in)
			as, err := d.store.Asked(t.Context(), port.AskedQuery{})
			if err != nil || len(as) != 1 || reply.Outcome != tc.outcome || len(queues.dropped) > 0 || (len(as[0].Request) > 0) != (tc.outcome == port.Accepted) {
				t.Errorf("%s %.200s, dropped %q, kept %d with a request of %d bytes, %v", reply.Outcome, reply.Message, queues.dropped, len(as), len(as[0].Request), err)
			}
		})
	}
}

// TestRequestsAreKept: who asked, through which door, for what, about what, and the answer.
func TestRequestsAreKept(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, in  string
		want        port.Asked
		has, hasNot string
	}{
		"a run": {
			in:   `{"run":"etl","requestId":"mine","by":"arn:aws:iam::1:user/mia"}`,
			want: port.Asked{ID: "mine", By: "arn:aws:iam::1:user/mia", What: "run", Job: "etl", Outcome: port.Accepted}, has: `"run":"etl"`,
		},
		"a run that is refused for a secret, which is not kept": {
			in:   `{"run":"etl","inputs":{"DB_PASSWORD":"hunter2"},"args":["--token","hunter2","--password=hunter2","--api-token=hunter2","-v"]}`,
			want: port.Asked{ID: "r", What: "run", Job: "etl", Outcome: port.Refused}, has: `"-v"`, hasNot: "hunter2",
		},
		"a retry of nothing": {
			in:   `{"retry":"etl/20261122T0900Z","by":"mia"}`,
			want: port.Asked{ID: "r", By: "mia", What: "retry", Job: "etl", Run: "etl/20261122T0900Z", Outcome: port.Refused},
		},
		"a dashboard's retry, with what was typed beside it": {
			in:   `{"retry":"etl/20261122T0900Z","by":"mia","reasonIn":"reason-1","widgetContext":{"widgetId":"widget-1","forms":{"all":{"reason-1":"the\ntable is  back"}}}}`,
			want: port.Asked{ID: "r", By: "mia", What: "retry", Job: "etl", Run: "etl/20261122T0900Z", Outcome: port.Refused}, has: `"reason":"the table is back"`, hasNot: "widget-1",
		},
		"a pause of all":                  {in: `{"pause":"*","reason":"x"}`, want: port.Asked{ID: "r", What: "pause", Job: "*", Outcome: port.Accepted}, has: `"reason":"x"`},
		"its end":                         {before: `{"pause":"etl"}`, in: `{"resume":"etl"}`, want: port.Asked{ID: "r", What: "resume", Job: "etl", Outcome: port.Accepted}},
		"a skip":                          {in: `{"skipNext":"etl","by":"ann"}`, want: port.Asked{ID: "r", By: "ann", What: "skipNext", Job: "etl", Outcome: port.Accepted}},
		"a schedule's slot is no request": {in: `{"job":"etl","scheduledFor":"2026-11-22T09:00:00Z"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, etl)
			n := 1
			if tc.before != "" {
				d.must(t, "b", tc.before)
				n++
			}
			reply := d.must(t, "r", tc.in)
			as, err := d.store.Asked(t.Context(), port.AskedQuery{})
			if tc.want.What == "" {
				if err != nil || len(as) != 0 {
					t.Errorf("kept %+v, %v", as, err)
				}
				return
			}
			if err != nil || len(as) != n {
				t.Fatalf("kept %+v, %v", as, err)
			}
			var a port.Asked
			for _, o := range as {
				if o.ID == tc.want.ID {
					a = o
				}
			}
			tc.want.At, tc.want.Door, tc.want.Message, tc.want.Request = d.ctl.Now(), "people", reply.Message, a.Request
			if tc.want.Run == "" {
				tc.want.Run = reply.Run
			}
			if got := string(a.Request); !strings.Contains(got, tc.has) || tc.hasNot != "" && strings.Contains(got, tc.hasNot) {
				t.Errorf("the request is kept as %s", got)
			}
			if a.Request, tc.want.Request = nil, nil; !equal(a, tc.want) {
				t.Errorf("got %+v, want %+v", a, tc.want)
			}
		})
	}
}

func equal(a, b port.Asked) bool {
	at := a.At.Equal(b.At)
	a.At = b.At
	return at && a.ID == b.ID && a.By == b.By && a.Door == b.Door && a.What == b.What && a.Job == b.Job && a.Run == b.Run && a.Outcome == b.Outcome && a.Message == b.Message
}

// TestNothingIsDoneThatIsNotKept: a request that cannot be kept is not carried out. One that
// fails on the way is kept with the failure.
func TestNothingIsDoneThatIsNotKept(t *testing.T) {
	t.Parallel()
	d := newDoor(t, etl)
	d.ctl.Store = unwritable{d.ctl.Store}
	if reply, err := d.Enter(t.Context(), FromPeople, "r", []byte(`{"run":"etl"}`)); !errors.Is(err, errBroken) || len(d.ecs.launched) != 0 {
		t.Errorf("got %+v, %v and %d launches", reply, err, len(d.ecs.launched))
	}
	d = newDoor(t, etl)
	d.ctl.Store = unreadable{d.ctl.Store}
	if _, err := d.Enter(t.Context(), FromPeople, "r", []byte(`{"run":"etl"}`)); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	as, err := d.store.Asked(t.Context(), port.AskedQuery{})
	if err != nil || len(as) != 1 || as[0].Outcome != port.Unanswered || !strings.Contains(as[0].Message, errBroken.Error()) {
		t.Errorf("kept %+v, %v", as, err)
	}
}

var errBroken = errors.New("the table is away")

type unwritable struct{ port.Store }

func (unwritable) PutAsked(context.Context, port.Asked) error { return errBroken }

type unreadable struct{ port.Store }

func (unreadable) Item(context.Context, string) (job.Item, error) { return job.Item{}, errBroken }
