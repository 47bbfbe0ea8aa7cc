package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Count is how many runs of a job have a status, and how many attempts they had.
type Count struct {
	Job            string
	Status         run.Status
	Runs, Attempts int
}

// Counts counts the runs that were queued since a time, by job and status in
// their order.
func (s *Store) Counts(ctx context.Context, since time.Time) ([]Count, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT job, status, count(*), coalesce(sum(json_array_length(body, '$.attempts')), 0)
		FROM runs WHERE queued_at >= ? AND json_valid(body) GROUP BY job, status ORDER BY job, status`, since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("counting runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Job, &c.Status, &c.Runs, &c.Attempts); err != nil {
			return nil, fmt.Errorf("reading a count: %w", err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("counting runs: %w", err)
	}
	return out, nil
}
