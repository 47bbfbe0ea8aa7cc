package simulation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Exist implements port.Store.
func (s *Store) Exist(_ context.Context, ids []run.ID) (map[run.ID]bool, error) {
	out := make(map[run.ID]bool, len(ids))
	for _, id := range ids {
		if _, ok := s.runs[id]; ok {
			out[id] = true
		}
	}
	return out, nil
}

// Runs implements port.Store.
func (s *Store) Runs(_ context.Context, q port.Query) ([]run.Run, error) {
	var found []*record
	add := func(recs []*record) {
		for _, rec := range recs {
			if !rec.corrupt && selects(q, rec.run) {
				found = append(found, rec)
			}
		}
	}
	if q.Job != "" {
		add(s.byJob[q.Job])
	} else {
		for _, recs := range s.byJob {
			add(recs)
		}
	}
	slices.SortFunc(found, func(a, b *record) int { return newestFirst(a.run, b.run) })
	found = found[:min(cmp.Or(q.Limit, 100), len(found))]
	out := s.room(len(found))
	for _, rec := range found {
		out = append(out, s.out(rec))
	}
	return out, nil
}

// selects reports whether a query of a job's runs selects r.
func selects(q port.Query, r *run.Run) bool {
	return q.At(r.ScheduledFor) && (q.Status == "" || r.Status == q.Status) && (!q.Scheduled || !r.ID.ByHand())
}

func newestFirst(a, b *run.Run) int {
	if n := b.ScheduledFor.Compare(a.ScheduledFor); n != 0 {
		return n
	}
	return cmp.Or(b.QueuedAt.Compare(a.QueuedAt), cmp.Compare(b.ID, a.ID))
}

// Item implements port.Store.
func (s *Store) Item(_ context.Context, name string) (job.Item, error) {
	item, ok := s.items[name]
	if !ok {
		return job.Item{}, port.ErrNotFound
	}
	if err := s.corruptItems[name]; err != nil {
		return job.Item{}, err
	}
	return s.outItem(*item), nil
}

// item returns what is kept of a job's item, or a zero item if there is none.
func (s *Store) item(name string) *job.Item {
	if item, ok := s.items[name]; ok {
		return item
	}
	return &job.Item{}
}

// definition returns what is kept under a hash, or a zero job if there is none.
func (s *Store) definition(hash string) *job.Job {
	if j, ok := s.definitions[hash]; ok {
		return j
	}
	return &job.Job{}
}

func (s *Store) outItem(i job.Item) job.Item {
	if s.shares {
		return i
	}
	return copyItem(i)
}

// Items implements port.Store.
func (s *Store) Items(context.Context) ([]job.Item, error) {
	out := s.shelf(len(s.names))
	for _, name := range s.names {
		if s.corruptItems[name] == nil {
			out = append(out, s.outItem(*s.items[name]))
		}
	}
	if len(s.corruptItems) > 0 {
		return out, &port.UnreadableItemsError{Jobs: maps.Clone(s.corruptItems)}
	}
	return out, nil
}

// CorruptItem makes a stored job's item unreadable.
func (s *Store) CorruptItem(_ context.Context, name string) error {
	s.corruptItems[name] = fmt.Errorf("the item of job %s is damaged", name)
	return nil
}

// Definition implements port.Store.
func (s *Store) Definition(_ context.Context, hash string) (job.Job, error) {
	j, ok := s.definitions[hash]
	if !ok {
		return job.Job{}, port.ErrNotFound
	}
	return *j, nil
}

// Definitions implements port.Store.
func (s *Store) Definitions(_ context.Context, hashes []string) (map[string]job.Job, error) {
	out := map[string]job.Job{}
	for _, hash := range hashes {
		if j, ok := s.definitions[hash]; ok {
			out[hash] = *j
		}
	}
	return out, nil
}

// PutDefinition implements port.Store.
func (s *Store) PutDefinition(_ context.Context, j job.Job) error {
	s.definitions[j.Hash()] = &j
	return nil
}

// Keep implements port.Store.
func (s *Store) Keep(_ context.Context, k port.Kept) error {
	k.Body = slices.Clone(k.Body)
	k.Place = strconv.Itoa(len(s.kept))
	s.kept = append(s.kept, k)
	return nil
}

// Settle implements port.Store. Nobody calls it here.
func (s *Store) Settle(_ context.Context, k port.Kept) error {
	i := slices.IndexFunc(s.kept, func(o port.Kept) bool { return o.ID() == k.ID() })
	if i < 0 {
		return port.ErrNotFound
	}
	s.kept = slices.Delete(s.kept, i, i+1)
	return nil
}

// Kept returns what was kept, newest first.
func (s *Store) Kept(_ context.Context, limit int) ([]port.Kept, error) {
	out := slices.Clone(s.kept)
	slices.Reverse(out)
	return out[:min(limit, len(out))], nil
}

// Mark implements port.Store.
func (s *Store) Mark(_ context.Context, name string) (time.Time, error) { return s.marks[name], nil }

// MoveMark implements port.Store.
func (s *Store) MoveMark(_ context.Context, name string, from, to time.Time) error {
	if !s.marks[name].Equal(from) {
		return port.ErrConflict
	}
	s.marks[name] = to
	return nil
}

// SetMark implements port.Store.
func (s *Store) SetMark(_ context.Context, name string, at time.Time) error {
	s.marks[name] = at.UTC()
	return nil
}
