package run_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

var stops = []stop.Stop{
	eniTimeout, pullTimeout, noImage, userStop, spotStop, spotObeyed, spotWarning, bareFailure, noPlace, exited(0), exited(1), exited(75),
}

var refusals = []stop.Stop{noCapacity, noQuota, throttled, throttledFailure, denied, inactive}

func genJob(t *rapid.T) job.Job {
	j := plain
	j.Retry.Attempts = rapid.IntRange(1, 5).Draw(t, "limit")
	j.Retry.Idempotent = rapid.Bool().Draw(t, "idempotent")
	if rapid.Bool().Draw(t, "listed") {
		j.Retry.ExitCodes = []int64{75}
	}
	if rapid.Bool().Draw(t, "rule") {
		j.Retry.Rules = []job.Rule{{StopCode: "UserInitiated", Action: job.Relaunch}}
	}
	if rapid.Bool().Draw(t, "limited") {
		j.Timeout = job.Duration(30 * time.Minute)
	}
	j.Capacity = rapid.SampledFrom([]job.Capacity{job.OnDemand, job.Spot, job.SpotThenOnDemand}).Draw(t, "capacity")
	return j
}

func genEvent(t *rapid.T, r run.Run) run.Event {
	n := max(1, len(r.Attempts)-rapid.IntRange(0, 1).Draw(t, "older"))
	send := rapid.IntRange(1, max(1, r.Attempts[n-1].Sends)).Draw(t, "send")
	round := max(0, r.Attempts[n-1].Round-rapid.IntRange(0, 1).Draw(t, "round before"))
	switch rapid.IntRange(0, 14).Draw(t, "event") {
	case 0, 10:
		return run.Due{Task: &task}
	case 1:
		return run.Launched{Attempt: n, Round: round, TaskARN: arn(n + 100*round), LastStatus: "PROVISIONING"}
	case 2:
		return run.Refused{Attempt: n, Send: send, Stop: rapid.SampledFrom(refusals).Draw(t, "refusal")}
	case 3:
		return run.NoAnswer{Attempt: n, Send: send, Err: "EOF"}
	case 4, 5, 6:
		e := seen(n, int64(rapid.IntRange(0, 9).Draw(t, "version")), rapid.SampledFrom(stops).Draw(t, "stop"))
		e.Look = rapid.Bool().Draw(t, "look")
		e.Round, e.TaskARN = round, arn(n+100*round)
		return e
	case 7:
		return run.Triggered{}
	case 8:
		return run.StopAsked{By: "ann", Reason: "x"}
	case 11:
		return run.Paced{Attempt: n, Send: send}
	case 12:
		return run.Found{Attempt: n, Round: round}
	case 9:
		return run.Unseen{Attempt: n, Refused: rapid.Bool().Draw(t, "refused"), Err: "AccessDeniedException"}
	case 13:
		return run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: n}}
	}
	return run.Gone{Attempt: n, At: t0.Add(time.Hour)}
}

// TestProperties plays random events and checks what must hold after each.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j, r, now := genJob(t), newRun(), t0
		known := wire{}
		known.sent(run.Decision{Next: r, Counted: 1}, now)
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minutes")) * time.Minute)
			e := genEvent(t, r)
			given := written(t, j, r)
			d := run.Decide(&j, &r, e, now, &run.DefaultTiming)
			if left := written(t, j, r); left != given {
				t.Fatalf("%T changed what it was given:\n%s\n%s", e, given, left)
			}
			if err := invariant(j, r, d, now); err != nil {
				t.Fatalf("%T in %s: %v", e, r.Status, err)
			}
			if r.Status.Terminal() && (d.Next.Status != r.Status || len(d.Next.Attempts) != len(r.Attempts)) {
				t.Fatalf("%T moved a run that had %s", e, r.Status)
			}
			if err := safe(j, r, d.Next); err != "" {
				t.Fatalf("%T: %s", e, err)
			}
			known.heard(e, r)
			known.sent(d, now)
			if err := known.contradicts(r, e, d, now); err != "" {
				t.Fatalf("%T in %s: %s", e, r.Status, err)
			}
			twice(t, j, d, e, now)
			r = d.Next
		}
	})
}

