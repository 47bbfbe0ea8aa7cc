package console

import (
	"context"
	"sync"
	"time"
)

// Bounds of the cache.
const (
	// freshFor is how long a read is reused while no change is seen. The bound is needed because
	// a run that is retried and ends again between two looks leaves no mark.
	freshFor = 10 * time.Second
	// markedFor is how long to wait before checking again for changes.
	markedFor = time.Second
	// mostKept is the largest number of reads to keep.
	mostKept = 32
)

// memo caches what was read. Ended runs do not change. So while no open run, no newest run and no
// job has changed, neither has what the pages are made of. Pages share the cached values and must
// not change them.
type memo struct {
	marks func(ctx context.Context) (jobs, runs uint64, err error)
	now   func() time.Time

	mu       sync.Mutex
	kept     map[string]*kept
	jobs     uint64
	runs     uint64
	markedAt time.Time
	lookedAt time.Time // when the check that ended at markedAt began
}

// kept is one read. Its lock is held during the read, so that many who want the same cause one
// read.
type kept struct {
	mu    sync.Mutex
	at    time.Time
	value any
}

func newMemo(w *watcher) *memo {
	return &memo{marks: w.marks, now: time.Now, kept: map[string]*kept{}}
}

// newPlanMemo returns a memo for what depends on the jobs alone and not on their runs.
func newPlanMemo(w *watcher) *memo {
	m := newMemo(w)
	m.marks = func(ctx context.Context) (jobs, runs uint64, err error) {
		jobs, err = w.jobs(ctx)
		return jobs, 0, err
	}
	return m
}

// forget drops everything, because a change was asked for.
func (m *memo) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.kept)
	m.markedAt = time.Time{}
}

// entry returns the entry of a name. If something has changed, all entries are dropped first.
func (m *memo) entry(ctx context.Context, name string) (*kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	// A page that is read for longer than that is of one moment: where each call takes long, it would
	// otherwise check before each of its reads.
	begun, page := ctx.Value(begunKey).(time.Time)
	if at := m.now(); at.Sub(m.markedAt) > markedFor && (!page || m.lookedAt.Before(begun)) {
		jobs, runs, err := m.marks(ctx)
		if err != nil {
			return nil, err
		}
		if jobs != m.jobs || runs != m.runs || len(m.kept) > mostKept {
			clear(m.kept)
		}
		m.jobs, m.runs, m.markedAt, m.lookedAt = jobs, runs, m.now(), at
	}
	if m.kept[name] == nil {
		m.kept[name] = &kept{}
	}
	return m.kept[name], nil
}

// remember returns what read returns, or what it recently returned for that name.
func remember[T any](ctx context.Context, m *memo, name string, read func(ctx context.Context) (T, error)) (T, error) {
	var none T
	k, err := m.entry(ctx, name)
	if err != nil {
		return none, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.value.(T); ok && m.now().Sub(k.at) < freshFor {
		return v, nil
	}
	at := m.now()
	v, err := read(ctx)
	if err != nil {
		return none, err
	}
	k.at, k.value = at, v
	return v, nil
}
