package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Item implements port.Store.
func (s *Store) Item(ctx context.Context, name string) (job.Item, error) {
	item, err := scanItem(s.read.QueryRowContext(ctx, "SELECT rev, body FROM items WHERE name = ?", name))
	if errors.Is(err, sql.ErrNoRows) {
		return job.Item{}, fmt.Errorf("item of job %s: %w", name, port.ErrNotFound)
	}
	if err != nil {
		return job.Item{}, fmt.Errorf("reading the item of job %s: %w", name, err)
	}
	return item, nil
}

func scanItem(row scanner) (job.Item, error) {
	var body string
	var rev int64
	if err := row.Scan(&rev, &body); err != nil {
		return job.Item{}, err
	}
	return decodeItem(rev, body)
}

func decodeItem(rev int64, body string) (job.Item, error) {
	var item job.Item
	if err := json.Unmarshal([]byte(body), &item); err != nil {
		return job.Item{}, fmt.Errorf("decoding: %w", err)
	}
	item.Rev = rev
	return item, nil
}

// Items implements port.Store.
func (s *Store) Items(ctx context.Context) ([]job.Item, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT name, rev, body FROM items ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("listing the jobs' items: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []job.Item
	unreadable := map[string]error{}
	for rows.Next() {
		var name, body string
		var rev int64
		if err := rows.Scan(&name, &rev, &body); err != nil {
			return nil, fmt.Errorf("reading a job's item: %w", err)
		}
		item, err := decodeItem(rev, body)
		if err != nil {
			unreadable[name] = err
			continue
		}
		out = append(out, item)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing the jobs' items: %w", err)
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadableItemsError{Jobs: unreadable}
	}
	return out, nil
}

// Definition implements port.Store.
func (s *Store) Definition(ctx context.Context, hash string) (job.Job, error) {
	var body string
	err := s.read.QueryRowContext(ctx, "SELECT body FROM definitions WHERE hash = ?", hash).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return job.Job{}, fmt.Errorf("definition %s: %w", hash, port.ErrNotFound)
	}
	if err != nil {
		return job.Job{}, fmt.Errorf("reading definition %s: %w", hash, err)
	}
	var j job.Job
	if err := json.Unmarshal([]byte(body), &j); err != nil {
		return job.Job{}, fmt.Errorf("decoding definition %s: %w", hash, err)
	}
	return j, nil
}

// PutDefinition implements port.Store.
func (s *Store) PutDefinition(ctx context.Context, j job.Job) error {
	body, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding the definition of job %s: %w", j.Name, err)
	}
	err = s.exec(ctx, "INSERT INTO definitions (hash, body) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", j.Hash(), string(body))
	if err != nil {
		return fmt.Errorf("writing the definition of job %s: %w", j.Name, err)
	}
	return nil
}

// Keep implements port.Store.
func (s *Store) Keep(ctx context.Context, k port.Kept) error {
	if err := s.exec(ctx, "INSERT INTO kept (at, reason, body) VALUES (?, ?, ?)", k.At.UnixMilli(), k.Reason, append([]byte{}, k.Body...)); err != nil {
		return fmt.Errorf("keeping an event: %w", err)
	}
	return nil
}

// Kept implements port.Store. It returns the kept inputs, the newest first.
func (s *Store) Kept(ctx context.Context, limit int) ([]port.Kept, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT at, reason, body, rowid FROM kept ORDER BY rowid DESC LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("listing kept events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []port.Kept
	for rows.Next() {
		var k port.Kept
		var at int64
		if err := rows.Scan(&at, &k.Reason, &k.Body, &k.Place); err != nil {
			return nil, fmt.Errorf("reading a kept event: %w", err)
		}
		k.At = time.UnixMilli(at).UTC()
		out = append(out, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing kept events: %w", err)
	}
	return out, nil
}

// Settle implements port.Store.
func (s *Store) Settle(ctx context.Context, k port.Kept) error {
	return s.Within(ctx, true, func(ctx context.Context, tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM kept WHERE rowid = ? AND at = ? AND reason = ?", k.Place, k.At.UnixMilli(), k.Reason)
		if err != nil {
			return fmt.Errorf("settling a kept input: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("settling a kept input: %w", port.ErrNotFound), err)
		}
		return nil
	})
}

// Mark implements port.Store.
func (s *Store) Mark(ctx context.Context, name string) (time.Time, error) {
	var at int64
	err := s.read.QueryRowContext(ctx, "SELECT at FROM marks WHERE name = ?", name).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading mark %s: %w", name, err)
	}
	return time.UnixMilli(at).UTC(), nil
}

// SetMark implements port.Store.
func (s *Store) SetMark(ctx context.Context, name string, at time.Time) error {
	err := s.exec(ctx, "INSERT INTO marks (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at", name, at.UnixMilli())
	if err != nil {
		return fmt.Errorf("writing mark %s: %w", name, err)
	}
	return nil
}

// MoveMark implements port.Store.
func (s *Store) MoveMark(ctx context.Context, name string, from, to time.Time) error {
	query, args := "UPDATE marks SET at = ? WHERE name = ? AND at = ?", []any{to.UnixMilli(), name, from.UnixMilli()}
	if from.IsZero() {
		query, args = "INSERT INTO marks (at, name) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", args[:2]
	}
	return s.Within(ctx, true, func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("moving mark %s: %w", name, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(port.ErrConflict, err)
		}
		return nil
	})
}

// Meta returns a named value of the file, "" if it is not set.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	var value string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	return value, nil
}

// SetMeta sets a named value of the file. An empty value removes it.
func (s *Store) SetMeta(ctx context.Context, name, value string) error {
	query, args := "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", []any{name, value}
	if value == "" {
		query, args = "DELETE FROM meta WHERE name = ?", args[:1]
	}
	if err := s.exec(ctx, query, args...); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// Corrupt makes a stored run unreadable. It is meant for tests.
func (s *Store) Corrupt(ctx context.Context, id run.ID) error {
	if err := s.exec(ctx, `UPDATE runs SET body = '{"id":' WHERE id = ?`, string(id)); err != nil {
		return fmt.Errorf("corrupting run %s: %w", id, err)
	}
	return nil
}

// CorruptItem makes a job's stored item unreadable. It is meant for tests.
func (s *Store) CorruptItem(ctx context.Context, name string) error {
	if err := s.exec(ctx, `UPDATE items SET body = '{"name":' WHERE name = ?`, name); err != nil {
		return fmt.Errorf("corrupting the item of job %s: %w", name, err)
	}
	return nil
}
