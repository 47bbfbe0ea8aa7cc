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

// store keeps the server's state.
type store interface {
	// open makes the store ready.
	open(ctx context.Context) error
	save(ctx context.Context, bind *token, records []*record, events []*event) error
	saveDefinition(ctx context.Context, d definition) error
	dropEvent(ctx context.Context, seq int64) error
	forget(ctx context.Context, now time.Time) error
	unfinished(ctx context.Context) ([]*record, error)
	stopped(ctx context.Context, ids ...string) ([]*record, error)
	token(ctx context.Context, cluster, name string) (*token, error)
	definitions(ctx context.Context) ([]definition, error)
	events(ctx context.Context) ([]*event, error)
}

// tables is a store of JSON bodies in a database.
type tables struct {
	db   *sql.DB
	read *sql.DB // connections that need not wait for writers
	// shared, if not nil, runs a write in a transaction that it may share with others. A write that is
	// not durable, and all that came after it, may be lost if the machine crashes.
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
	due INTEGER NOT NULL, loose INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ecs_tasks_stopped ON ecs_tasks (json_extract(body, '$.task.stoppedAt'))
	WHERE json_extract(body, '$.task.stoppedAt') IS NOT NULL;
CREATE INDEX IF NOT EXISTS ecs_tokens_created ON ecs_tokens (json_extract(body, '$.createdAt'));`

func (s tables) open(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("making the tables of the local ECS: %w", err)
	}
	return nil
}

// within runs f in one transaction.
func (s tables) within(ctx context.Context, durable bool, f func(*sql.Tx) error) error {
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

// save writes tasks, what their token is bound to, and the events that are owed. Before a command is
// started, its task must be on disk: after a crash of the machine, nobody may believe that it never
// existed.
func (s tables) save(ctx context.Context, bind *token, records []*record, events []*event) error {
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

func (s tables) saveDefinition(ctx context.Context, d definition) error {
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

func (s tables) dropEvent(ctx context.Context, seq int64) error {
	return s.within(ctx, false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM ecs_events WHERE seq = ?`, seq); err != nil {
			return fmt.Errorf("dropping event %d: %w", seq, err)
		}
		return nil
	})
}

// forget drops tasks that stopped more than an hour ago, and tokens that are older than a day, or older
// than an hour with no task left. As texts, times within one second do not sort correctly, so it drops
// everything a second later than it could.
func (s tables) forget(ctx context.Context, now time.Time) error {
	before := func(life time.Duration) string { return now.Add(-life - time.Second).UTC().Format(time.RFC3339) }
	return s.within(ctx, false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM ecs_tasks WHERE json_extract(body, '$.task.stoppedAt') < ?`, before(memoryLife)); err != nil {
			return fmt.Errorf("dropping old tasks: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM ecs_tokens WHERE json_extract(body, '$.createdAt') < ?
			AND (json_extract(body, '$.createdAt') < ? OR NOT EXISTS (
				SELECT 1 FROM json_each(ecs_tokens.body, '$.tasks') AS b JOIN ecs_tasks ON ecs_tasks.id = json_extract(b.value, '$.id')))`,
			before(memoryLife), before(tokenLife)); err != nil {
			return fmt.Errorf("dropping old tokens: %w", err)
		}
		return nil
	})
}

// unfinished returns the tasks that are not STOPPED.
func (s tables) unfinished(ctx context.Context) ([]*record, error) {
	return bodies[*record](ctx, s.db, `SELECT body FROM ecs_tasks WHERE json_extract(body, '$.task.stoppedAt') IS NULL ORDER BY id`)
}

// stopped returns the STOPPED tasks with these ids, or all STOPPED tasks if there are no ids.
func (s tables) stopped(ctx context.Context, ids ...string) ([]*record, error) {
	const all = `SELECT body FROM ecs_tasks WHERE json_extract(body, '$.task.stoppedAt') IS NOT NULL`
	if len(ids) == 0 {
		return bodies[*record](ctx, s.read, all)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("writing ids of tasks: %w", err)
	}
	return bodies[*record](ctx, s.read, all+` AND id IN (SELECT value FROM json_each(?))`, string(list))
}

// token returns a client token with what it is bound to, nil if there is none.
func (s tables) token(ctx context.Context, cluster, name string) (*token, error) {
	found, err := bodies[*token](ctx, s.read, `SELECT body FROM ecs_tokens WHERE cluster = ? AND token = ?`, cluster, name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

func (s tables) definitions(ctx context.Context) ([]definition, error) {
	return bodies[definition](ctx, s.db, `SELECT body FROM ecs_definitions ORDER BY family, revision`)
}

func bodies[T any](ctx context.Context, db *sql.DB, query string, args ...any) ([]T, error) {
	var found []T
	err := each(ctx, db, query, args, func(rows *sql.Rows) error {
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

func (s tables) events(ctx context.Context) ([]*event, error) {
	var found []*event
	err := each(ctx, s.db, `SELECT seq, task, due, loose, body FROM ecs_events ORDER BY seq`, nil, func(rows *sql.Rows) error {
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

func each(ctx context.Context, db *sql.DB, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query, args...)
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
