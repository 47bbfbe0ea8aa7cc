package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/timetable"
)

// PlanError names jobs whose schedules cannot be read. A person must mend them.
type PlanError struct {
	Problems []error
	// Err is what else went wrong; nil if all others were synced.
	Err error
}

func (e *PlanError) Error() string {
	return errors.Join(append(slices.Clone(e.Problems), e.Err)...).Error()
}

func (e *PlanError) Unwrap() error { return e.Err }

// Sync copies the registry's jobs into the jobs' items, where commands and the look read
// them. Items of jobs that are no longer in the registry stay, marked as gone, so that
// history keeps its words. A job whose schedule cannot be read keeps the plan that it had,
// and a *PlanError names it.
func (c *Control) Sync(ctx context.Context, jobs []job.Job) error {
	whole := c.Now()
	l, err := c.Load(ctx)
	if err != nil {
		return err
	}
	return c.SyncLoaded(ctx, l, port.Reading{Jobs: registered(jobs), Whole: whole})
}

func registered(jobs []job.Job) []port.Registered {
	out := make([]port.Registered, len(jobs))
	for i := range jobs {
		out[i] = port.Register(jobs[i])
	}
	return out
}

// SyncLoaded is Sync with what was read of the registry and with items that were loaded after
// that.
func (c *Control) SyncLoaded(ctx context.Context, l *Loaded, r port.Reading) error {
	if err := l.renew(ctx, c.unsynced(l, r.Jobs)); err != nil {
		return err
	}
	news, problems, errs := c.news(ctx, l, r.Jobs)
	errs = append(errs, c.deployAll(ctx, l, news))
	if ctx.Err() != nil {
		return errors.Join(append(errs, ctx.Err())...)
	}
	if !r.Whole.IsZero() {
		errs = append(errs, c.markGone(ctx, l, r))
	}
	if len(problems) > 0 {
		return &PlanError{Problems: problems, Err: errors.Join(errs...)}
	}
	return errors.Join(errs...)
}

// unsynced returns the jobs whose items are not known to hold what the registry holds.
func (c *Control) unsynced(l *Loaded, jobs []port.Registered) (names []string) {
	now := c.Now()
	for i := range jobs {
		if j := &jobs[i]; !c.synced.holds(j.Name, knownAs(j), l.rev(j.Name), now) {
			names = append(names, j.Name)
		}
	}
	return names
}

// news returns what is new about the registry's jobs. problems are about plans that cannot be
// read.
func (c *Control) news(ctx context.Context, l *Loaded, jobs []port.Registered) (news []deployment, problems, errs []error) {
	now := c.Now()
	checked := sync.OnceValues(func() (time.Time, error) { return c.Store.Mark(ctx, port.MarkSlots) })
	for i := range jobs {
		j := &jobs[i]
		if c.synced.holds(j.Name, knownAs(j), l.rev(j.Name), now) {
			continue
		}
		if why := l.unread()[j.Name]; why != nil {
			errs = append(errs, fmt.Errorf("reading the item of job %s: %w", j.Name, why))
			continue
		}
		upTo, err := checked()
		if err != nil {
			return nil, problems, append(errs, fmt.Errorf("reading up to when slots were checked: %w", err))
		}
		item := l.item(j.Name)
		d, problem, err := c.latest(ctx, item, *j, upTo)
		if errs = append(errs, err); problem != nil {
			problems = append(problems, problem)
		}
		if d.changed {
			news = append(news, d)
		} else if problem == nil && knownAs(&d.Registered) == knownAs(j) {
			c.synced.put(j.Name, synced(knownAs(j), item))
		}
	}
	return news, problems, errs
}

// latest returns the deployment of what was read of a job, or of what is newer. It returns
// none if nobody can tell, or the job is gone.
func (c *Control) latest(ctx context.Context, item job.Item, j port.Registered, upTo time.Time) (d deployment, problem, err error) {
	if d, problem = c.read(item, j, upTo); !d.changed {
		return d, problem, nil
	}
	newer, err := c.newer(ctx, &item)
	switch {
	case err != nil || newer.Gone:
		return deployment{}, nil, err
	case newer.Job != nil:
		d, problem = c.read(item, *newer.Job, upTo)
	}
	return d, problem, nil
}

// read is deployment of a job of which all schedules were read. So what is deployed may be new only in that
// it says itself that the job is off, starts or ends, which a person had done to its schedule.
func (c *Control) read(item job.Item, j port.Registered, checked time.Time) (d deployment, problem error) {
	d, problem = c.deployment(item, j, checked)
	d.changed = d.changed || d.next.SwitchedOff != item.SwitchedOff || d.next.CutShort != item.CutShort || d.next.Postponed != item.Postponed
	return d, problem
}

