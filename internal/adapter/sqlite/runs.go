package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Run implements port.Store.
func (s *Store) Run(ctx context.Context, id run.ID) (run.Run, error) {
	row := s.read.QueryRowContext(ctx, "SELECT rev, body FROM runs WHERE id = ?", string(id))
	r, err := scanRun(row)
	if errors.Is(err, sql.ErrNoRows) {
		return run.Run{}, fmt.Errorf("run %s: %w", id, port.ErrNotFound)
	}
	if err != nil {
		return run.Run{}, fmt.Errorf("reading run %s: %w", id, err)
	}
	return r, nil
}

type scanner interface{ Scan(dest ...any) error }

func scanRun(row scanner) (run.Run, error) {
	var body string
	var rev int64
	if err := row.Scan(&rev, &body); err != nil {
		return run.Run{}, err
	}
	return decode(rev, body)
}

func decode(rev int64, body string) (run.Run, error) {
	var r run.Run
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return run.Run{}, fmt.Errorf("%w: %w", port.ErrUnreadable, err)
	}
	r.Rev = rev
	return r, nil
}

// Commit implements port.Store.
func (s *Store) Commit(ctx context.Context, c port.Change) error {
	return s.Within(ctx, true, func(ctx context.Context, tx *sql.Tx) error {
		if c.Run != nil {
			if err := putRun(ctx, tx, *c.Run); err != nil {
				return err
			}
		}
		if c.Item != nil {
			return putItem(ctx, tx, *c.Item)
		}
		return nil
	})
}

func putRun(ctx context.Context, tx *sql.Tx, r run.Run) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding run %s: %w", r.ID, err)
	}
	var due, lane any
	if r.Open() {
		due, lane = r.DueAt.UnixMilli(), string(r.Lane())
	}
	if r.Rev == 0 {
		_, err = tx.ExecContext(ctx,
			"INSERT INTO runs (id, job, status, scheduled_for, queued_at, lane, due_at, rev, body) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
			string(r.ID), r.ID.Job(), string(r.Status), r.ScheduledFor.UnixMilli(), r.QueuedAt.UnixMilli(), lane, due, string(body))
		return written("run "+string(r.ID), nil, err)
	}
	res, err := tx.ExecContext(ctx,
		"UPDATE runs SET status = ?, queued_at = ?, lane = ?, due_at = ?, rev = rev + 1, body = ? WHERE id = ? AND rev = ?",
		string(r.Status), r.QueuedAt.UnixMilli(), lane, due, string(body), string(r.ID), r.Rev)
	return written("run "+string(r.ID), res, err)
}

func putItem(ctx context.Context, tx *sql.Tx, item job.Item) error {
	body, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("encoding the item of job %s: %w", item.Name, err)
	}
	what := "item of job " + item.Name
	if item.Rev == 0 {
		_, err = tx.ExecContext(ctx, "INSERT INTO items (name, rev, body) VALUES (?, 1, ?)", item.Name, string(body))
		return written(what, nil, err)
	}
	res, err := tx.ExecContext(ctx, "UPDATE items SET rev = rev + 1, body = ? WHERE name = ? AND rev = ?",
		string(body), item.Name, item.Rev)
	return written(what, res, err)
}

// written turns "already exists" and "no row at that revision" into port.ErrConflict.
func written(what string, res sql.Result, err error) error {
	if isUnique(err) {
		return fmt.Errorf("%s exists: %w", what, port.ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", what, err)
	}
	if res == nil {
		return nil
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("writing %s: %w", what, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: %w", what, port.ErrConflict)
	}
	return nil
}

// Due implements port.Store.
func (s *Store) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, rev, body FROM runs WHERE lane = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?",
		string(lane), now.UnixMilli(), limit+s.rests.Len()) // resting runs are passed over
	if err != nil {
		return nil, fmt.Errorf("listing due runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []run.Run
	unreadable := map[run.ID]error{}
	for len(out)+len(unreadable) < limit && rows.Next() {
		var id, body string
		var rev int64
		if err := rows.Scan(&id, &rev, &body); err != nil {
			return nil, fmt.Errorf("reading a due run: %w", err)
		}
		if s.rests.Over(run.ID(id), rev, now) {
			continue
		}
		r, err := decode(rev, body)
		if err != nil {
			unreadable[run.ID(id)] = err
			continue
		}
		s.rests.Give(&r, rev, now)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing due runs: %w", err)
	}
	if len(unreadable) > 0 {
		return out, &port.UnreadableError{Runs: unreadable}
	}
	return out, nil
}

// Rest implements port.Store.
func (s *Store) Rest(r run.Run, from, until time.Time) { s.rests.Rest(r, from, until) }

// SetAside implements port.Store.
func (s *Store) SetAside(ctx context.Context, id run.ID, reason string) error {
	return s.Within(ctx, true, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx,
			"INSERT INTO kept (at, reason, body) SELECT coalesce(due_at, queued_at), 'run ' || id || ': ' || ?, CAST(body AS BLOB) FROM runs WHERE id = ? AND lane IS NOT NULL",
			reason, string(id)); err != nil {
			return fmt.Errorf("keeping run %s: %w", id, err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE runs SET lane = NULL, due_at = NULL, rev = rev + 1 WHERE id = ? AND lane IS NOT NULL", string(id)); err != nil {
			return fmt.Errorf("setting run %s aside: %w", id, err)
		}
		return nil
	})
}

// Exist implements port.Store.
func (s *Store) Exist(ctx context.Context, ids []run.ID) (map[run.ID]bool, error) {
	out := map[run.ID]bool{}
	if len(ids) == 0 {
		return out, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = string(id)
	}
	rows, err := s.read.QueryContext(ctx, "SELECT id FROM runs WHERE id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...) //nolint:gosec // only placeholders are added
	if err != nil {
		return nil, fmt.Errorf("looking for %d runs: %w", len(ids), err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("reading a run's id: %w", err)
		}
		out[run.ID(id)] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("looking for %d runs: %w", len(ids), err)
	}
	return out, nil
}

// Runs implements port.Store.
func (s *Store) Runs(ctx context.Context, q port.Query) ([]run.Run, error) {
	where, args := []string{"scheduled_for >= ?"}, []any{int64(math.MinInt64)}
	if !q.Since.IsZero() {
		args[0] = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		where, args = append(where, "scheduled_for <= ?"), append(args, q.Until.UnixMilli())
	}
	if q.Job != "" {
		where, args = append(where, "job = ?"), append(args, q.Job)
	}
	if q.Status != "" {
		where, args = append(where, "status = ?"), append(args, string(q.Status))
		if q.Status != run.Succeeded {
			where = append(where, indexed)
		}
	}
	if q.Scheduled {
		where = append(where, "id NOT LIKE '%/manual-%'")
	}
	return s.first(ctx, cmp.Or(q.Limit, 100), "SELECT rev, body FROM runs WHERE "+strings.Join(where, " AND ")+
		" ORDER BY scheduled_for DESC, queued_at DESC, id DESC", args...)
}

// first returns the first runs that a query finds. It passes over those that cannot be read, and goes on
// to others in their place.
func (s *Store) first(ctx context.Context, limit int, query string, args ...any) ([]run.Run, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []run.Run
	for len(out) < limit && rows.Next() {
		r, err := scanRun(rows)
		if errors.Is(err, port.ErrUnreadable) {
			continue // set aside by the look
		}
		if err != nil {
			return nil, fmt.Errorf("reading a run: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	return out, nil
}
