package dynamo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// fewJobs is the largest number of jobs for which a walk asks job by job. Each job takes two queries,
// which is cheaper than reading the keys of all runs only if the jobs are few.
const fewJobs = 32

// Walk implements port.Reader by eventually consistent reads. It reads the keys of the times that it
// passes, and those runs that the walk wants. By status, it also reads the keys of all runs of a lane,
// which are in another order.
func (s *Store) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	return s.walk(ctx, w, false)
}

func (s *Store) walk(ctx context.Context, w port.Walk, consistent bool) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		w.Page = cmp.Or(w.Page, defaultLimit)
		k := &walk{store: s, w: w, consistent: consistent}
		err := k.start(ctx)
		for err == nil && !k.stopped {
			var more bool
			if more, err = k.step(ctx, yield); !more {
				break
			}
		}
		if err != nil && !k.stopped {
			yield(run.Run{}, fmt.Errorf("listing runs: %w", err))
		}
	}
}

// walk is the state of a Walk.
type walk struct {
	store      *Store
	w          port.Walk
	consistent bool
	ended      *merged // entries in the order of ScheduledFor
	lanes      waiting
	seen       map[run.ID]bool
	stopped    bool
}

func (k *walk) start(ctx context.Context) (err error) {
	k.seen = map[run.ID]bool{}
	k.ended = k.entries()
	if len(k.w.Statuses) > 0 && !slices.Contains(k.w.Statuses, run.Succeeded) {
		err = k.startLanes(ctx)
	}
	return err
}

// sortRuns sorts runs, the newest first. The functions link the code of sort.Slice anyway, and
// slices.SortFunc has its own for each type of struct: 4 KB of a function's zip.
func sortRuns(rs []run.Run) {
	sort.Slice(rs, func(i, k int) bool { return rs[i].Newer(&rs[k]) })
}

// entries returns what the walk goes through, apart from the lanes.
func (k *walk) entries() *merged {
	q := port.Query{Since: k.w.Since, Until: k.w.Until, Limit: k.w.Page}
	m := &merged{db: k.store.db, newest: true}
	if len(k.w.Statuses) > 0 && !slices.Contains(k.w.Statuses, run.Succeeded) {
		for _, status := range k.w.Statuses {
			if status.Terminal() {
				m.cursors = append(m.cursors, k.store.sharded(indexOpen, attrOpen, string(status), attrOpenAt, spanOf(q)).cursors...)
			}
		}
		return m
	}
	if n := len(k.w.Jobs); n == 0 || n > fewJobs {
		return k.store.sharded(indexRecent, attrRecent, "N", attrAt, spanOf(q))
	}
	for _, q.Job = range k.w.Jobs {
		m.cursors = append(m.cursors, k.store.ofJob(q, false)...)
	}
	return m
}

// step yields the next runs; more reports whether any follow.
func (k *walk) step(ctx context.Context, yield func(run.Run, error) bool) (more bool, err error) {
	batch, more, err := k.next(ctx)
	if err != nil {
		return false, err
	}
	for len(batch) > 0 && !k.stopped {
		n := min(len(batch), k.w.Page)
		rs, err := k.load(ctx, batch[:n])
		if err != nil {
			return false, err
		}
		batch = batch[n:]
		sortRuns(rs)
		for _, r := range rs {
			if err := k.openBefore(ctx, &r, yield); err != nil {
				return false, err
			}
			k.give(r, yield)
		}
	}
	if !more {
		err = k.openBefore(ctx, nil, yield)
	}
	return more, err
}

// next returns the wanted entries of the next times, always all entries of a time.
func (k *walk) next(ctx context.Context) (batch []entry, more bool, err error) {
	for {
		if err := k.ended.fill(ctx); err != nil {
			return nil, false, err
		}
		c := k.ended.first()
		if c == nil {
			return ordered(batch), false, nil
		}
		e := c.page[0]
		if len(batch) >= k.w.Page && batch[len(batch)-1].at != e.at {
			return ordered(batch), true, nil
		}
		c.page = c.page[1:]
		if id, ok := RunID(text(e.item, attrPK), text(e.item, attrSK)); ok && k.w.Wants(id, time.UnixMilli(e.at)) {
			batch = append(batch, e)
		}
	}
}

