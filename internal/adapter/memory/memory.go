// Package memory implements port.Store in memory, for tests and simulation. It copies what goes in
// and out through the same JSON as the other stores, so that nothing is shared by accident, and nothing
// is kept that they would lose.
package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Store is ready to use as its zero value, which is empty.
type Store struct {
	mu          sync.Mutex
	runs        map[run.ID]row
	items       map[string]row
	definitions map[string][]byte
	kept        []port.Kept
	places      int
	marks       map[string]time.Time
	rests       port.Rests
	asked       map[string][]byte
	pending     map[string][]byte
}

type row struct {
	rev  int64
	due  time.Time
	lane run.Lane // "" if the run is not open
	body []byte
	item *job.Item // set once it was decoded, if it holds nothing that could be shared
}

// Run implements port.Store.
func (s *Store) Run(_ context.Context, id run.ID) (run.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.runs[id]
	if !ok {
		return run.Run{}, fmt.Errorf("run %s: %w", id, port.ErrNotFound)
	}
	return w.run()
}

func (w row) run() (run.Run, error) {
	var r run.Run
	if err := json.Unmarshal(w.body, &r); err != nil {
		return r, fmt.Errorf("decoding a run: %w: %w", port.ErrUnreadable, err)
	}
	r.Rev = w.rev
	return r, nil
}

// Commit implements port.Store.
func (s *Store) Commit(_ context.Context, c port.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Run != nil && s.runs[c.Run.ID].rev != c.Run.Rev {
		return fmt.Errorf("run %s: %w", c.Run.ID, port.ErrConflict)
	}
	if c.Item != nil && s.items[c.Item.Name].rev != c.Item.Rev {
		return fmt.Errorf("item of job %s: %w", c.Item.Name, port.ErrConflict)
	}
	if c.Run != nil {
		body, err := json.Marshal(c.Run)
		if err != nil {
			return fmt.Errorf("encoding run %s: %w", c.Run.ID, err)
		}
		w := row{rev: c.Run.Rev + 1, due: c.Run.DueAt, body: body}
		if c.Run.Open() {
			w.lane = c.Run.Lane()
		}
		put(&s.runs, c.Run.ID, w)
	}
	if c.Item != nil {
		body, err := json.Marshal(c.Item)
		if err != nil {
			return fmt.Errorf("encoding the item of job %s: %w", c.Item.Name, err)
		}
		put(&s.items, c.Item.Name, row{rev: c.Item.Rev + 1, body: body})
	}
	return nil
}

func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// Due implements port.Store.
func (s *Store) Due(_ context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []run.ID
	for id, w := range s.runs {
		if w.lane == lane && !w.due.After(now) && !s.rests.Over(id, w.rev, now) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b run.ID) int {
		return cmp.Or(s.runs[a].due.Compare(s.runs[b].due), cmp.Compare(a, b))
	})
	var out []run.Run
	unreadable := map[run.ID]error{}
	for _, id := range ids[:min(limit, len(ids))] {
		r, err := s.runs[id].run()
		if err != nil {
			unreadable[id] = err
			continue
		}
		s.rests.Give(&r, r.Rev, now)
		out = append(out, r)
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadableError{Runs: unreadable}
	}
	return out, nil
}

// NextDue returns when the first of the open runs is due, if there is one. It is meant for tests that
// let time pass.
func (s *Store) NextDue() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.runs {
		if w.lane != "" && (!ok || w.due.Before(at)) {
			at, ok = w.due, true
		}
	}
	return at, ok
}

// Rest implements port.Store.
func (s *Store) Rest(r run.Run, from, until time.Time) { s.rests.Rest(r, from, until) }

// SetAside implements port.Store.
func (s *Store) SetAside(_ context.Context, id run.ID, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.runs[id]
	if !ok {
		return fmt.Errorf("run %s: %w", id, port.ErrNotFound)
	}
	if w.lane == "" {
		return nil // somebody else set it aside
	}
	s.keep(port.Kept{At: w.due, Reason: fmt.Sprintf("run %s: %s", id, reason), Body: slices.Clone(w.body)})
	w.lane = ""
	w.rev++
	s.runs[id] = w
	return nil
}

// Corrupt makes a stored run unreadable. It is meant for tests.
func (s *Store) Corrupt(_ context.Context, id run.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.runs[id]
	w.body = []byte(`{"id":`)
	s.runs[id] = w
	return nil
}

// CorruptItem makes a job's stored item unreadable. It is meant for tests.
func (s *Store) CorruptItem(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.items[name]
	w.body, w.item = []byte(`{"name":`), nil
	s.items[name] = w
	return nil
}

// Exist implements port.Store.
func (s *Store) Exist(_ context.Context, ids []run.ID) (map[run.ID]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[run.ID]bool{}
	for _, id := range ids {
		if _, ok := s.runs[id]; ok {
			out[id] = true
		}
	}
	return out, nil
}

// Runs implements port.Store.
func (s *Store) Runs(_ context.Context, q port.Query) ([]run.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []run.Run
	for id, w := range s.runs {
		if q.Scheduled && id.ByHand() || q.Job != "" && id.Job() != q.Job {
			continue
		}
		r, err := w.run()
		if err != nil {
			continue // the look sets it aside
		}
		if q.Status != "" && r.Status != q.Status || !q.At(r.ScheduledFor) {
			continue
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), b.QueuedAt.Compare(a.QueuedAt), cmp.Compare(b.ID, a.ID))
	})
	return out[:min(cmp.Or(q.Limit, 100), len(out))], nil
}

// Definition implements port.Store.
func (s *Store) Definition(_ context.Context, hash string) (job.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, ok := s.definitions[hash]
	if !ok {
		return job.Job{}, fmt.Errorf("definition %s: %w", hash, port.ErrNotFound)
	}
	var j job.Job
	if err := json.Unmarshal(body, &j); err != nil {
		return j, fmt.Errorf("decoding definition %s: %w", hash, err)
	}
	return j, nil
}

// PutDefinition implements port.Store.
func (s *Store) PutDefinition(_ context.Context, j job.Job) error {
	body, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding the definition of job %s: %w", j.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.definitions, j.Hash(), body)
	return nil
}
