package simulation

import (
	"cmp"
	"context"
	"slices"

	"github.com/batchplane/batchplane/internal/port"
)

// PutPending implements port.Store.
func (s *Store) PutPending(_ context.Context, p port.Pending) error {
	if s.pending == nil {
		s.pending = map[string]port.Pending{}
	}
	s.pending[p.ID()] = p
	return nil
}

// Pending implements port.Store.
func (s *Store) Pending(_ context.Context, limit int) ([]port.Pending, error) {
	var out []port.Pending
	for _, p := range s.pending {
		if !p.Done {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b port.Pending) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID(), b.ID())) })
	return out[:min(limit, len(out))], nil
}

// DonePending implements port.Store.
func (s *Store) DonePending(_ context.Context, id string) error {
	delete(s.pending, id)
	return nil
}

// pendingSlots reports whether any pending slot is not done.
func (s *Store) pendingSlots() bool {
	for _, p := range s.pending {
		if !p.Done {
			return true
		}
	}
	return false
}
