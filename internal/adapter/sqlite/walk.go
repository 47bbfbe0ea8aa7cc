package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// walkPage is how many rows one query of a walk reads. Between queries the connection is free for
// others.
const walkPage = 200

// Walk implements port.Reader.
func (s *Store) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) {
		p := position{at: math.MaxInt64}
		if !w.Until.IsZero() {
			p = position{at: w.Until.UnixMilli() + 1}
		}
		for {
			rows, err := s.walkPage(ctx, w, p)
			if err != nil {
				yield(run.Run{}, err)
				return
			}
			for _, row := range rows {
				p = row.position
				if id := run.ID(row.id); row.unreadable {
					w.NoteUnread(id, time.UnixMilli(row.at).UTC())
				} else if w.Wants(id, row.run.ScheduledFor) && !yield(row.run, nil) {
					return
				}
			}
			if len(rows) < walkPage {
				return
			}
		}
	}
}

// position is a row's position in the order. The rows after it are older, or of the same time with a
// smaller id.
type position struct {
	at int64
	id string
}

type walked struct {
	position
	run        run.Run
	unreadable bool
}

func (s *Store) walkPage(ctx context.Context, w port.Walk, p position) ([]walked, error) {
	query, args := pageOf(w, p)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []walked
	for rows.Next() {
		var r walked
		var rev int64
		var body string
		if err := rows.Scan(&r.at, &r.id, &rev, &body); err != nil {
			return nil, fmt.Errorf("reading a run: %w", err)
		}
		r.run, err = decode(rev, body)
		r.unreadable = err != nil
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	return out, nil
}

// pageOf returns the query of the next page. By status it is one query for each status, all in the
// order of the index, with at most a page of each: an index that is asked for several statuses at once
// returns them in no order.
func pageOf(w port.Walk, p position) (query string, args []any) {
	if len(w.Statuses) == 0 || slices.Contains(w.Statuses, run.Succeeded) {
		query, args = selection(w, p, w.Statuses, "")
		return query, args
	}
	var parts []string
	for _, status := range w.Statuses {
		part, more := selection(w, p, []run.Status{status}, " AND "+indexed)
		parts, args = append(parts, "SELECT * FROM ("+part+")"), append(args, more...)
	}
	return strings.Join(parts, " UNION ALL ") + newestFirst, append(args, walkPage)
}

// indexed is the condition of the index by status: SQLite uses the index only if a query states the
// same condition.
const indexed = "status <> 'succeeded'"

const newestFirst = " ORDER BY scheduled_for DESC, id DESC LIMIT ?"

func selection(w port.Walk, p position, statuses []run.Status, and string) (query string, args []any) {
	where := []string{"scheduled_for <= ?", "(scheduled_for < ? OR id < ?)", "scheduled_for >= ?"}
	args = []any{p.at, p.at, p.id, int64(math.MinInt64)}
	if !w.Since.IsZero() {
		args[3] = w.Since.UnixMilli()
	}
	where, args = in(where, args, "job", w.Jobs)
	where, args = in(where, args, "status", statuses)
	return "SELECT scheduled_for, id, rev, body FROM runs WHERE " + strings.Join(where, " AND ") + and + newestFirst, append(args, walkPage)
}

// in restricts a column to some values, unless there are none.
func in[T ~string](where []string, args []any, column string, values []T) (_ []string, _ []any) {
	if len(values) == 0 {
		return where, args
	}
	for _, v := range values {
		args = append(args, string(v))
	}
	return append(where, column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")"), args
}

// Newest implements port.Reader.
func (s *Store) Newest(ctx context.Context, jobs []string, n int) (map[string][]run.Run, error) {
	out := map[string][]run.Run{}
	for _, name := range jobs {
		rs, err := s.first(ctx, cmp.Or(n, 1), "SELECT rev, body FROM runs WHERE job = ? ORDER BY scheduled_for DESC, id DESC", name)
		if err != nil {
			return nil, err
		}
		if len(rs) > 0 {
			out[name] = rs
		}
	}
	return out, nil
}

// Definitions implements port.Reader.
func (s *Store) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	out := map[string]job.Job{}
	for _, hash := range hashes {
		j, err := s.Definition(ctx, hash)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[hash] = j
	}
	return out, nil
}
