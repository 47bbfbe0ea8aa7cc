package plane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Status says how the control plane itself is doing.
type Status struct {
	Health
	Standing
	// Standby means that it launches nothing because it was deployed so.
	Standby bool `json:"standby,omitempty"`
	// Command is the version of this program.
	Command string `json:"commandVersion"`
	// Doubt lists the runs of which it is not known whether ECS launched them.
	Doubt []Doubtful `json:"doubt,omitempty"`
	// HeldUp lists the runs that have waited to be launched for longer than view.HeldUp allows,
	// longest first. That is not a fault of the control plane.
	HeldUp []HeldUp `json:"heldUp,omitempty"`
	// Untold lists the runs that have owed a notice for over 15 minutes, longest first: not
	// everyone who should be told has accepted it.
	Untold []Untold `json:"untold,omitempty"`
	// NewerRuns are runs, open or owing something, that a newer batchplane wrote. This program cannot read
	// them, so they are in none of the lists above.
	NewerRuns []run.ID `json:"newerRuns,omitempty"`
	// Kept counts the inputs that could not be used and wait for a person, up to keptMost. That
	// is not a fault of the control plane.
	Kept int `json:"kept,omitempty"`
	// Wrong says what is wrong with the control plane. It is empty if all is well.
	Wrong []string `json:"wrong,omitempty"`
}

// Doubtful is a run in doubt.
type Doubtful struct {
	Run run.ID `json:"run"`
	view.Doubt
}

// HeldUp is a run that waits to be launched: since when, and what for.
type HeldUp struct {
	Run   run.ID    `json:"run"`
	Since time.Time `json:"since"`
	Cause string    `json:"cause,omitempty"`
}

// Untold is a run that owes a notice, and approximately since when.
type Untold struct {
	Run   run.ID    `json:"run"`
	Since time.Time `json:"since"`
}

// keptMost is the largest number of kept inputs that are counted.
const keptMost = 100

// openMost is the largest number of open runs that are looked at.
const openMost = 1000

// Beyond these bounds something is wrong. The alarms on AWS use the same bounds, except for the lag: they
// wait until it is twice as long.
const (
	heartbeatWithin = 5 * time.Minute
	lagWithin       = 5 * time.Minute
	noticeWithin    = 15 * time.Minute
)

// Status reads how the control plane is doing. If its table cannot be read, the Status beside the error says
// how its parts are.
func (p *Plane) Status(ctx context.Context) (Status, error) {
	st := Status{Command: Release, Standby: p.Stack.Standby}
	var err error
	now := p.now()
	if p.Inspect != nil {
		if st.Health, err = p.Inspect(ctx); err != nil {
			return st, err
		}
	}
	if st.Standing, err = ReadStanding(ctx, p.Reader, now); err != nil {
		st.judgeHealth()
		st.judgeStack()
		return st, err
	}
	open, err := p.openRuns(ctx, openMost, st.newer)
	if err != nil {
		return st, err
	}
	if len(open) == openMost {
		st.Unseen = append(st.Unseen, fmt.Sprintf("open runs beyond the newest %d", openMost))
	}
	for _, r := range open {
		if d := view.DoubtOf(r); d != nil {
			st.Doubt = append(st.Doubt, Doubtful{r.ID, *d})
		}
		if since, held := view.HeldUp(r, now); held {
			st.HeldUp = append(st.HeldUp, HeldUp{r.ID, since.UTC(), r.Cause})
		}
	}
	slices.SortStableFunc(st.HeldUp, func(a, b HeldUp) int { return a.Since.Compare(b.Since) })
	if err := p.untold(ctx, &st, open, now); err != nil {
		return st, err
	}
	kept, err := p.Kept(ctx, keptMost)
	if err != nil {
		return st, fmt.Errorf("reading the inputs that could not be used: %w", err)
	}
	st.Kept = len(kept)
	st.judge(now)
	return st, nil
}

// untold adds the runs that have owed a notice for long. It looks at the open runs, and at the
// runs that are due by the time at which any notice is tried again.
func (p *Plane) untold(ctx context.Context, st *Status, open []run.Run, now time.Time) error {
	due, err := p.Due(ctx, run.LookLane, now.Add(run.DefaultTiming.ToldMost+time.Minute), openMost)
	var unreadable *port.UnreadableError // the look sets a damaged one aside and tells
	if err != nil && !errors.As(err, &unreadable) {
		return fmt.Errorf("reading what is owed: %w", err)
	}
	if unreadable != nil {
		for id, why := range unreadable.Runs {
			if errors.Is(why, port.ErrNewer) {
				st.newer(id)
			}
		}
	}
	if len(due) == openMost {
		st.Unseen = append(st.Unseen, fmt.Sprintf("notices owed by runs beyond the %d that are due first", openMost))
	}
	for _, r := range slices.Concat(open, due) {
		since := r.OwesSince()
		if !r.Owes(run.Tell) || now.Sub(since) <= noticeWithin || slices.ContainsFunc(st.Untold, func(u Untold) bool { return u.Run == r.ID }) {
			continue
		}
		st.Untold = append(st.Untold, Untold{r.ID, since.UTC()})
	}
	slices.SortStableFunc(st.Untold, func(a, b Untold) int { return a.Since.Compare(b.Since) })
	return nil
}

// newer notes a run that a newer batchplane wrote.
func (st *Status) newer(id run.ID) {
	if at, known := slices.BinarySearch(st.NewerRuns, id); !known {
		st.NewerRuns = slices.Insert(st.NewerRuns, at, id)
	}
}

