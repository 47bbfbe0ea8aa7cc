package port

import (
	"context"
	"iter"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Outliner is what a Reader may implement as well: it reads only the outlines of many runs.
// Times are to the millisecond; runs that cannot be read are left out.
type Outliner interface {
	// Outlines goes through the runs that w selects, in no order. Only Jobs, Since, Until,
	// EndsFrom, Match and Unread of w count.
	Outlines(ctx context.Context, w Walk) iter.Seq2[run.Outline, error]
	// NewestOutlines returns what Newest does; the newest run of each job is whole.
	NewestOutlines(ctx context.Context, jobs []string, n int) (map[string][]run.Outline, error)
}

// Outlines goes through the outlines of the runs that w selects, in no order.
func Outlines(ctx context.Context, r Reader, w Walk) iter.Seq2[run.Outline, error] {
	if o, ok := r.(Outliner); ok && len(w.Statuses) == 0 && w.Past == "" {
		return o.Outlines(ctx, w)
	}
	return func(yield func(run.Outline, error) bool) {
		for r, err := range r.Walk(ctx, w) {
			if !yield(r.Outline(), err) {
				return
			}
		}
	}
}

// NewestOutlines returns the outlines of what Newest returns; the newest run of each job is
// whole.
func NewestOutlines(ctx context.Context, r Reader, jobs []string, n int) (map[string][]run.Outline, error) {
	if o, ok := r.(Outliner); ok {
		return o.NewestOutlines(ctx, jobs, n)
	}
	runs, err := r.Newest(ctx, jobs, n)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]run.Outline, len(runs))
	for name, rs := range runs {
		out[name] = run.Outlines(rs)
	}
	return out, nil
}

// Counter is what a Reader may implement as well: it counts runs without reading them.
type Counter interface {
	// Ended returns how many of the runs scheduled from since on have ended, by status. A
	// status that none has is not in the answer.
	Ended(ctx context.Context, since time.Time) (map[run.Status]int, error)
}
