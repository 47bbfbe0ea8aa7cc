package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// patience is how long a job whose slots cannot be checked keeps the mark from moving on.
// There must be an end, since each sweep checks all jobs anew from there. What is told names it.
const patience = 3 * time.Hour

// passes reports whether the mark moves past a span, from where it is to the span's end. err is why
// slots of the span could not be checked; nil if those of all jobs were whose items can be read. Past
// others it moves once patience has lasted. An input is kept then, saying that nobody will report which of them
// were missed, and a notice reports that; of items that cannot be read, a process says so once
// for as long as they stay the same. A mark that a wrong clock has set in the future is never
// kept there.
//
// Crash window: until the mark has moved, the next sweep keeps it again.
func (c *Control) passes(ctx context.Context, l *Loaded, from, to time.Time, err error) bool {
	switch {
	case err == nil && (l.unreadable == nil || from.After(l.at)):
		c.passedOver.Store(nil)
		return true
	case err != nil && c.failingFor(ctx, l.at) < patience, l.at.Sub(to) < patience:
		return false
	}
	why := errors.Join(err, asError(l.unreadable)).Error()
	if told := c.passedOver.Load(); told != nil && *told == why {
		return true
	}
	keep := c.keep(ctx, nil, fmt.Sprintf("no notice will say which slots from %s on were missed: they could not be checked for three hours: %.2000s",
		job.UTC(from), why))
	switch {
	case keep != nil:
		c.Log.ErrorContext(ctx, "the mark stays", "why", keep.Error())
		return false
	case err == nil:
		c.passedOver.Store(&why)
	}
	return true
}

// failingFor returns for how long no check of the slots has finished because of failures.
// Time in which nobody checked does not count.
func (c *Control) failingFor(ctx context.Context, now time.Time) time.Duration {
	since, err := c.Store.Mark(ctx, port.MarkFailing)
	finished, errFinished := c.Store.Mark(ctx, port.MarkSweep)
	if err != nil || errFinished != nil {
		return 0
	}
	if since.IsZero() || !since.After(finished) {
		if err := c.Store.SetMark(ctx, port.MarkFailing, now); err != nil {
			c.Log.WarnContext(ctx, "storing since when slots cannot be checked", "why", err.Error())
		}
		return 0
	}
	return now.Sub(since)
}
