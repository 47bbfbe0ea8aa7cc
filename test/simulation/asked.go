package simulation

import (
	"cmp"
	"context"
	"slices"

	"github.com/batchplane/batchplane/internal/port"
)

// PutAsked implements port.Store.
func (s *Store) PutAsked(_ context.Context, a port.Asked) error {
	a.Request = slices.Clone(a.Request)
	s.asked = slices.DeleteFunc(s.asked, func(o port.Asked) bool { return o.ID == a.ID && o.At.Equal(a.At) })
	s.asked = append(s.asked, a)
	return nil
}

// Asked implements port.Reader.
func (s *Store) Asked(_ context.Context, q port.AskedQuery) ([]port.Asked, error) {
	var out []port.Asked
	for _, a := range s.asked {
		if q.Selects(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b port.Asked) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return out[:min(cmp.Or(q.Limit, 100), len(out))], nil
}
