package memory

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Walk implements port.Reader.
func (s *Store) Walk(_ context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		for _, r := range s.selected(w) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *Store) selected(w port.Walk) []run.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []run.Run
	for id, row := range s.runs {
		r, err := row.run()
		if err != nil {
			at, _ := id.ScheduledFor()
			w.NoteUnread(id, at)
			continue
		}
		if w.WantsStatus(r.Status) && w.Wants(r.ID, r.ScheduledFor) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), cmp.Compare(b.ID, a.ID))
	})
	return out
}

// Newest implements port.Reader.
func (s *Store) Newest(_ context.Context, jobs []string, n int) (map[string][]run.Run, error) {
	out := map[string][]run.Run{}
	if len(jobs) == 0 {
		return out, nil
	}
	for _, r := range s.selected(port.Walk{Jobs: jobs}) {
		if name := r.ID.Job(); len(out[name]) < n {
			out[name] = append(out[name], r)
		}
	}
	return out, nil
}

// Definitions implements port.Reader.
func (s *Store) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	out := map[string]job.Job{}
	for _, hash := range hashes {
		j, err := s.Definition(ctx, hash)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[hash] = j
	}
	return out, nil
}
