package memory

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// Mark implements port.Store.
func (s *Store) Mark(_ context.Context, name string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[name], nil
}

// MoveMark implements port.Store.
func (s *Store) MoveMark(_ context.Context, name string, from, to time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.marks[name].Truncate(time.Millisecond).Equal(from.Truncate(time.Millisecond)) {
		return port.ErrConflict
	}
	put(&s.marks, name, to.UTC())
	return nil
}

// SetMark implements port.Store.
func (s *Store) SetMark(_ context.Context, name string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.marks, name, at.UTC())
	return nil
}