// written returns a job and a run as they are now.
func written(t *rapid.T, j job.Job, r run.Run) string {
	b, err := json.Marshal([]any{j, r})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wire is what was sent and answered, by attempt, kept apart from what the run knows.
type wire map[int]*sends

type sends struct {
	at      []send
	refused map[int]bool // by number
	lost    int          // the newest round of which an answer was lost
}

type send struct {
	at    time.Time
	round int
}

func (w wire) of(attempt int) *sends {
	if w[attempt] == nil {
		w[attempt] = &sends{refused: map[int]bool{}, lost: -1}
	}
	return w[attempt]
}

func (w wire) sent(d run.Decision, now time.Time) {
	if d.Counted != 0 {
		s := w.of(d.Counted)
		s.at = append(s.at, send{now, d.Next.Attempt(d.Counted).Round})
	}
}

// heard records an answer. A loss that is heard of after the verdict does not count.
func (w wire) heard(e run.Event, r run.Run) {
	switch e := e.(type) {
	case run.Refused:
		w.of(e.Attempt).refused[e.Send] = true
	case run.Paced:
		w.of(e.Attempt).refused[e.Send] = true
	case run.NoAnswer:
		if s := w.of(e.Attempt); !r.Attempt(e.Attempt).Over() && !s.refused[e.Send] {
			s.lost = max(s.lost, s.at[e.Send-1].round)
		}
	}
}

// nothing reports whether it is proved that no send of a round launched anything: all were
// refused, or failures[] answered the newest one long after the others.
func (s *sends) nothing(round int, e run.Event, now time.Time) bool {
	all, apart, first := s.lost < round, true, time.Time{}
	for n, send := range s.at {
		if send.round != round {
			continue
		}
		if first.IsZero() && !s.refused[n+1] {
			first = send.at
		}
		all = all && s.refused[n+1]
		apart = apart && (n == len(s.at)-1 || s.at[len(s.at)-1].at.Sub(send.at) >= run.DefaultTiming.Doubt || s.refused[n+1])
	}
	r, ok := e.(run.Refused)
	return all || ok && r.Stop.Kind == stop.LaunchFailure && r.Send == len(s.at) && apart && (first.IsZero() || now.Sub(first) < run.DefaultTiming.TokenLife)
}

// contradicts says where a decision contradicts the wire. A token is sent only while ECS
// surely keeps it, and never after its failures[]. That nothing was launched is said only if
// it is proved. After ECS had no room, a new token follows.
func (w wire) contradicts(before run.Run, e run.Event, d run.Decision, now time.Time) string {
	if d.Counted != 0 {
		s, round := w.of(d.Counted), d.Next.Attempt(d.Counted).Round
		for n, send := range s.at {
			if send.round == round && !s.refused[n+1] && now.Sub(send.at) >= run.DefaultTiming.TokenLife {
				return fmt.Sprintf("attempt %d is sent again %s after its send %d", d.Counted, now.Sub(send.at), n+1)
			}
		}
	}
	for _, a := range d.Next.Attempts {
		s, was := w.of(a.N), before.Attempt(a.N)
		raised := was != nil && a.Round > was.Round
		ended := a.Over() && a.TaskARN == "" && a.Rule != run.RuleInDoubt
		_, byTask := e.(run.Seen)
		switch r, ok := e.(run.Refused); {
		case raised && a.Started != stop.No:
			return fmt.Sprintf("attempt %d has another round, and the last one may have started", a.N)
		case raised && !byTask && !s.nothing(was.Round, e, now), ended && was != nil && !was.Over() && !s.nothing(a.Round, e, now):
			return fmt.Sprintf("attempt %d counts as not launched, of sends %+v were refused %v, lost in round %d", a.N, s.at, s.refused, s.lost)
		case ok && r.Attempt == a.N && r.Stop.Kind == stop.LaunchFailure && d.Result == run.Did && d.Next.Status == run.Queued && !a.Over() && !raised:
			return fmt.Sprintf("attempt %d is put off after its token's failures[]", a.N)
		}
	}
	return ""
}

// safe says where a further attempt is not safe: it exists only if the one before was proved
// never to have started, or the job allows more, and never after a person's stop or an exit
// code 0 that nobody forced.
func safe(j job.Job, before, after run.Run) string {
	if len(after.Attempts) <= len(before.Attempts) || len(before.Attempts) == 0 {
		return ""
	}
	last := after.Attempts[len(after.Attempts)-2]
	switch s := before.Stopping; {
	case s != nil && s.Asker == stop.AskedByPerson:
		return "relaunched although a person stopped it"
	case last.ExitCode != nil && *last.ExitCode == 0 && last.Class != stop.Interrupted && last.Class != stop.StoppedByUser:
		return "relaunched after exit code 0"
	case last.Started == stop.No, j.Retry.Idempotent:
		return ""
	case last.ExitCode != nil && *last.ExitCode == 75 && len(j.Retry.ExitCodes) > 0:
		return ""
	}
	return "relaunched although " + string(last.Class) + " by " + last.Rule + ": started " + string(last.Started)
}

// twice checks that the same task event, given again, changes nothing that matters.
func twice(t *rapid.T, j job.Job, d run.Decision, e run.Event, now time.Time) {
	s, ok := e.(run.Seen)
	if !ok || s.Version == 0 || s.Look {
		return
	}
	again := decided(j, d.Next, e, now, run.DefaultTiming)
	if again.Result != run.Ignored || !reflect.DeepEqual(again.Next, d.Next) {
		t.Fatalf("the same event again: %s, %s", again.Result, again.Why)
	}
}

// TestOrder delivers the states of one task in any order. The end is the same.
func TestOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := genJob(t)
		end := rapid.SampledFrom(stops).Filter(func(s stop.Stop) bool { return s.LastStatus == "STOPPED" && !s.StartedAt.IsZero() }).Draw(t, "end")
		states := []run.Event{
			run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"},
			seen(1, 2, stop.Stop{Kind: stop.Task, LastStatus: "PENDING"}),
			seen(1, 3, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0}),
			seen(1, 4, end),
		}
		inOrder, shuffled := outcome(j, states), outcome(j, rapid.Permutation(states).Draw(t, "order"))
		if inOrder != shuffled {
			t.Fatalf("in order: %+v, shuffled: %+v", inOrder, shuffled)
		}
	})
}