// newerOf returns the error of a run that a newer batchplane wrote, or nil. A list for people must not
// leave out such a run: it may show that its job has succeeded since, and people may decide by that.
func newerOf(unreadable map[run.ID]error) error {
	for _, err := range unreadable {
		if errors.Is(err, port.ErrNewer) {
			return err
		}
	}
	return nil
}

// ordered sorts entries, the newest first. It uses sort.Slice for the reason that sortRuns gives.
func ordered(es []entry) []entry {
	sort.Slice(es, func(i, k int) bool {
		a, b := &es[i], &es[k]
		return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(text(b.item, attrPK)+"/"+text(b.item, attrSK), text(a.item, attrPK)+"/"+text(a.item, attrSK))) < 0
	})
	return es
}

// load reads the runs of those entries that the walk wants.
func (k *walk) load(ctx context.Context, es []entry) ([]run.Run, error) {
	es = slices.DeleteFunc(slices.Clone(es), func(e entry) bool {
		id, ok := RunID(text(e.item, attrPK), text(e.item, attrSK))
		// An entry of a lane is not positioned by its run's ScheduledFor.
		return !ok || len(k.w.Jobs) > 0 && !slices.Contains(k.w.Jobs, id.Job()) || k.w.Match != nil && !k.w.Match(id)
	})
	ls, unreadable, err := k.store.loadAs(ctx, es, k.consistent)
	if err == nil && !k.consistent {
		err = k.newer(unreadable) // of the others Unread is told
	}
	if err != nil {
		return nil, err
	}
	k.noteUnread(unreadable)
	var out []run.Run
	for _, l := range ls {
		if k.w.WantsStatus(l.run.Status) && k.w.Wants(l.run.ID, l.run.ScheduledFor) {
			out = append(out, l.run)
		}
	}
	return out, nil
}

// newer tells the walk's caller which runs a newer batchplane wrote, or returns the error of one.
func (k *walk) newer(unreadable map[run.ID]error) error {
	if k.w.Newer == nil {
		return newerOf(unreadable)
	}
	for id, err := range unreadable {
		if errors.Is(err, port.ErrNewer) {
			k.w.Newer(id)
			delete(unreadable, id)
		}
	}
	return nil
}

// noteUnread tells the walk's caller which runs are left out.
func (k *walk) noteUnread(unreadable map[run.ID]error) {
	for id := range unreadable {
		at, _ := id.ScheduledFor() // the keys of a run by hand do not say it
		k.w.NoteUnread(id, at)
	}
}

// give yields a run once: a run that ended in the meantime is found in two places.
func (k *walk) give(r run.Run, yield func(run.Run, error) bool) {
	if k.stopped || k.seen[r.ID] {
		return
	}
	k.seen[r.ID] = true
	k.stopped = !yield(r, nil)
}

// Newest implements port.Reader by eventually consistent reads, with two queries a job and many jobs
// at a time.
func (s *Store) Newest(ctx context.Context, jobs []string, n int) (map[string][]run.Run, error) {
	found := make([][]run.Run, len(jobs))
	err := inParallel(ctx, len(jobs), func(ctx context.Context, i int) error {
		m := &merged{db: s.db, newest: true, cursors: s.ofJob(port.Query{Job: jobs[i], Limit: n}, false)}
		for len(found[i]) < n { // a run that cannot be read takes no place
			entries, err := m.next(ctx, n-len(found[i]))
			if err != nil || len(entries) == 0 {
				return err
			}
			rs, unreadable, err := s.loadAs(ctx, entries, false)
			if err == nil {
				err = newerOf(unreadable)
			}
			if err != nil {
				return err
			}
			for _, l := range rs {
				found[i] = append(found[i], l.run)
			}
			sortRuns(found[i])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the newest runs of %d jobs: %w", len(jobs), err)
	}
	out := map[string][]run.Run{}
	for i, rs := range found {
		if len(rs) > 0 {
			out[jobs[i]] = rs
		}
	}
	return out, nil
}
