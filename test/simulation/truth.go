package simulation

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// truth is what is noted while a world plays, from what the store was given and what people were
// told.
type truth struct {
	violations  []Violation
	order       []run.ID
	lives       map[run.ID]*life
	plans       map[string][]plan
	failing     map[string]failing         // by job
	missed      map[string]map[run.ID]bool // by job, of which nobody was told yet
	held        map[string]holder          // by job
	heldBack    map[run.ID]bool            // who held back a second slot
	owed        map[string]int             // how often a notice of a job was owed
	owes        map[run.ID]time.Time       // since when a run has owed a notice
	waits       []port.Slot                // slots that were answered to wait
	calendars   map[string]int             // checks since a job's calendar should have been told
	notices     map[carried]*told
	heard       map[string]bool      // startedBy of tasks whose stop was taken
	mistook     map[run.ID]bool      // runs that took a copy for their task
	final       map[string]*handler  // who was given failures[] by startedBy
	untold      map[string]time.Time // since when ECS has refused to tell, by startedBy
	answer      map[string]ended     // that ended a refusal, by startedBy
	untoldUntil time.Time
	unanswered  time.Time                // when DescribeTasks was last not answered
	spotFailed  map[run.RoundID]*handler // who was told that Spot had no room for an attempt
	lacks       map[run.RoundID]bool     // attempts for which there was no room, when last asked
	givenUp     map[string]bool          // attempts whose end ECS refused to tell, by startedBy
	skips       map[string]*skip         // by job
	checked     time.Time                // when the slots were last checked
	troubled    time.Time                // when a sweep last failed or did not come
	slept       time.Time                // until when no sweep came
	crowded     time.Time                // when launches were last due that a sweep need not come to
	refused     time.Time                // when RunTask last refused a launch for its rate, by the handlers' clock
	jumped      time.Time                // when the handlers' clock last jumped
	left        int                      // slots that were left to the sweep since it had
	errors      int                      // of undisturbed handlers in calm times
	lastError   string
}

// life is what the store was told about one run.
type life struct {
	rounds []int // the first attempt of each round
	ends   []end
	// stopAsked means that a person's stop is in effect in the present round.
	stopAsked bool
	// stopping is since when the present task has been asked to stop.
	stopping time.Time
	// lacking is since when it has waited for room in ECS, asked when it last asked for it
	// and has no answer.
	lacking, asked time.Time
	patience       time.Duration // the longest that it had meanwhile
	given          int           // the handler that last gave it the lock from outside
	long           bool          // people are told that a task of it runs for long
	found          *task         // that a search found beside a copy
}

// plan is a job's plan as the store had it from a time on.
type plan struct {
	from, since, seen time.Time
	plan              job.Plan
	gone              bool
	slots             *deployed
	checked           time.Time // when the slots were last checked during that plan
}

func (t *truth) init() {
	*t = truth{
		lives: map[run.ID]*life{}, plans: map[string][]plan{}, failing: map[string]failing{}, missed: map[string]map[run.ID]bool{}, held: map[string]holder{}, heldBack: map[run.ID]bool{}, owes: map[run.ID]time.Time{}, owed: map[string]int{}, notices: map[carried]*told{}, heard: map[string]bool{}, mistook: map[run.ID]bool{},
		final: map[string]*handler{}, lacks: map[run.RoundID]bool{}, spotFailed: map[run.RoundID]*handler{}, untold: map[string]time.Time{}, answer: map[string]ended{}, givenUp: map[string]bool{}, skips: map[string]*skip{},
	}
}

func (w *World) violate(check string, id run.ID, format string, args ...any) {
	if w.wrong.ever && byClocks[check] {
		return
	}
	v := Violation{Check: check, Run: id, What: fmt.Sprintf(format, args...)}
	w.truth.violations = append(w.truth.violations, v)
	w.tell(id, "VIOLATION of %q: %s", check, v.What)
}

// committed sees every write to the store that took effect.
func (w *World) committed(before, after *run.Run, item *job.Item) {
	if item != nil {
		w.plannedAnew(item)
		w.newerStands(item)
		w.failsAfterAll(after, item)
		w.lockGiven(after, item)
		w.toldMissed(cmp.Or(before, &run.Run{}), after, item)
		defer w.skipAsked(item)
	}
	if after == nil {
		return
	}
	l := w.truth.lives[after.ID]
	if before == nil {
		l = &life{rounds: []int{1}}
		w.truth.lives[after.ID] = l
		w.truth.order = append(w.truth.order, after.ID)
		w.claimed(after)
		w.tooEarly(after)
		w.leftToSweep(after)
		w.skipped(after)
		before = &run.Run{}
	} else if !w.givesWay(before, after) {
		w.moved(l, before, after)
	}
	if w.trace != nil {
		w.tell(after.ID, "saved: %s, %d attempts, due %s: %s%s", after.Status, len(after.Attempts), after.DueAt.Format("15:04:05"), after.Cause, owed(after))
	}
	if before.ID == "" {
		w.askedFor(after)
	}
	w.streamed(after)
	w.mistakes(after)
	w.noteFound(l, after)
	w.takenUp(after)
	w.ofTheJob(l, before, after)
	if decided(before, after) {
		w.launching(l, before, after)
	}
	w.ranAfterAll(l, before, after)
	w.stopStands(l, before, after)
	w.endStood(before, after)
	w.runsOn(l, before, after)
	w.waitStands(l, before, after)
	if after.Status.Terminal() && (before.ID == "" || !before.Status.Terminal()) {
		w.ended(l, after, item != nil)
	}
}

func owed(r *run.Run) string {
	var parts []string
	for _, e := range r.Owed {
		parts = append(parts, strings.TrimSpace(string(e.Kind)+" "+e.Notice))
	}
	if parts == nil {
		return ""
	}
	return "; owes " + strings.Join(parts, ", ")
}

