package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Item implements port.Store.
func (s *Store) Item(_ context.Context, name string) (job.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.items[name]; !ok {
		return job.Item{}, fmt.Errorf("item of job %s: %w", name, port.ErrNotFound)
	}
	return s.item(name)
}

// item returns the item of a job that has one.
func (s *Store) item(name string) (item job.Item, err error) {
	w := s.items[name]
	if w.item != nil {
		return *w.item, nil
	}
	if err := json.Unmarshal(w.body, &item); err != nil {
		return item, fmt.Errorf("decoding a job's item: %w", err)
	}
	if item.Rev = w.rev; !shares(reflect.ValueOf(item)) {
		kept := item
		w.item = &kept
		s.items[name] = w
	}
	return item, nil
}

// shares reports whether a copy of a value shares something with it that can be changed. A time shares
// its zone, which cannot.
func shares(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		for i := 0; v.Type() != reflect.TypeFor[time.Time]() && i < v.NumField(); i++ {
			if shares(v.Field(i)) {
				return true
			}
		}
		return false
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Array:
		return !v.IsZero()
	default:
		return false
	}
}

// Items implements port.Store.
func (s *Store) Items(context.Context) ([]job.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []job.Item
	unreadable := map[string]error{}
	for _, name := range slices.Sorted(maps.Keys(s.items)) {
		item, err := s.item(name)
		if err != nil {
			unreadable[name] = err
			continue
		}
		out = append(out, item)
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadableItemsError{Jobs: unreadable}
	}
	return out, nil
}
