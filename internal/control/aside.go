package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/notice"
)

// setAside takes runs that cannot be read out of the way and tells of them:
// first told, then set aside, so that a crash between tells it twice and not
// never. Its job's lock is freed before: while that cannot be done, it stays due.
func (l *look) setAside(ctx context.Context, unreadable *UnreadableError) error {
	var errs []error
	for id, reason := range unreadable.Runs {
		if l.aside[id] {
			continue
		}
		l.aside[id] = true
		if errors.Is(reason, ErrNewer) {
			l.Log.WarnContext(ctx, "left a run to the newer version that wrote it", "run", id, "why", reason.Error())
			continue
		}
		if err := l.release(ctx, id); err != nil {
			errs = append(errs, err)
			continue
		}
		if l.Notifier != nil {
			if err := l.Notifier.Notify(ctx, notice.Unreadable(l.Stack, id, reason.Error())); err != nil {
				errs = append(errs, fmt.Errorf("telling that run %s cannot be read: %w", id, err))
				continue
			}
		}
		l.Log.ErrorContext(ctx, "set aside a run that cannot be read", "run", id, "why", reason)
		if err := l.Store.SetAside(ctx, id, reason.Error()); err != nil {
			errs = append(errs, fmt.Errorf("setting run %s aside: %w", id, err))
		}
	}
	return errors.Join(errs...)
}
