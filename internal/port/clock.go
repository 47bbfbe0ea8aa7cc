package port

import (
	"context"
	"time"
)

// Sleep waits for d by the machine's clock. It ends early with ctx, and returns its error.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
