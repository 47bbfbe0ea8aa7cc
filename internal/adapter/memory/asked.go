package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/control"
)

// PutAsked implements control.Store.
func (s *Store) PutAsked(_ context.Context, a control.Asked) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encoding a request: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.asked, fmt.Sprintf("%019d-%s", a.At.UnixNano(), a.ID), body)
	return nil
}

// Asked implements control.Store.
func (s *Store) Asked(_ context.Context, q control.AskedQuery) ([]control.Asked, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []control.Asked
	for _, body := range s.asked {
		var a control.Asked
		if err := json.Unmarshal(body, &a); err != nil {
			return nil, fmt.Errorf("decoding a request: %w", err)
		}
		if q.Selects(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b control.Asked) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return out[:min(cmp.Or(q.Limit, 100), len(out))], nil
}
