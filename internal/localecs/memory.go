package localecs

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// memory is a store that ends with its server. Nobody changes what it is given: the server copies a
// record before it changes it.
type memory struct {
	mu     sync.Mutex
	tasks  map[string]*record
	tokens map[[2]string]*token // by cluster and token
	seq    int64                // of the newest event
}

func newStore(cfg Config) store {
	if cfg.DB == nil {
		return &memory{tasks: map[string]*record{}, tokens: map[[2]string]*token{}}
	}
	return tables{db: cfg.DB, read: cfg.Read, shared: cfg.Within}
}

func (m *memory) save(_ context.Context, bind *token, records []*record, events []*event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if bind != nil {
		m.tokens[[2]string{bind.Cluster, bind.Token}] = bind
	}
	for _, r := range records {
		m.tasks[r.ID] = r
	}
	for _, e := range events {
		m.seq++
		e.Seq = m.seq
	}
	return nil
}

func (m *memory) forget(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.tasks, func(_ string, r *record) bool { return r.forgotten(now) })
	maps.DeleteFunc(m.tokens, func(_ [2]string, t *token) bool { return !t.alive(m.of(t), now) })
	return nil
}

// of returns a token's tasks, as far as they are known.
func (m *memory) of(t *token) map[string]*record {
	found := map[string]*record{}
	for _, b := range t.Tasks {
		if r := m.tasks[b.ID]; r != nil {
			found[b.ID] = r
		}
	}
	return found
}

func (m *memory) stopped(_ context.Context, ids ...string) (found []*record, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(m.tasks))
	}
	for _, id := range ids {
		if r := m.tasks[id]; r != nil && r.Task.StoppedAt != nil {
			found = append(found, r)
		}
	}
	return found, nil
}

func (m *memory) token(_ context.Context, cluster, name string) (*token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens[[2]string{cluster, name}], nil
}

// The server holds everything else itself, and asks for it only when it starts.

func (*memory) open(context.Context) error                        { return nil }
func (*memory) saveDefinition(context.Context, definition) error  { return nil }
func (*memory) dropEvent(context.Context, int64) error            { return nil }
func (*memory) unfinished(context.Context) ([]*record, error)     { return nil, nil }
func (*memory) definitions(context.Context) ([]definition, error) { return nil, nil }
func (*memory) events(context.Context) ([]*event, error)          { return nil, nil }