// judgeNewer says what is missing because a newer batchplane wrote it. Nobody else may say so.
func (st *Status) judgeNewer() {
	const text = "a newer batchplane wrote %s (%s first), left out here: use a command of that version; if the stack itself is older, deploy the newer one again, since until then nobody %s"
	if n := len(st.NewerRuns); n > 0 {
		st.wrong(text, job.Counted(n, "run"), st.NewerRuns[0], "handles them")
	}
	if n := len(st.NewerJobs); n > 0 {
		st.wrong(text, job.Counted(n, "job"), st.NewerJobs[0], "watches their slots")
	}
}

// Pulse says what is wrong with the control plane as far as its heartbeat tells and, on one machine, its
// process; nothing if it works. old means that nobody keeps its state current: a notice that nobody takes is
// wrong too, and what the state says of runs is true. That is one read: Status asks about everything.
func (p *Plane) Pulse(ctx context.Context) (wrong []string, old bool, err error) {
	st := Status{Health: Health{Running: true}}
	if st.Heartbeat, err = p.Mark(ctx, port.MarkSweep); err != nil {
		return nil, false, fmt.Errorf("reading the heartbeat: %w", err)
	}
	if p.Inspect != nil && p.Stack.Name == "" { // of a stack, it would ask about many parts
		if st.Health, err = p.Inspect(ctx); err != nil {
			return nil, false, err
		}
	}
	now := p.now()
	st.judgePulse(now)
	return st.Wrong, !st.Running || now.Sub(st.Heartbeat) > heartbeatWithin, nil
}

// PutBack says how to mend a stack of which somebody removed a part. To deploy the same template again
// changes nothing.
const PutBack = "a change set with --deployment-mode REVERT_DRIFT puts back what somebody changed in the stack"

func (st *Status) wrong(format string, args ...any) {
	st.Wrong = append(st.Wrong, fmt.Sprintf(format, args...))
}

func (st *Status) judgeHealth() {
	if !st.Running {
		st.wrong("the control plane is not running: no job is started")
	}
	if st.Trouble != "" {
		st.wrong("%s", st.Trouble)
	}
}

func (st *Status) judgePulse(now time.Time) {
	st.judgeHealth()
	switch {
	case !st.Running:
	case st.Heartbeat.IsZero():
		st.wrong("the sweep has never finished: a new control plane's first one may take two minutes")
	case now.Sub(st.Heartbeat) > heartbeatWithin:
		st.wrong("the sweep last finished %s ago", now.Sub(st.Heartbeat).Truncate(time.Second))
	}
}

func (st *Status) judge(now time.Time) {
	st.judgePulse(now)
	for _, lane := range slices.Sorted(maps.Keys(st.LagMs)) {
		if lag := time.Duration(st.LagMs[lane]) * time.Millisecond; lag > lagWithin {
			st.wrong("the oldest run of the %s lane has been due for %s", lane, lag.Truncate(time.Second))
		}
	}
	for _, name := range st.Unreadable {
		st.wrong("the item of the job %s cannot be read: its slots are not watched until somebody puts it back as it was", name)
	}
	st.judgeNewer()
	if n := len(st.Untold); n > 0 {
		oldest := st.Untold[0]
		st.wrong("%s still owed after %s, of %s for %s: not all who should be told have taken it", job.Counted(n, "notice"), job.Duration(noticeWithin), oldest.Run, now.Sub(oldest.Since).Truncate(time.Second))
	}
	st.judgeStack()
}

// judgeStack says what is wrong with the parts of a stack.
func (st *Status) judgeStack() {
	st.judgeUnheard()
	for _, a := range st.Alarms {
		switch {
		case a.State == "":
			st.wrong("the alarm %s was deleted, so it notifies nobody: %s", a.Name, PutBack)
		case a.Rings:
			st.wrong("the alarm %s is in %s: %s", a.Name, a.State, a.Reason)
		}
	}
	for _, q := range st.Queues {
		switch {
		case q.Deleted:
			st.wrong("the queue %s was deleted, so what is given up is lost: %s", q.Name, PutBack)
		case q.Messages > 0:
			st.wrong("%s in the queue %s: `redrive` shows what was given up", job.Counted(q.Messages, "message"), q.Name)
		}
	}
	for _, r := range st.Rules {
		switch {
		case r.State == "":
			st.wrong("the rule %s was deleted, so what it did is not done: %s", r.Name, PutBack)
		case r.Targets == 0:
			st.wrong("the rule %s has lost its target, so it calls no function: %s", r.Name, PutBack)
		case r.State == "DISABLED":
			st.wrong("the rule %s is switched off, so it calls no function: `aws events enable-rule --name %s` switches it on", r.Name, r.On)
		}
	}
}

// judgeUnheard names the alarms that notify nobody, those with the same reason together.
func (st *Status) judgeUnheard() {
	names, silenced := map[string][]string{}, map[string]bool{}
	for _, a := range st.Alarms {
		if !a.Heard && a.State != "" {
			names[a.Unheard], silenced[a.Unheard] = append(names[a.Unheard], a.Name), a.Silenced
		}
	}
	for _, why := range slices.Sorted(maps.Keys(names)) {
		who := names[why][0] + " notifies"
		if more := len(names[why]) - 1; more > 0 {
			who = fmt.Sprintf("%s and %s notify", names[why][0], job.Counted(more, "other"))
		}
		mend := "confirm a subscription, or deploy the stack with AlertEmail or AlarmTopicArn"
		if silenced[why] {
			mend = "`aws cloudwatch enable-alarm-actions --alarm-names " + strings.Join(names[why], " ") + "` switches them on"
		}
		st.wrong("the alarm %s nobody: %s; %s", who, why, mend)
	}
}
