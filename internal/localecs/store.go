package localecs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// store keeps the server's state in tables of JSON bodies.
type store struct {
	db *sql.DB
	// shared, when not nil, runs a write in a transaction that it may share with
	// others; one that is not durable may be lost when the machine crashes, with all
	// that came after it.
	shared func(ctx context.Context, durable bool, do func(context.Context, *sql.Tx) error) error
}

const schema = `
CREATE TABLE IF NOT EXISTS ecs_tasks (
	id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ecs_tokens (
	cluster TEXT NOT NULL, token TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (cluster, token)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ecs_definitions (
	family TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (family, revision)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ecs_events (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL,
	due INTEGER NOT NULL, loose INTEGER NOT NULL, body TEXT NOT NULL);`

func (s store) migrate(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("making the tables of the local ECS: %w", err)
	}
	return nil
}

// within runs f in one transaction.
func (s store) within(ctx context.Context, durable bool, f func(*sql.Tx) error) error {
	if s.shared != nil {
		return s.shared(ctx, durable, func(_ context.Context, tx *sql.Tx) error { return f(tx) })
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a write: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("ending a write: %w", err)
	}
	return nil
}

// save writes tasks, what their token is bound to, and the events owed. Before a
// command is started its task must be known to the disk: after a crash of the
// machine nobody may take it for one that never was.
func (s store) save(ctx context.Context, bind *token, records []*record, events []*event) error {
	durable := slices.ContainsFunc(records, func(r *record) bool { return r.Task.LastStatus == statusActivating })
	return s.within(ctx, durable, func(tx *sql.Tx) error {
		if bind != nil {
			if err := put(ctx, tx, `INSERT OR REPLACE INTO ecs_tokens (cluster, token, body) VALUES (?, ?, ?)`, bind, bind.Cluster, bind.Token); err != nil {
				return err
			}
		}
		for _, r := range records {
			if err := put(ctx, tx, `INSERT OR REPLACE INTO ecs_tasks (id, body) VALUES (?, ?)`, r, r.ID); err != nil {
				return err
			}
		}
		for _, e := range events {
			done, err := tx.ExecContext(ctx, `INSERT INTO ecs_events (task, due, loose, body) VALUES (?, ?, ?, ?)`,
				e.TaskID, e.Due.UnixMilli(), e.Loose, string(e.Body))
			if err != nil {
				return fmt.Errorf("writing an event: %w", err)
			}
			if e.Seq, err = done.LastInsertId(); err != nil {
				return fmt.Errorf("writing an event: %w", err)
			}
		}
		return nil
	})
}

func (s store) saveDefinition(ctx context.Context, d definition) error {
	return s.within(ctx, false, func(tx *sql.Tx) error {
		return put(ctx, tx, `INSERT OR REPLACE INTO ecs_definitions (family, revision, body) VALUES (?, ?, ?)`, d, d.Family, d.Revision)
	})
}

func put(ctx context.Context, tx *sql.Tx, query string, body any, key ...any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing %v: %w", key, err)
	}
	if _, err := tx.ExecContext(ctx, query, append(key, string(text))...); err != nil {
		return fmt.Errorf("writing %v: %w", key, err)
	}
	return nil
}

func (s store) dropEvent(ctx context.Context, seq int64) error {
	return s.within(ctx, false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM ecs_events WHERE seq = ?`, seq); err != nil {
			return fmt.Errorf("dropping event %d: %w", seq, err)
		}
		return nil
	})
}

func (s store) forget(ctx context.Context, tasks []string, tokens []tokenKey) error {
	if len(tasks)+len(tokens) == 0 {
		return nil
	}
	return s.within(ctx, false, func(tx *sql.Tx) error {
		for _, id := range tasks {
			if _, err := tx.ExecContext(ctx, `DELETE FROM ecs_tasks WHERE id = ?`, id); err != nil {
				return fmt.Errorf("dropping task %s: %w", id, err)
			}
		}
		for _, key := range tokens {
			if _, err := tx.ExecContext(ctx, `DELETE FROM ecs_tokens WHERE cluster = ? AND token = ?`, key.cluster, key.token); err != nil {
				return fmt.Errorf("dropping token %s of cluster %s: %w", key.token, key.cluster, err)
			}
		}
		return nil
	})
}

func (s store) tasks(ctx context.Context) ([]*record, error) {
	return bodies[*record](ctx, s.db, `SELECT body FROM ecs_tasks ORDER BY id`)
}

func (s store) tokens(ctx context.Context) ([]token, error) {
	return bodies[token](ctx, s.db, `SELECT body FROM ecs_tokens`)
}

func (s store) definitions(ctx context.Context) ([]definition, error) {
	return bodies[definition](ctx, s.db, `SELECT body FROM ecs_definitions ORDER BY family, revision`)
}

func bodies[T any](ctx context.Context, db *sql.DB, query string) ([]T, error) {
	var found []T
	err := each(ctx, db, query, func(rows *sql.Rows) error {
		var text string
		var item T
		if err := rows.Scan(&text); err != nil {
			return fmt.Errorf("reading a row: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &item); err != nil {
			return fmt.Errorf("decoding a row's body: %w", err)
		}
		found = append(found, item)
		return nil
	})
	return found, err
}

func (s store) events(ctx context.Context) ([]*event, error) {
	var found []*event
	err := each(ctx, s.db, `SELECT seq, task, due, loose, body FROM ecs_events ORDER BY seq`, func(rows *sql.Rows) error {
		var e event
		var due int64
		if err := rows.Scan(&e.Seq, &e.TaskID, &due, &e.Loose, &e.Body); err != nil {
			return fmt.Errorf("reading a row: %w", err)
		}
		e.Due = time.UnixMilli(due).UTC()
		found = append(found, &e)
		return nil
	})
	return found, err
}

func each(ctx context.Context, db *sql.DB, query string, scan func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}
