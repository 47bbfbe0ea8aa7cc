package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Took returns the targets that took a notice while others did not, in no particular order
// (fanout.Memory).
func (s *Store) Took(ctx context.Context, notice string) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT target FROM took WHERE notice = ?", notice)
	if err != nil {
		return nil, fmt.Errorf("reading who took notice %s: %w", notice, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var target string
		if err := rows.Scan(&target); err != nil {
			return nil, fmt.Errorf("reading who took notice %s: %w", notice, err)
		}
		out = append(out, target)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading who took notice %s: %w", notice, err)
	}
	return out, nil
}

// SetTook adds targets to those that took a notice. Prune drops them by their age.
func (s *Store) SetTook(ctx context.Context, notice string, targets []string) error {
	now := time.Now().UnixMilli()
	err := s.Within(ctx, true, func(ctx context.Context, tx *sql.Tx) error {
		for _, target := range targets {
			if _, err := tx.ExecContext(ctx, "INSERT INTO took (notice, target, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", notice, target, now); err != nil {
				return err //nolint:wrapcheck // wrapped below
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting who took notice %s: %w", notice, err)
	}
	return nil
}
