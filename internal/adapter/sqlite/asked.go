package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// PutAsked implements port.Store.
func (s *Store) PutAsked(ctx context.Context, a port.Asked) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encoding a request: %w", err)
	}
	err = s.exec(ctx, "INSERT INTO asked (at, id, job, who, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (at, id) DO UPDATE SET job = excluded.job, who = excluded.who, body = excluded.body",
		a.At.UnixNano(), a.ID, a.Job, a.By, string(body))
	if err != nil {
		return fmt.Errorf("writing a request: %w", err)
	}
	return nil
}

// Asked implements port.Reader.
func (s *Store) Asked(ctx context.Context, q port.AskedQuery) ([]port.Asked, error) {
	since := int64(math.MinInt64)
	if !q.Since.IsZero() {
		since = q.Since.UnixNano()
	}
	rows, err := s.read.QueryContext(ctx, "SELECT at, id, job, who, body FROM asked WHERE (? = '' OR job = ?) AND (? = '' OR who = ?) AND at >= ? ORDER BY at DESC, id DESC LIMIT ?",
		q.Job, q.Job, q.By, q.By, since, cmp.Or(q.Limit, 100))
	if err != nil {
		return nil, fmt.Errorf("listing requests: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []port.Asked
	for rows.Next() {
		var at int64
		var id, job, who, body string
		if err := rows.Scan(&at, &id, &job, &who, &body); err != nil {
			return nil, fmt.Errorf("reading a request: %w", err)
		}
		var a port.Asked
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			a = port.UnreadableAsked(id, time.Unix(0, at), err)
			a.Job, a.By = job, who
		}
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing requests: %w", err)
	}
	return out, nil
}

// CorruptAsked makes a stored request unreadable. It is meant for tests.
func (s *Store) CorruptAsked(ctx context.Context, a port.Asked) error {
	if err := s.exec(ctx, `UPDATE asked SET body = '{"id":' WHERE at = ? AND id = ?`, a.At.UnixNano(), a.ID); err != nil {
		return fmt.Errorf("corrupting the request %s: %w", a.ID, err)
	}
	return nil
}
