package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/control"
)

// PutPending implements control.Store.
func (s *Store) PutPending(_ context.Context, p control.Pending) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding a pending slot: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.pending, p.ID(), body)
	return nil
}

// Pending implements control.Store.
func (s *Store) Pending(_ context.Context, limit int) ([]control.Pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []control.Pending
	for _, body := range s.pending {
		var p control.Pending
		if err := json.Unmarshal(body, &p); err != nil {
			return nil, fmt.Errorf("decoding a pending slot: %w", err)
		}
		if !p.Done {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b control.Pending) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID(), b.ID())) })
	return out[:min(limit, len(out))], nil
}
