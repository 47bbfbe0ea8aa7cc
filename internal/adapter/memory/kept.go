package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/batchplane/batchplane/internal/port"
)

// Keep implements port.Store.
func (s *Store) Keep(_ context.Context, k port.Kept) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.Body = slices.Clone(k.Body)
	s.keep(k)
	return nil
}

func (s *Store) keep(k port.Kept) {
	s.places++
	k.Place = strconv.Itoa(s.places)
	s.kept = append(s.kept, k)
}

// Settle implements port.Store.
func (s *Store) Settle(_ context.Context, k port.Kept) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.kept, func(o port.Kept) bool { return o.Place == k.Place })
	if i < 0 {
		return fmt.Errorf("settling a kept input: %w", port.ErrNotFound)
	}
	s.kept = slices.Delete(s.kept, i, i+1)
	return nil
}

// Kept implements port.Store. It returns the kept inputs, the newest first.
func (s *Store) Kept(_ context.Context, limit int) ([]port.Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.kept)
	slices.Reverse(out)
	return out[:min(limit, len(out))], nil
}
