package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

type statusCmd struct{ looks }

// Run says how the control plane itself is doing. It returns an error if something is wrong, for
// monitors.
func (c *statusCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error { return c.show(ctx, a, p) })
}

func (*statusCmd) show(ctx context.Context, a *app, p *plane.Plane) error {
	st, unread := p.Status(ctx)
	if unread != nil {
		if st.Where == "" {
			return unread
		}
		st.Unseen = append(st.Unseen, "what its table holds: jobs, runs, when slots were checked")
	}
	var err error
	switch {
	case a.json:
		err = printJSON(a.Stdout, st)
	case unread != nil:
		err = a.printParts(st)
	default:
		err = a.printStatus(st)
	}
	if err == nil && unread == nil && len(st.Wrong) > 0 {
		return errRefused
	}
	return errors.Join(err, unread)
}

// mostHeldUp is the largest number of waiting runs to show, longest first.
const mostHeldUp = 5

func (a *app) printStatus(st plane.Status) error {
	var b bytes.Buffer
	line := liner(&b)
	line("times", "in %s", a.zoneName())
	a.statusRunning(line, st)
	line("heartbeat", "%s", a.ago(st.Heartbeat))
	if st.CheckedTo.IsZero() {
		line("slots", "never checked")
	} else {
		line("slots", "checked up to %s", a.ago(st.CheckedTo))
	}
	for _, lane := range []run.Lane{run.LaunchLane, run.LookLane} {
		line("lag", "%s: %s", lane, lag(st.LagMs[lane]))
	}
	a.statusParts(line, st)
	for _, d := range st.Doubt {
		line("in doubt", "%s since %s: it is not known whether ECS launched attempt %d; %s", d.Run, a.at(d.Since), d.Attempt, d.Next)
	}
	a.statusHeld(line, st)
	if st.Kept > 0 {
		line("kept", "%s could not be used: see `%s`", job.Counted(st.Kept, "input"), a.command("kept"))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Paused)) {
		line("paused", "%s, %s", allJobs(name), a.pauseText(st.Paused[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Failing)) {
		line("failing", "%s since %s", name, a.at(st.Failing[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Gone)) {
		line("gone", "%s is no longer in the registry: noticed at %s", name, a.at(st.Gone[name]))
	}
	statusWrong(line, st)
	return a.write(b.Bytes())
}

// printParts prints how the parts are of a control plane whose table cannot be read.
func (a *app) printParts(st plane.Status) error {
	var b bytes.Buffer
	line := liner(&b)
	a.statusRunning(line, st)
	a.statusParts(line, st)
	statusWrong(line, st)
	return a.write(b.Bytes())
}

func liner(b *bytes.Buffer) func(name, format string, args ...any) {
	return func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(b, "%-12s %s\n", name, notice.Printable(fmt.Sprintf(format, args...)))
	}
}

func statusWrong(line func(name, format string, args ...any), st plane.Status) {
	for _, w := range st.Wrong {
		line("wrong", "%s", w)
	}
}

// statusHeld prints the runs that wait for long, and the jobs that an open run holds back.
func (a *app) statusHeld(line func(name, format string, args ...any), st plane.Status) {
	for _, h := range st.HeldUp[:min(mostHeldUp, len(st.HeldUp))] {
		line("held up", "%s waits since %s to be launched: %s", h.Run, a.at(h.Since), h.Cause)
	}
	if n := len(st.HeldUp) - mostHeldUp; n > 0 {
		line("held up", "and %s more: `%s --status queued,launching`", job.Counted(n, "run"), a.command("history"))
	}
	for _, name := range slices.Sorted(maps.Keys(st.HeldBack)) {
		line("held back", "%s: its slots are skipped while %s is open; `%s %s --reason WHY` stops that", name, st.HeldBack[name], a.command("stop"), st.HeldBack[name])
	}
}

// statusRunning says whether the control plane is there and launches.
func (a *app) statusRunning(line func(name, format string, args ...any), st plane.Status) {
	if st.Running {
		line("running", "yes, %s", st.Where)
	} else {
		line("running", "no; `%s -f FILE` starts it", a.command("local"))
	}
	if st.Standby {
		line("stands by", "yes: it knows the jobs but launches nothing, even if people ask")
	}
}

// statusParts describes the parts of a stack.
func (a *app) statusParts(line func(name, format string, args ...any), st plane.Status) {
	if words := st.Versions(); words != "" {
		line("version", "%s", words)
	}
	for _, al := range st.Alarms {
		heard := ""
		if !al.Heard && al.State != "" {
			heard = "; nobody is notified: " + al.Unheard
		}
		line("alarm", "%s: %s%s", al.Name, cmp.Or(al.State, "deleted"), heard)
	}
	for _, q := range st.Queues {
		holds := job.Counted(q.Messages, "message")
		if q.Deleted {
			holds = "deleted"
		}
		line("queue", "%s: %s", q.Name, holds)
	}
	for _, r := range st.Rules {
		line("rule", "%s: %s, %s", r.Name, cmp.Or(r.State, "deleted"), job.Counted(r.Targets, "target"))
	}
	for _, u := range st.Unseen {
		line("not seen", "%s", u)
	}
}

func (a *app) ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	age := a.now().Sub(t).Truncate(time.Second)
	if age < 0 { // a clock was put back
		return fmt.Sprintf("%s (%s ahead of this clock)", a.at(t), -age)
	}
	return fmt.Sprintf("%s (%s ago)", a.at(t), age)
}

func lag(ms int64) string {
	if ms <= 0 {
		return "nothing is due"
	}
	return "the oldest due run has waited for " + (time.Duration(ms) * time.Millisecond).Truncate(time.Millisecond).String()
}

func allJobs(name string) string {
	if name == job.All {
		return "all jobs"
	}
	return name
}

func (a *app) pauseText(p job.Pause) string {
	text := "since " + a.at(p.From)
	if !p.To.IsZero() {
		text += " until " + a.at(p.To)
	}
	return text + " " + view.PauseWords(p)
}
