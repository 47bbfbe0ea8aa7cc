package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// outline is when a run began and ended, if that is all there is to show of it: it succeeded at its
// first attempt. It is NULL for all other runs. The index stores it, so that bodies need not be read.
// What it makes of a body must therefore never change: another form needs an index of another name.
const outline = `CASE WHEN status = 'succeeded' AND json_valid(body) AND json_array_length(body, '$.attempts') = 1 AND json_extract(body, '$.attempts[0].endUnseen') IS NULL
	THEN json_extract(body, '$.startedAt') || '/' || json_extract(body, '$.finishedAt') END`

// outlineIndex belongs to the schema, and is here because queries must name the very expression that it
// stores.
const outlineIndex = `CREATE INDEX runs_outline ON runs (job, scheduled_for DESC, queued_at DESC, id DESC, status, ` + outline + `);`

// outlined reads the outlines of the runs of some jobs. Its last two columns are NULL if there is an
// outline.
const outlined = "WITH jobs (job) AS (SELECT value FROM json_each(?)) SELECT id, scheduled_for, queued_at, " + outline + ", CASE WHEN " + outline + " IS NULL THEN rev END, CASE WHEN " + outline + " IS NULL THEN body END FROM jobs CROSS JOIN runs ON runs.job = jobs.job WHERE "

// reaching selects runs that are scheduled at or after a time, or end at or after it as far as the
// outline says. It compares text down to the second, which never leaves out too much.
const reaching = " AND (scheduled_for >= ? OR " + outline + " IS NULL OR substr(" + outline + ", -1) <> 'Z' OR substr(" + outline + ", instr(" + outline + ", '/') + 1) >= ?)"