// markGone notes that jobs left the registry, which still held them when it was last read. A
// job that another process came to know after the reading began may have been made behind
// what was already read.
func (c *Control) markGone(ctx context.Context, l *Loaded, r port.Reading) error {
	there := make(map[string]bool, len(r.Jobs)+len(r.Broken))
	for i := range r.Jobs {
		there[r.Jobs[i].Name] = true
	}
	for _, name := range r.Broken {
		there[name] = true
	}
	left := l.left(there, r.Whole)
	names := make([]string, len(left))
	for i := range left {
		names[i] = left[i].Name
	}
	if err := l.renew(ctx, names); err != nil {
		return err
	}
	if all, err := c.leave(ctx, l, l.left(there, r.Whole), r.Whole); err != nil || !all || l.unsure(there, r.Whole) {
		return err // so the mark says of each job that has not left that it was there
	}
	at := r.Whole
	if l.asOf.Before(at) { // a job that is known to be gone may have come back since
		at = l.asOf
	}
	return c.markRead(ctx, at)
}

// left returns the items of jobs that are not there any more.
func (l *Loaded) left(there map[string]bool, whole time.Time) (left []job.Item) {
	for i := range l.items {
		if item := &l.items[i]; !item.Gone && item.Name != job.All && !there[item.Name] && !item.KnownAt.After(whole) {
			left = append(left, *item)
		}
	}
	return left
}

// unsure reports whether somebody came to know a job that is not there after the list began.
// They may know it from an earlier reading, so it need not have been there when the list
// began. Nor need a job that is not there and whose item cannot be read: it leaves once that
// can be read again.
func (l *Loaded) unsure(there map[string]bool, whole time.Time) bool {
	for i := range l.items {
		if item := &l.items[i]; !item.Gone && item.Name != job.All && !there[item.Name] && item.KnownAt.After(whole) {
			return true
		}
	}
	for name := range l.unread() {
		if name != job.All && !there[name] {
			return true
		}
	}
	return false
}

// leave notes that jobs left that a list, begun at whole, did not show. all reports whether
// each of them is now known to have left or to be there. About a job that somebody else wrote
// in between, the next list tells.
func (c *Control) leave(ctx context.Context, l *Loaded, left []job.Item, whole time.Time) (all bool, err error) {
	if len(left) == 0 {
		return true, nil
	}
	seen, err := c.lastRead(ctx)
	if err != nil {
		return false, err
	}
	known := make([]bool, len(left))
	err = c.write(ctx, l, len(left), func(i int) (item job.Item, err error) {
		item, known[i], err = c.leftOrNot(ctx, left[i], whole, seen)
		known[i] = known[i] || item.Gone
		return item, err
	})
	return !slices.Contains(known, false), err
}

// leftOrNot asks about a job that a list did not show: a process that lists for the first
// time does not know which schedules a list may have left out.
func (c *Control) leftOrNot(ctx context.Context, item job.Item, whole, seen time.Time) (is job.Item, there bool, err error) {
	var r port.Renewal
	asked := c.Now()
	if c.Registry != nil {
		if r, err = c.Registry.Renew(ctx, item.Name, whole); err != nil {
			return is, false, fmt.Errorf("job %s: asking whether it left: %w", item.Name, err)
		}
	}
	if r.Unproved { // a schedule that may carry it became unusable since, which the next list shows
		return item, false, nil
	}
	if r.Job == nil {
		is, err = c.leaveOne(ctx, item, later(seen, r.Seen))
		return is, false, err
	}
	if err := c.learn(ctx, *r.Job, asked); err != nil {
		return is, false, err
	}
	is, err = c.item(ctx, item.Name)
	return is, true, err
}

// leaveOne notes that a job left the registry, where it last was at seen.
func (c *Control) leaveOne(ctx context.Context, item job.Item, seen time.Time) (job.Item, error) {
	item = item.Leave(c.lastSeen(item, seen), c.Now())
	c.Log.WarnContext(ctx, "a job left the registry", "job", item.Name, "definition", item.Definition, "lastSeen", item.SeenAt)
	return c.putItem(ctx, item)
}

// lastSeen returns when a job that left was last there: at seen, or at a later slot of a
// one-time schedule. Such a schedule deletes itself if told to (EventBridge Scheduler API,
// ActionAfterCompletion) and leaves as little behind as one that somebody deleted.
func (c *Control) lastSeen(item job.Item, seen time.Time) time.Time {
	if !item.Plan.Runs() {
		return seen
	}
	t, err := timetable.Of(item.Plan)
	if err != nil || !t.Spec().OneTime() {
		return seen
	}
	if slot, ok := t.Next(seen); ok && slot.Before(c.Now()) {
		return slot
	}
	return seen
}

// planProblem says why a job's plan cannot be read. What a plan says never changes, so it is
// read once.
func (c *Control) planProblem(hash string, j job.Job) (err error) {
	defer panics.Recover(&err)
	if j.Schedule == "" {
		return nil
	}
	if err, ok := c.plans.get(hash); ok {
		return err
	}
	if _, err = timetable.Of(j.Plan()); err != nil {
		err = fmt.Errorf("job %s: %w", j.Name, err)
	}
	c.plans.put(hash, err)
	return err
}
