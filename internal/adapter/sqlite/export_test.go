package sqlite

import (
	"math"

	"github.com/batchplane/batchplane/internal/control"
)

// PageOf returns the query of a walk's first page.
func PageOf(w control.Walk) (query string, args []any) {
	return pageOf(w, position{at: math.MaxInt64})
}

// OutlinesOf returns the query of the outlines of some jobs.
func OutlinesOf(jobs ...string) (query string, args []any) {
	return outlined + "scheduled_for BETWEEN ? AND ?", []any{jsonList(jobs), 0, int64(math.MaxInt64)}
}
