package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// PutAsked implements port.Store.
func (s *Store) PutAsked(_ context.Context, a port.Asked) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encoding a request: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.asked, askedKey(a), body)
	return nil
}

func askedKey(a port.Asked) string { return fmt.Sprintf("%019d-%s", a.At.UnixNano(), a.ID) }

// CorruptAsked makes a stored request unreadable. It is meant for tests.
func (s *Store) CorruptAsked(_ context.Context, a port.Asked) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[askedKey(a)] = []byte(`{"id":`)
	return nil
}

// Asked implements port.Reader.
func (s *Store) Asked(_ context.Context, q port.AskedQuery) ([]port.Asked, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []port.Asked
	for key, body := range s.asked {
		var a port.Asked
		if err := json.Unmarshal(body, &a); err != nil {
			nanos, id, _ := strings.Cut(key, "-")
			at, _ := strconv.ParseInt(nanos, 10, 64) // as askedKey writes it
			a = port.UnreadableAsked(id, time.Unix(0, at), err)
			a.Job, a.By = q.Job, q.By // it may be one of these
		}
		if q.Selects(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b port.Asked) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return out[:min(cmp.Or(q.Limit, 100), len(out))], nil
}
