package console

import (
	"context"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// Warm reads what pages will want, if there is a cache.
func (s *Server) Warm(ctx context.Context) {
	p := s.cfg.Plane
	if _, ok := p.Reader.(*recent); !ok {
		return
	}
	from := s.cfg.Now().Add(-defaultSpan) // what the timeline shows by default
	if _, err := p.BarsOf(ctx, port.Walk{Since: from.Add(-plane.ReachIn), EndsFrom: from}); err != nil {
		return // a page will say so
	}
	_, _ = p.Jobs(ctx, plane.JobFilter{})
}
