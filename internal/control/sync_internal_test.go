package control

import (
	"context"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// SyncSome is Sync for when the registry could not be read as a whole: no job is gone because
// it is not among these.
func (c *Control) SyncSome(ctx context.Context, jobs []job.Job) error {
	l, err := c.Load(ctx)
	if err != nil {
		return err
	}
	return c.SyncLoaded(ctx, l, port.Reading{Jobs: registered(jobs)})
}
