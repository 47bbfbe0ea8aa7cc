package simulation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Store is a control.Store that keeps values by copying them, several times as
// fast as one that encodes them. It passes storetest and is not safe for
// concurrent use: a world is single-threaded.
//
// Definitions are shared with the caller: nobody may change a job.Job in place.
type Store struct {
	runs  map[run.ID]*record
	open  []*record // in no order that matters: Due sorts
	items map[string]job.Item
	names []string // of the items, sorted
	// corruptItems are those that cannot be read, by name.
	corruptItems map[string]error
	definitions  map[string]job.Job
	kept         []control.Kept
	marks        map[string]time.Time

	// Reads counts the runs that were handed out.
	Reads int
	// onCommit sees every write that took effect, before it returns.
	onCommit func(before, after *run.Run, item *job.Item)
	// blind writes without looking at the revision: a mutation.
	blind bool
}

type record struct {
	run     run.Run
	open    bool
	corrupt bool
	aside   bool
}

// NewStore is an empty store.
func NewStore() *Store {
	return &Store{
		runs: map[run.ID]*record{}, items: map[string]job.Item{}, definitions: map[string]job.Job{}, marks: map[string]time.Time{},
		corruptItems: map[string]error{},
	}
}

// Run implements control.Store.
func (s *Store) Run(_ context.Context, id run.ID) (run.Run, error) {
	rec, ok := s.runs[id]
	if !ok {
		return run.Run{}, control.ErrNotFound
	}
	if rec.corrupt {
		return run.Run{}, fmt.Errorf("run %s is damaged", id)
	}
	s.Reads++
	return copyRun(rec.run), nil
}

// Commit implements control.Store.
func (s *Store) Commit(_ context.Context, c control.Change) error {
	var rec *record
	if c.Run != nil {
		rec = s.runs[c.Run.ID]
		if !s.blind && revision(rec) != c.Run.Rev {
			return control.ErrConflict
		}
	}
	if c.Item != nil && !s.blind && s.items[c.Item.Name].Rev != c.Item.Rev {
		return control.ErrConflict
	}
	before := s.putRun(rec, c.Run)
	s.putItem(c.Item)
	if s.onCommit != nil {
		s.onCommit(before, c.Run, c.Item)
	}
	return nil
}

func revision(rec *record) int64 {
	if rec == nil {
		return 0
	}
	return rec.run.Rev
}

func (s *Store) putRun(rec *record, r *run.Run) (before *run.Run) {
	if r == nil {
		return nil
	}
	if rec == nil {
		rec = &record{}
		s.runs[r.ID] = rec
	} else {
		old := rec.run
		before = &old
	}
	rev := rec.run.Rev + 1
	rec.run = copyRun(*r)
	rec.run.Rev = rev
	switch open := r.Open(); {
	case open && !rec.open:
		s.open = append(s.open, rec)
		rec.open = true
	case !open && rec.open:
		s.close(rec)
	}
	return before
}

func (s *Store) close(rec *record) {
	i := slices.Index(s.open, rec)
	s.open[i] = s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	rec.open = false
}

func (s *Store) putItem(item *job.Item) {
	if item == nil {
		return
	}
	old, known := s.items[item.Name]
	if !known {
		i, _ := slices.BinarySearch(s.names, item.Name)
		s.names = slices.Insert(s.names, i, item.Name)
	}
	next := copyItem(*item)
	next.Rev = old.Rev + 1
	s.items[item.Name] = next
}

// Due implements control.Store.
func (s *Store) Due(_ context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	var due []*record
	for _, rec := range s.open {
		if rec.run.Lane() == lane && !rec.run.DueAt.After(now) {
			due = append(due, rec)
		}
	}
	slices.SortFunc(due, func(a, b *record) int {
		return cmp.Or(a.run.DueAt.Compare(b.run.DueAt), cmp.Compare(a.run.ID, b.run.ID))
	})
	var out []run.Run
	unreadable := map[run.ID]error{}
	for _, rec := range due[:min(limit, len(due))] {
		if rec.corrupt {
			unreadable[rec.run.ID] = fmt.Errorf("run %s is damaged", rec.run.ID)
			continue
		}
		s.Reads++
		out = append(out, copyRun(rec.run))
	}
	if len(unreadable) > 0 {
		return out, &control.UnreadableError{Runs: unreadable}
	}
	return out, nil
}

