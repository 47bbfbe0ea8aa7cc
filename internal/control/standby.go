package control

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// passSlots moves the marks without a check: somebody else runs the slots.
func (c *Control) passSlots(ctx context.Context, now time.Time) error {
	for _, mark := range []string{port.MarkSlots, port.MarkSweep} {
		if err := c.Store.SetMark(ctx, mark, now); err != nil {
			return fmt.Errorf("storing that the sweep was here: %w", err)
		}
	}
	return nil
}