// moved checks a change of status, and notes where a person's retry begins.
func (w *World) moved(l *life, before, after *run.Run) {
	if before.Status.Terminal() && !after.Status.Terminal() {
		w.round(l, before, after)
	}
	if before.Status.Terminal() && after.Status.Terminal() && before.Status != after.Status {
		w.violate("an end stands", after.ID, "%s became %s", before.Status, after.Status)
	}
	if s := after.Stopping; s != nil && s.Asker == stop.AskedByPerson && before.Stopping != s && !l.stopAsked {
		if !slices.Contains(w.people.stops[after.ID], s.By) {
			w.violate("only people stop as people", after.ID, "%q never asked to stop it", s.By)
		}
		l.stopAsked = true
	}
}

// round: a run left its end. A person's retry must be the cause, and each retry is the cause of
// at most one round.
func (w *World) round(l *life, before, after *run.Run) {
	l.rounds = append(l.rounds, len(before.Attempts)+1)
	l.stopAsked = false
	if len(after.Triggers) <= len(before.Triggers) {
		w.violate("an end stands", after.ID, "%s became %s, and nobody asked for a retry", before.Status, after.Status)
		return
	}
	id := after.Triggers[len(after.Triggers)-1].Request
	used, asked := w.people.retries[id]
	if !asked || used {
		w.violate("an end stands", after.ID, "retry %q was asked for: %t, and used before: %t", id, asked, used)
	}
	w.asSeen(before, id)
	w.people.retries[id] = true
}

// decided reports whether the change decides on a launch: of a new attempt, or of one that was
// postponed.
func decided(before, after *run.Run) bool {
	return len(after.Attempts) > len(before.Attempts) || before.Status == run.Queued && after.Status == run.Launching
}

// wall returns the time on the handlers' clock.
func (w *World) wall() time.Time { return w.now.Add(w.skew + w.off()) }

// slack is the time that clocks that are off and stalled handlers may cost.
const slack = 6 * time.Minute

// launching checks a decision to launch.
func (w *World) launching(l *life, before, after *run.Run) {
	j := w.store.definition(after.Definition)
	if late := w.wall().Sub(after.ReadyAt) - j.Retry.Within(); late > slack {
		w.violate("deadlines are kept", after.ID, "a launch is decided on %s after the deadline", late)
	}
	round := l.rounds[len(l.rounds)-1]
	limit := j.Retry.Limit()
	if j.Capacity == job.SpotThenOnDemand && w.movedFrom(after.ID, round, len(after.Attempts)) > 0 {
		limit++ // the move costs no attempt, once
	}
	if made := len(after.Attempts) - round + 1; made > limit {
		w.violate("attempts are kept", after.ID, "attempt %d of a round, and %d are allowed", made, limit)
	}
	if slices.Contains(j.Notify.Also, job.AlsoRelaunched) && len(after.Attempts) > max(round, len(before.Attempts)) {
		id := fmt.Sprintf("%s:%s/%s/%d", notice.Relaunched, stack, after.ID, len(after.Attempts))
		l.ends = append(l.ends, end{status: after.Status, notice: id, at: w.now})
	}
	if l.stopAsked && before.Stopping != nil {
		w.violate("a stop is obeyed", after.ID, "a launch is decided on after a person asked to stop the run")
	}
}

// claimed checks a new run: its slot, its lateness, its job's pause.
func (w *World) claimed(r *run.Run) {
	if r.ID.ByHand() || r.Status.Terminal() && r.Status != run.Failed {
		return
	}
	j := w.store.definition(r.Definition)
	if late := w.wall().Sub(r.ScheduledFor) - j.Late(); late > slack && j.CatchUp != job.CatchUpLast {
		w.violate("late slots are missed", r.ID, "its launch is decided on %s too late", late)
	}
	for _, name := range []string{r.ID.Job(), job.All} {
		item := w.store.item(name)
		if p := item.PausedAt(r.ScheduledFor); p != nil && p.From.Add(slack).Before(w.wall()) {
			w.violate("what is paused does not start", r.ID, "%s is paused since %s", name, p.From.Format("15:04:05"))
		}
	}
}

// plannedAnew notes a job's plan if it changed.
func (w *World) plannedAnew(item *job.Item) {
	ps := w.truth.plans[item.Name]
	if n := len(ps); n > 0 && reflect.DeepEqual(ps[n-1].plan, item.Plan) && ps[n-1].gone == item.Gone {
		return
	}
	if d := w.byName(item.Name); item.Gone && d != nil && !d.gone && d.back.Add(slack).Before(w.now) {
		w.violate("only what left is gone", "", "job %s counts as gone, and its schedule is there", item.Name)
	}
	if w.trace != nil {
		w.tell("", "the item of %s: %q since %s, disabled %t, gone %t, seen %s", item.Name, item.Plan.Schedule, item.Since.Format("15:04:05"), item.Plan.Disabled, item.Gone, item.SeenAt.Format("15:04:05"))
	}
	p := plan{from: w.now, since: item.Since, seen: item.SeenAt, plan: item.Plan, gone: item.Gone}
	for _, j := range w.jobs {
		if j.job.Name == item.Name {
			p.slots = j.planned(item.Plan)
		}
	}
	w.truth.plans[item.Name] = append(ps, p)
}

// slotsChecked notes that a check of the slots was completed.
func (w *World) slotsChecked() {
	if w.control.Timing.Standby {
		return
	}
	w.truth.checked = w.now
	if w.almanac == nil {
		w.calendarsTold()
	}
	for _, ps := range w.truth.plans {
		if n := len(ps); n > 0 {
			ps[n-1].checked = w.now
		}
	}
}