type ending struct {
	status   run.Status
	attempts int
	cause    string
}

func outcome(j job.Job, events []run.Event) ending {
	r := newRun()
	for _, e := range events {
		r = decided(j, r, e, t0.Add(time.Minute), run.DefaultTiming).Next
	}
	return ending{r.Status, len(r.Attempts), r.Cause}
}

// TestAFurtherAttemptIsNew: nothing that lies behind a run's attempts in memory gets into the
// next one.
func TestAFurtherAttemptIsNew(t *testing.T) {
	t.Parallel()
	r := decisions()[2].run
	room := make([]run.Attempt, 4)
	for i := range room {
		room[i] = run.Attempt{N: 9, Round: 9, TaskARN: arn(9), Doubt: true, Refusals: 9, Class: stop.Succeeded}
	}
	r.Attempts = append(room[:0], r.Attempts...)
	d := run.Decide(&plain, &r, seen(1, 5, eniTimeout), t0, &run.DefaultTiming)
	want := run.Attempt{N: 2, TaskDefinition: r.Task.ARN, Sends: 1, SentAt: t0}
	if len(d.Next.Attempts) != 2 || !reflect.DeepEqual(d.Next.Attempts[1], want) {
		t.Errorf("attempts %+v, want the second to be %+v", d.Next.Attempts, want)
	}
}
