package sqlite

import (
	"context"
	"database/sql"
	"math"

	"github.com/batchplane/batchplane/internal/port"
)

// MostCompiled is mostCompiled.
const MostCompiled = mostCompiled

// Compiled returns how many statements a connection keeps, -1 if it keeps none at all.
func Compiled(c *sql.Conn) (kept int) {
	kept = -1
	_ = c.Raw(func(raw any) error {
		if own, ok := raw.(*conn); ok {
			kept = len(own.compiled)
		}
		return nil
	})
	return kept
}

// PageOf returns the query of a walk's first page.
func PageOf(w port.Walk) (query string, args []any) {
	return pageOf(w, position{at: math.MaxInt64})
}

// OutlinesOf returns the query of the outlines of some jobs.
func OutlinesOf(jobs ...string) (query string, args []any) {
	return outlined + "scheduled_for BETWEEN ? AND ?", []any{jsonList(jobs), 0, int64(math.MaxInt64)}
}

// Level makes the next commit as safe as writes that share it have to be.
func Level(ctx context.Context, s *Store, durable ...bool) error {
	var batch []*write
	for _, d := range durable {
		batch = append(batch, &write{durable: d})
	}
	return s.group.level(ctx, batch)
}
