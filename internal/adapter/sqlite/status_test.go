package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// many fills a file with runs, of which one in a thousand was stopped.
func many(tb testing.TB, n int) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "state.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	_, err = s.DB().ExecContext(tb.Context(), `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
		INSERT INTO runs (id, job, status, scheduled_for, queued_at, rev, body)
		SELECT printf('job-%03d/%09d', i % 100, i), printf('job-%03d', i % 100), CASE WHEN i % 1000 = 500 THEN 'stopped' ELSE 'succeeded' END,
			i * 60000, i * 60000, 1, printf('{"id":"job-%03d/%09d"}', i % 100, i) FROM n`, n)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func walked(tb testing.TB, s *sqlite.Store, w port.Walk, want int) {
	tb.Helper()
	n := 0
	for _, err := range s.Walk(tb.Context(), w) {
		if err != nil {
			tb.Fatal(err)
		}
		if n++; n == want {
			return
		}
	}
	tb.Fatalf("%d runs, want %d", n, want)
}

// TestStatusIsIndexed: a query by status scans nothing.
func TestStatusIsIndexed(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, statuses := range [][]run.Status{{run.Stopped}, {run.Failed, run.Stopped}} {
		plan := explain(t.Context(), t, s, port.Walk{Statuses: statuses})
		if got := strings.Count(plan, "USING INDEX runs_by_status (status=?"); got != len(statuses) || strings.Contains(plan, "SCAN runs") {
			t.Errorf("%v: the plan is\n%s", statuses, plan)
		}
	}
}

func explain(ctx context.Context, t *testing.T, s *sqlite.Store, w port.Walk) string {
	t.Helper()
	query, args := sqlite.PageOf(w)
	rows, err := s.DB().QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// BenchmarkByStatus reads the newest 50 stopped runs of a million, in turn with the same in a file
// without the index. The ratio is how much longer that takes.
func BenchmarkByStatus(b *testing.B) {
	s, bare := many(b, 1_000_000), many(b, 1_000_000)
	if _, err := bare.DB().ExecContext(b.Context(), "DROP INDEX runs_by_status"); err != nil {
		b.Fatal(err)
	}
	w := port.Walk{Statuses: []run.Status{run.Stopped}, Page: 50}
	var with, without time.Duration
	for b.Loop() {
		start := time.Now()
		walked(b, s, w, 50)
		between := time.Now()
		walked(b, bare, w, 50)
		with, without = with+between.Sub(start), without+time.Since(between)
	}
	b.ReportMetric(float64(with.Microseconds())/1000/float64(b.N), "ms/with")
	b.ReportMetric(float64(without.Microseconds())/1000/float64(b.N), "ms/without")
	b.ReportMetric(float64(without)/float64(with), "ratio")
}
