//go:build !linux

package localecs

import (
	"context"
	"time"
)

// ReapOrphans does nothing here: no orphans come to this process.
func ReapOrphans(context.Context, time.Duration) {}
