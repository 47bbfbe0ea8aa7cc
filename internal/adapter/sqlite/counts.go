package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Count says how many runs of a job have a status, and how many attempts these had.
type Count struct {
	Job            string
	Status         run.Status
	Runs, Attempts int
}

// Counts counts the runs that were queued since a time, sorted by job and status. A run that was queued
// again counts by that time, so its row may stand behind older ones: an index finds it.
func (s *Store) Counts(ctx context.Context, since time.Time) ([]Count, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT job, status, coalesce(json_array_length(body, '$.attempts'), 0)
		FROM runs WHERE queued_at >= ? AND json_valid(body)`, since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("counting runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	type key struct {
		job    string
		status run.Status
	}
	counts := map[key]*Count{}
	for rows.Next() {
		var k key
		var attempts int
		if err := rows.Scan(&k.job, &k.status, &attempts); err != nil {
			return nil, fmt.Errorf("reading a count: %w", err)
		}
		if counts[k] == nil {
			counts[k] = &Count{Job: k.job, Status: k.status}
		}
		counts[k].Runs++
		counts[k].Attempts += attempts
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("counting runs: %w", err)
	}
	out := make([]Count, 0, len(counts))
	for _, c := range counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(strings.Compare(a.Job, b.Job), strings.Compare(string(a.Status), string(b.Status)))
	})
	return out, nil
}

// Ended implements port.Counter. It counts all runs by an index and subtracts those of every other
// status, which have an index of their own, so it looks at none that succeeded.
func (s *Store) Ended(ctx context.Context, since time.Time) (map[run.Status]int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT 'succeeded', count(*) FROM runs WHERE scheduled_for >= ?1
		UNION ALL SELECT status, count(*) FROM runs WHERE status IN (SELECT value FROM json_each(?2)) AND `+indexed+` AND scheduled_for >= ?1 GROUP BY status`,
		since.UnixMilli(), jsonList(slices.DeleteFunc(slices.Clone(run.Statuses), func(s run.Status) bool { return s == run.Succeeded })))
	if err != nil {
		return nil, fmt.Errorf("counting runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[run.Status]int{}
	for rows.Next() {
		var status run.Status
		var n int
		if err := rows.Scan(&status, &n); err != nil {
			return nil, fmt.Errorf("reading a count: %w", err)
		}
		if out[status] += n; status != run.Succeeded {
			out[run.Succeeded] -= n
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("counting runs: %w", err)
	}
	maps.DeleteFunc(out, func(s run.Status, n int) bool { return n == 0 || !s.Terminal() })
	return out, nil
}

var _ port.Counter = (*Store)(nil)
