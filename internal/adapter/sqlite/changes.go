package sqlite

import (
	"context"
	"fmt"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Place implements port.Feed.
func (s *Store) Place(ctx context.Context) (int64, error) {
	var place int64
	err := s.read.QueryRowContext(ctx, "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)").Scan(&place)
	if err != nil {
		return 0, fmt.Errorf("looking where changes stand: %w", err)
	}
	return place, nil
}

// Changed implements port.Feed.
func (s *Store) Changed(ctx context.Context, after int64, limit int) (runs []run.Run, next int64, err error) {
	rows, err := s.read.QueryContext(ctx, "SELECT c.seq, r.rev, r.body FROM changes c JOIN runs r ON r.id = c.id WHERE c.seq > ? ORDER BY c.seq", after)
	if err != nil {
		return nil, after, fmt.Errorf("reading what changed: %w", err)
	}
	defer func() { _ = rows.Close() }()
	next = after
	for len(runs) < limit && rows.Next() {
		var rev int64
		var body string
		if err := rows.Scan(&next, &rev, &body); err != nil {
			return nil, after, fmt.Errorf("reading a change: %w", err)
		}
		if r, err := decode(rev, body); err == nil { // the look sets aside what cannot be read
			runs = append(runs, r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, after, fmt.Errorf("reading what changed: %w", err)
	}
	return runs, next, nil
}

var _ port.Feed = (*Store)(nil)