// Outlines implements port.Outliner.
func (s *Store) Outlines(ctx context.Context, w port.Walk) iter.Seq2[run.Outline, error] {
	return func(yield func(run.Outline, error) bool) {
		parts, err := s.outlines(ctx, w)
		if err != nil {
			yield(run.Outline{}, err)
			return
		}
		for _, part := range parts {
			for _, o := range part {
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

// outlines reads the outlines job by job, in the order of the index, on as many connections as there
// are processors, at most readers.
func (s *Store) outlines(ctx context.Context, w port.Walk) ([][]run.Outline, error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !w.Since.IsZero() {
		from = w.Since.UnixMilli()
	}
	if !w.Until.IsZero() {
		to = w.Until.UnixMilli()
	}
	query, ends := outlined+"scheduled_for BETWEEN ? AND ?", []any(nil)
	if !w.EndsFrom.IsZero() {
		query += reaching
		ends = []any{w.EndsFrom.UnixMilli(), w.EndsFrom.UTC().Format("2006-01-02T15:04:05")}
	}
	jobs := w.Jobs
	if len(jobs) == 0 {
		var err error
		if jobs, err = s.jobs(ctx); err != nil || len(jobs) == 0 {
			return nil, err
		}
	}
	size := max(leastJobs, (len(jobs)+side-1)/side)
	parts := make([][]run.Outline, (len(jobs)+size-1)/size)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	n := 0
	for part := range slices.Chunk(jobs, size) {
		out := &parts[n]
		n++
		wg.Go(func() {
			if err := s.partOfOutlines(ctx, w, out, query, append([]any{jsonList(part), from, to}, ends...)...); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return parts, context.Cause(ctx) //nolint:wrapcheck // what one of them said
}

// partOfOutlines adds outlines to out. A panic, which nothing else would recover, becomes an error.
func (s *Store) partOfOutlines(ctx context.Context, w port.Walk, out *[]run.Outline, query string, args ...any) (err error) {
	defer panics.Recover(&err)
	return s.scanOutlines(ctx, w, func(o run.Outline) {
		if len(*out) == cap(*out) { // there may be tens of thousands
			*out = slices.Grow(*out, max(len(*out), 256))
		}
		*out = append(*out, o)
	}, query, args...)
}

// side is on how many connections outlines are read; leastJobs is how many jobs one connection reads at
// least.
var side = min(runtime.GOMAXPROCS(0), readers)

const leastJobs = 50

// jobs returns the jobs that have runs. It takes one look into the index for each.
func (s *Store) jobs(ctx context.Context) (out []string, err error) {
	rows, err := s.read.QueryContext(ctx, `WITH RECURSIVE jobs (job) AS (
		SELECT min(job) FROM runs UNION ALL SELECT (SELECT min(job) FROM runs WHERE job > jobs.job) FROM jobs WHERE jobs.job IS NOT NULL)
		SELECT job FROM jobs WHERE job IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("listing the jobs that ran: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("reading a job that ran: %w", err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing the jobs that ran: %w", err)
	}
	return out, nil
}

func (s *Store) scanOutlines(ctx context.Context, w port.Walk, add func(run.Outline), query string, args ...any) error {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("listing outlines of runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		o, ok, err := scanOutline(rows, w)
		if err != nil {
			return err
		}
		if ok {
			add(o)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("listing outlines of runs: %w", err)
	}
	return nil
}

// jsonList encodes a list for json_each.
func jsonList[T ~string](values []T) string {
	b, _ := json.Marshal(values) // a list of strings always encodes
	return string(b)
}

// scanOutline reads a row. ok is false if the row is not wanted or not readable.
func scanOutline(row scanner, w port.Walk) (o run.Outline, ok bool, err error) {
	var id string
	var at, queued int64
	var brief, body sql.NullString
	var rev sql.NullInt64
	if err := row.Scan(&id, &at, &queued, &brief, &rev, &body); err != nil {
		return o, false, fmt.Errorf("reading the outline of a run: %w", err)
	}
	o = run.Outline{ID: run.ID(id), Status: run.Succeeded, ScheduledFor: time.UnixMilli(at).UTC(), QueuedAt: time.UnixMilli(queued).UTC()}
	if !w.Wants(o.ID, o.ScheduledFor) {
		return o, false, nil
	}
	if brief.Valid {
		began, ended, _ := strings.Cut(brief.String, "/")
		if err := cmp.Or(o.StartedAt.UnmarshalText([]byte(began)), o.FinishedAt.UnmarshalText([]byte(ended))); err != nil {
			w.NoteUnread(o.ID, o.ScheduledFor)
			return o, false, nil //nolint:nilerr // an unreadable one is left out
		}
		return o, true, nil
	}
	r, err := decode(rev.Int64, body.String)
	if err != nil {
		w.NoteUnread(o.ID, o.ScheduledFor)
		return o, false, nil //nolint:nilerr // what cannot be read is left out
	}
	return r.Outline(), true, nil
}

// NewestOutlines implements port.Outliner. Of a job of which a run cannot be read it reads whole runs
// instead.
func (s *Store) NewestOutlines(ctx context.Context, jobs []string, n int) (map[string][]run.Outline, error) {
	out := map[string][]run.Outline{}
	var damaged []string
	note := func(id run.ID, _ time.Time) {
		if name := id.Job(); !slices.Contains(damaged, name) {
			damaged = append(damaged, name)
		}
	}
	err := s.scanOutlines(ctx, port.Walk{Unread: note}, func(o run.Outline) {
		out[o.ID.Job()] = append(out[o.ID.Job()], o)
	}, outlined+"scheduled_for >= coalesce((SELECT scheduled_for FROM runs r WHERE r.job = jobs.job ORDER BY scheduled_for DESC LIMIT 1 OFFSET ?), ?)",
		jsonList(jobs), max(n, 1)-1, int64(math.MinInt64))
	if err != nil {
		return nil, err
	}
	if err := s.readDamaged(ctx, damaged, n, out); err != nil {
		return nil, err
	}
	newest := make([]run.ID, 0, len(out))
	for name, of := range out {
		slices.SortFunc(of, func(a, b run.Outline) int {
			return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), cmp.Compare(b.ID, a.ID))
		})
		out[name] = of[:min(len(of), max(n, 1))]
		if of[0].Whole == nil {
			newest = append(newest, of[0].ID)
		}
	}
	whole, err := s.first(ctx, math.MaxInt, "SELECT rev, body FROM json_each(?) AS ids CROSS JOIN runs ON runs.id = ids.value", jsonList(newest))
	for _, r := range whole {
		out[r.ID.Job()][0] = r.Outline()
	}
	return out, err
}

// readDamaged replaces the outlines of jobs of which a run that cannot be read took a place.
func (s *Store) readDamaged(ctx context.Context, jobs []string, n int, out map[string][]run.Outline) error {
	whole, err := s.Newest(ctx, jobs, n)
	for name, rs := range whole {
		out[name] = run.Outlines(rs)
	}
	return err
}

var _ port.Outliner = (*Store)(nil)
