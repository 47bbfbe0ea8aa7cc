package sqlite

import (
	"math"

	"github.com/batchplane/batchplane/internal/control"
)

// PageOf is the query of a walk's first page.
func PageOf(w control.Walk) (query string, args []any) {
	return pageOf(w, position{at: math.MaxInt64})
}
