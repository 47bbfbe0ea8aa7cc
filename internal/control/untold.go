package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// untold are the runs that looks of this process found to owe a notice which
// others carry. Nobody sees otherwise that those are dead: what is owed is due
// again ever less often.
type untold struct {
	mu   sync.Mutex
	runs map[run.ID]time.Time // since when
}

// maxUntold bounds how many are kept. Which are does not matter: where there are
// that many, all are old.
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

// oldest is the run that has owed a notice for longest, "" where none does.
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

// Untold is since when the oldest notice has been owed of all that looks of this
// process came to; zero where none is. A look comes to that of an ended run after a minute
// and at least every half hour; to that of one that goes on when the run is due: its task
// is looked at every 45 minutes, and a relaunch waits for job.MaxBackoff at most.
func (c *Control) Untold(ctx context.Context) (time.Time, error) {
	for {
		id, since := c.untold.oldest()
		if id == "" {
			return time.Time{}, nil
		}
		r, err := c.Store.Run(ctx, id)
		switch {
		case err == nil && r.Owes(run.Tell):
			return since, nil
		case err != nil && !errors.Is(err, ErrNotFound):
			return since, fmt.Errorf("asking whether run %s still owes a notice: %w", id, err)
		}
		c.untold.forget(id)
	}
}