// nextDue is when the first open run is due; ok is false when none is open.
func (s *Store) nextDue() (at time.Time, ok bool) {
	for _, rec := range s.open {
		if !ok || rec.run.DueAt.Before(at) {
			at, ok = rec.run.DueAt, true
		}
	}
	return at, ok
}

// SetAside implements control.Store.
func (s *Store) SetAside(_ context.Context, id run.ID, reason string) error {
	rec, ok := s.runs[id]
	if !ok {
		return control.ErrNotFound
	}
	if !rec.open {
		return nil
	}
	body := []byte(`{"id":`)
	s.kept = append(s.kept, control.Kept{At: rec.run.DueAt, Reason: fmt.Sprintf("run %s: %s", id, reason), Body: body})
	rec.aside = true
	rec.run.Rev++
	s.close(rec)
	return nil
}

// Corrupt makes a stored run unreadable.
func (s *Store) Corrupt(_ context.Context, id run.ID) error {
	s.runs[id].corrupt = true
	return nil
}

// Exist implements control.Store.
func (s *Store) Exist(_ context.Context, ids []run.ID) (map[run.ID]bool, error) {
	out := make(map[run.ID]bool, len(ids))
	for _, id := range ids {
		if _, ok := s.runs[id]; ok {
			out[id] = true
		}
	}
	return out, nil
}

// Runs implements control.Store.
func (s *Store) Runs(_ context.Context, q control.Query) ([]run.Run, error) {
	var out []run.Run
	for _, rec := range s.runs {
		r := &rec.run
		if rec.corrupt || q.Scheduled && r.ID.ByHand() || q.Job != "" && r.ID.Job() != q.Job || q.Status != "" && r.Status != q.Status || r.ScheduledFor.Before(q.Since) {
			continue
		}
		out = append(out, copyRun(*r))
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), b.QueuedAt.Compare(a.QueuedAt), cmp.Compare(b.ID, a.ID))
	})
	return out[:min(cmp.Or(q.Limit, 100), len(out))], nil
}

// Item implements control.Store.
func (s *Store) Item(_ context.Context, name string) (job.Item, error) {
	item, ok := s.items[name]
	if !ok {
		return job.Item{}, control.ErrNotFound
	}
	if err := s.corruptItems[name]; err != nil {
		return job.Item{}, err
	}
	return copyItem(item), nil
}

// Items implements control.Store.
func (s *Store) Items(context.Context) ([]job.Item, error) {
	out := make([]job.Item, 0, len(s.names))
	for _, name := range s.names {
		if s.corruptItems[name] == nil {
			out = append(out, copyItem(s.items[name]))
		}
	}
	if len(s.corruptItems) > 0 {
		return out, &control.UnreadableItemsError{Jobs: s.corruptItems}
	}
	return out, nil
}

// CorruptItem makes a stored job's item unreadable.
func (s *Store) CorruptItem(_ context.Context, name string) error {
	s.corruptItems[name] = fmt.Errorf("the item of job %s is damaged", name)
	return nil
}

// Definition implements control.Store.
func (s *Store) Definition(_ context.Context, hash string) (job.Job, error) {
	j, ok := s.definitions[hash]
	if !ok {
		return job.Job{}, control.ErrNotFound
	}
	return j, nil
}

// PutDefinition implements control.Store.
func (s *Store) PutDefinition(_ context.Context, j job.Job) error {
	s.definitions[j.Hash()] = j
	return nil
}

// Keep implements control.Store.
func (s *Store) Keep(_ context.Context, k control.Kept) error {
	k.Body = slices.Clone(k.Body)
	s.kept = append(s.kept, k)
	return nil
}

// Kept returns what was kept, the newest first.
func (s *Store) Kept(_ context.Context, limit int) ([]control.Kept, error) {
	out := slices.Clone(s.kept)
	slices.Reverse(out)
	return out[:min(limit, len(out))], nil
}

// Mark implements control.Store.
func (s *Store) Mark(_ context.Context, name string) (time.Time, error) { return s.marks[name], nil }

// SetMark implements control.Store.
func (s *Store) SetMark(_ context.Context, name string, at time.Time) error {
	s.marks[name] = at.UTC()
	return nil
}
