package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/port"
)

// PutPending implements port.Store.
func (s *Store) PutPending(_ context.Context, p port.Pending) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding a pending slot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.pending, p.ID(), body)
	return nil
}

// Pending implements port.Store.
func (s *Store) Pending(_ context.Context, limit int) ([]port.Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []port.Pending
	unreadable := map[string]error{}
	for id, body := range s.pending {
		var p port.Pending
		if err := json.Unmarshal(body, &p); err != nil {
			unreadable[id] = fmt.Errorf("reading the pending slot %s: %w: %w", id, port.ErrUnreadable, err)
			continue
		}
		if !p.Done {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b port.Pending) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID(), b.ID())) })
	out = out[:min(limit, len(out))]
	if len(unreadable) > 0 {
		return out, &port.UnreadablePendingError{Slots: unreadable}
	}
	return out, nil
}

// DonePending implements port.Store.
func (s *Store) DonePending(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
	return nil
}

// CorruptPending makes a stored pending slot unreadable. It is meant for tests.
func (s *Store) CorruptPending(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[id] = []byte(`{"slot":`)
	return nil
}
