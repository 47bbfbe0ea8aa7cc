package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/batchplane/batchplane/internal/port"
)

// PutPending implements port.Store.
func (s *Store) PutPending(ctx context.Context, p port.Pending) error {
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

// Pending implements port.Store.
func (s *Store) Pending(ctx context.Context, limit int) ([]port.Pending, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, body FROM pending WHERE done = 0 ORDER BY since, id")
	if err != nil {
		return nil, fmt.Errorf("listing pending slots: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []port.Pending
	unreadable := map[string]error{}
	for len(out) < limit && rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, fmt.Errorf("reading a pending slot: %w", err)
		}
		var p port.Pending
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			unreadable[id] = fmt.Errorf("reading the pending slot %s: %w: %w", id, port.ErrUnreadable, err)
			continue
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing pending slots: %w", err)
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadablePendingError{Slots: unreadable}
	}
	return out, nil
}

// DonePending implements port.Store.
func (s *Store) DonePending(ctx context.Context, id string) error {
	if err := s.exec(ctx, "UPDATE pending SET done = 1 WHERE id = ?", id); err != nil {
		return fmt.Errorf("settling the pending slot %s: %w", id, err)
	}
	return nil
}

// CorruptPending makes a stored pending slot unreadable. It is meant for tests.
func (s *Store) CorruptPending(ctx context.Context, id string) error {
	if err := s.exec(ctx, `UPDATE pending SET body = '{"slot":' WHERE id = ?`, id); err != nil {
		return fmt.Errorf("corrupting the pending slot %s: %w", id, err)
	}
	return nil
}
