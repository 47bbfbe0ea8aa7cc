package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// untold holds the runs that looks of this process found to owe a notice that others send.
// Nothing else shows that those others are dead: what is owed becomes due again ever less
// often.
type untold struct {
	mu   sync.Mutex
	runs map[run.ID]time.Time // since when
}

// maxUntold bounds how many are kept. It does not matter which: if there are that many, all
// are old.
const maxUntold = 1000

func (u *untold) note(r *run.Run) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !r.Owes(run.Tell) {
		delete(u.runs, r.ID)
		return
	}
	if u.runs == nil {
		u.runs = map[run.ID]time.Time{}
	}
	if len(u.runs) < maxUntold {
		u.runs[r.ID] = r.OwesSince()
	}
}

// oldest returns the run that has owed a notice for longest; "" if none does.
func (u *untold) oldest() (id run.ID, since time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for r, at := range u.runs {
		if id == "" || at.Before(since) || at.Equal(since) && r < id {
			id, since = r, at
		}
	}
	return id, since
}

func (u *untold) forget(id run.ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.runs, id)
}

// Untold returns since when the oldest notice has been owed, of all that looks of this
// process came to; zero if none is. A look comes to the notice of an ended run after a minute
// and at least every half hour. It comes to that of a run that goes on when the run is due:
// its task is looked at every 45 minutes, and a relaunch waits for job.MaxBackoff at most.
func (c *Control) Untold(ctx context.Context) (time.Time, error) {
	for {
		id, since := c.untold.oldest()
		if id == "" {
			return time.Time{}, nil
		}
		r, err := c.Store.Run(ctx, id)
		switch {
		case err == nil && r.Owes(run.Tell) && r.Nonsense() == "":
			return since, nil
		case errors.Is(err, port.ErrUnreadable), errors.Is(err, port.ErrNewer): // a look sees to it
		case err != nil && !errors.Is(err, port.ErrNotFound):
			return since, fmt.Errorf("asking whether run %s still owes a notice: %w", id, err)
		}
		c.untold.forget(id)
	}
}
