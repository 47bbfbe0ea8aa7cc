package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// setAside sends a notice about each run that cannot be read and then takes it out of the
// way, in this order, so that a crash in between repeats the notice instead of losing it.
// Before that it frees the lock of the run's job; until it can, the run stays due.
func (l *look) setAside(ctx context.Context, unreadable *port.UnreadableError) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(unreadable.Runs)) {
		reason := unreadable.Runs[id]
		if !l.first(id) {
			continue
		}
		if errors.Is(reason, port.ErrNewer) {
			l.Log.WarnContext(ctx, "left a run to the newer version that wrote it", "run", id, "why", reason.Error())
			continue
		}
		if err := l.release(ctx, id); err != nil {
			errs = append(errs, err)
			continue
		}
		if l.Notifier != nil {
			if _, err := l.Notifier.Notify(ctx, notice.Unreadable(l.Stack, id, reason.Error())); err != nil {
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

// first reports whether this look comes to an unreadable run for the first time.
func (l *look) first(id run.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := !l.aside[id]
	if l.aside == nil {
		l.aside = map[run.ID]bool{}
	}
	l.aside[id] = true
	return first
}
