package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/batchplane/batchplane/internal/control"
)

// PutPending implements control.Store.
func (s *Store) PutPending(ctx context.Context, p control.Pending) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding a pending slot: %w", err)
	}
	err = s.exec(ctx, "INSERT INTO pending (id, since, done, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET since = excluded.since, done = excluded.done, body = excluded.body",
		p.ID(), p.Since.UnixNano(), p.Done, string(body))
	if err != nil {
		return fmt.Errorf("writing a pending slot: %w", err)
	}
	return nil
}

// Pending implements control.Store.
func (s *Store) Pending(ctx context.Context, limit int) ([]control.Pending, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT body FROM pending WHERE done = 0 ORDER BY since, id LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("listing pending slots: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []control.Pending
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("reading a pending slot: %w", err)
		}
		var p control.Pending
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return nil, fmt.Errorf("decoding a pending slot: %w", err)
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing pending slots: %w", err)
	}
	return out, nil
}
