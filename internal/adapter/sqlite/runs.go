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

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Run implements control.Store.
func (s *Store) Run(ctx context.Context, id run.ID) (run.Run, error) {
	row := s.db.QueryRowContext(ctx, "SELECT rev, body FROM runs WHERE id = ?", string(id))
	r, err := scanRun(row)
	if errors.Is(err, sql.ErrNoRows) {
		return run.Run{}, fmt.Errorf("run %s: %w", id, control.ErrNotFound)
	}
	if err != nil {
		return run.Run{}, fmt.Errorf("reading run %s: %w", id, err)
	}
	return r, nil
}

type scanner interface{ Scan(dest ...any) error }

func scanRun(row scanner) (run.Run, error) {
	var r run.Run
	var body string
	var rev int64
	if err := row.Scan(&rev, &body); err != nil {
		return run.Run{}, err
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return run.Run{}, fmt.Errorf("decoding: %w", err)
	}
	r.Rev = rev
	return r, nil
}

// Commit implements control.Store.
func (s *Store) Commit(ctx context.Context, c control.Change) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a write: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if c.Run != nil {
		if err := putRun(ctx, tx, *c.Run); err != nil {
			return err
		}
	}
	if c.Item != nil {
		if err := putItem(ctx, tx, *c.Item); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing a write: %w", err)
	}
	return nil
}

func putRun(ctx context.Context, tx *sql.Tx, r run.Run) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding run %s: %w", r.ID, err)
	}
	var due any
	if r.Open() {
		due = r.DueAt.UnixMilli()
	}
	if r.Rev == 0 {
		_, err = tx.ExecContext(ctx,
			"INSERT INTO runs (id, job, status, scheduled_for, queued_at, due_at, rev, body) VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
			string(r.ID), r.ID.Job(), string(r.Status), r.ScheduledFor.UnixMilli(), r.QueuedAt.UnixMilli(), due, string(body))
		return written("run "+string(r.ID), nil, err)
	}
	res, err := tx.ExecContext(ctx,
		"UPDATE runs SET status = ?, due_at = ?, rev = rev + 1, body = ? WHERE id = ? AND rev = ?",
		string(r.Status), due, string(body), string(r.ID), r.Rev)
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

// written turns "exists already" and "no row at that revision" into
// control.ErrConflict.
func written(what string, res sql.Result, err error) error {
	if isUnique(err) {
		return fmt.Errorf("%s exists: %w", what, control.ErrConflict)
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
		return fmt.Errorf("%s: %w", what, control.ErrConflict)
	}
	return nil
}

// Due implements control.Store.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]run.Run, error) {
	return s.list(ctx, "SELECT rev, body FROM runs WHERE due_at <= ? ORDER BY due_at, id LIMIT ?", now.UnixMilli(), limit)
}

// Runs implements control.Store.
func (s *Store) Runs(ctx context.Context, q control.Query) ([]run.Run, error) {
	where, args := []string{"scheduled_for >= ?"}, []any{int64(math.MinInt64)}
	if !q.Since.IsZero() {
		args[0] = q.Since.UnixMilli()
	}
	if q.Job != "" {
		where, args = append(where, "job = ?"), append(args, q.Job)
	}
	if q.Status != "" {
		where, args = append(where, "status = ?"), append(args, string(q.Status))
	}
	return s.list(ctx, "SELECT rev, body FROM runs WHERE "+strings.Join(where, " AND ")+
		" ORDER BY scheduled_for DESC, queued_at DESC, id DESC LIMIT ?", append(args, cmp.Or(q.Limit, 100))...)
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]run.Run, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []run.Run
	for rows.Next() {
		r, err := scanRun(rows)
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
