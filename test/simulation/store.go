package simulation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Store is a port.Store that keeps values by copying them, several times as fast as one that
// encodes them. It passes storetest and is not safe for concurrent use: a world is
// single-threaded.
//
// A world's Store does not copy what runs refer to, because handlers change nothing of what they
// read or wrote: TestNothingIsChangedInPlace.
//
// Definitions are shared with the caller: nobody may change a job.Job in place.
type Store struct {
	runs  map[run.ID]*record
	open  []*record // in no particular order: Due sorts
	due   []*record // memory for Due
	byJob map[string][]*record
	items map[string]*job.Item
	names []string // of the items, sorted
	// corruptItems are the items that cannot be read, by name.
	corruptItems map[string]error
	definitions  map[string]*job.Job
	kept         []port.Kept
	marks        map[string]time.Time
	asked        []port.Asked
	pending      map[string]port.Pending

	// Reads counts the runs that were handed out.
	Reads int
	// onCommit sees every write that took effect, before it returns.
	onCommit func(before, after *run.Run, item *job.Item)
	// blind makes writes ignore the revision: a mutation.
	blind bool
	// shares makes it hand out what it keeps, without a copy.
	shares bool
	// stock is where it keeps runs. room returns memory for up to n runs that it hands out, and
	// shelf for n items.
	stock *stock
	room  func(n int) []run.Run
	shelf func(n int) []job.Item
	// rests is what the process whose call is running remembers.
	rests *port.Rests
	// keeps reports whether a change lets a run keep its place in rests.
	keeps func(port.Change) bool
}

type record struct {
	run *run.Run
	// spare is where the next write goes, because the previous state is looked at until then.
	spare *run.Run
	// place identifies the run's place among those that are due. A write that shows there changes
	// it.
	place   int64
	open    bool
	corrupt bool
	// aside means that it was set aside, at asideAt.
	aside   bool
	asideAt time.Time
	damaged bool
	// mended is nil unless it was damaged and can be read again.
	mended *mending
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{
		runs: map[run.ID]*record{}, byJob: map[string][]*record{}, items: map[string]*job.Item{}, definitions: map[string]*job.Job{}, marks: map[string]time.Time{},
		stock:        &stock{},
		corruptItems: map[string]error{}, rests: &port.Rests{}, keeps: port.Change.KeepsPlace,
		room: func(n int) []run.Run { return make([]run.Run, 0, n) }, shelf: func(n int) []job.Item { return make([]job.Item, 0, n) },
	}
}

// Run implements port.Store.
func (s *Store) Run(_ context.Context, id run.ID) (run.Run, error) {
	rec, ok := s.runs[id]
	if !ok {
		return run.Run{}, port.ErrNotFound
	}
	if rec.corrupt {
		return run.Run{}, fmt.Errorf("run %s: %w", id, port.ErrUnreadable)
	}
	return s.out(rec), nil
}

// out returns a run in the form in which it is handed out.
func (s *Store) out(rec *record) run.Run {
	s.Reads++
	if s.shares {
		return *rec.run
	}
	return copyRun(*rec.run)
}

// Commit implements port.Store.
func (s *Store) Commit(_ context.Context, c port.Change) error {
	var rec *record
	if c.Run != nil {
		rec = s.runs[c.Run.ID]
		if !s.blind && revision(rec) != c.Run.Rev {
			return port.ErrConflict
		}
	}
	if c.Item != nil && !s.blind && s.item(c.Item.Name).Rev != c.Item.Rev {
		return port.ErrConflict
	}
	rec, before := s.putRun(rec, c.Run)
	if c.Run != nil && !s.keeps(c) {
		rec.place++
	}
	s.putItem(c.Item)
	if s.onCommit != nil {
		s.onCommit(before, c.Run, c.Item)
	}
	return nil
}

func revision(rec *record) int64 {
	if rec == nil || rec.run == nil {
		return 0
	}
	return rec.run.Rev
}

func (s *Store) putRun(rec *record, r *run.Run) (_ *record, before *run.Run) {
	if r == nil {
		return nil, nil
	}
	if rec == nil {
		rec = s.stock.records.give()
		s.runs[r.ID] = rec
		name := r.ID.Job()
		s.byJob[name] = append(s.byJob[name], rec)
	}
	before = rec.run
	if rec.spare == nil {
		rec.spare = s.stock.runs.give()
	}
	if *rec.spare = *r; !s.shares {
		*rec.spare = copyRun(*r)
	}
	rec.spare.Rev = revision(rec) + 1
	rec.run, rec.spare = rec.spare, before
	switch open := r.Open(); {
	case open && !rec.open:
		s.open = append(s.open, rec)
		rec.open = true
	case !open && rec.open:
		s.close(rec)
	}
	return rec, before
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
		old = &job.Item{}
		s.items[item.Name] = old
	}
	rev := old.Rev + 1
	*old = s.outItem(*item)
	old.Rev = rev
}

// Due implements port.Store.
func (s *Store) Due(_ context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	due := s.due[:0]
	for _, rec := range s.open {
		if rec.run.Lane() == lane && !rec.run.DueAt.After(now) && !s.rests.Over(rec.run.ID, rec.place, now) {
			due = append(due, rec)
		}
	}
	slices.SortFunc(due, func(a, b *record) int {
		if n := a.run.DueAt.Compare(b.run.DueAt); n != 0 {
			return n
		}
		return cmp.Compare(a.run.ID, b.run.ID)
	})
	s.due = due
	if len(due) == 0 {
		return nil, nil
	}
	due = due[:min(limit, len(due))]
	out := s.room(len(due))
	var unreadable map[run.ID]error
	for _, rec := range due {
		if rec.corrupt {
			if unreadable == nil {
				unreadable = map[run.ID]error{}
			}
			unreadable[rec.run.ID] = fmt.Errorf("run %s is damaged", rec.run.ID)
			continue
		}
		r := s.out(rec)
		s.rests.Give(&r, rec.place, now)
		out = append(out, r)
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadableError{Runs: unreadable}
	}
	return out, nil
}

// Rest implements port.Store.
func (s *Store) Rest(r run.Run, from, until time.Time) { s.rests.Rest(r, from, until) }

// nextDue returns when the first open run is due as a process sees it; ok is false if none is
// open.
func (s *Store) nextDue(p *process, now time.Time) (at time.Time, ok bool) {
	for _, rec := range s.open {
		due := rec.run.DueAt
		if until, rests := p.resting(rec, now); rests {
			due = until
		}
		if !ok || due.Before(at) {
			at, ok = due, true
		}
	}
	return at, ok
}

// SetAside implements port.Store.
func (s *Store) SetAside(_ context.Context, id run.ID, reason string) error {
	rec, ok := s.runs[id]
	if !ok {
		return port.ErrNotFound
	}
	if !rec.open {
		return nil
	}
	body := []byte(`{"id":`)
	if !rec.corrupt {
		body = fmt.Appendf(nil, `{"id":%q,"definition":%q}`, id, rec.run.Definition)
	}
	s.kept = append(s.kept, port.Kept{At: rec.run.DueAt, Reason: fmt.Sprintf("run %s: %s", id, reason), Body: body})
	rec.aside = true
	next := *rec.run
	next.Rev++
	rec.run = &next
	s.close(rec)
	return nil
}

// Corrupt makes a stored run unreadable.
func (s *Store) Corrupt(_ context.Context, id run.ID) error {
	s.runs[id].corrupt = true
	return nil
}
