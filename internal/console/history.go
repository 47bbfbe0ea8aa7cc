package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// historyPage is a page of runs.
type historyPage struct {
	Frame
	Rows     []view.Row
	More     run.ID
	Statuses []Choice
}

// rowsOfHistory is the number of runs on a page of history.
const rowsOfHistory = 100

func (s *Server) history(r *http.Request, q Query) (rendered, error) {
	h := &historyPage{Frame: s.frame(r, q, "history", "History")}
	f, err := h.filter()
	if err != nil {
		return rendered{}, err
	}
	page, err := s.cfg.Plane.History(r.Context(), f, rowsOfHistory)
	if err != nil {
		return rendered{}, err
	}
	h.Rows, h.More = page.Rows(h.Now), page.More
	h.unread(page.Unread)
	for _, status := range run.Statuses {
		h.Statuses = append(h.Statuses, Choice{Value: string(status), Words: string(status), Chosen: slices.Contains(q.Statuses, status)})
	}
	if q.Zone == ZoneJob {
		if err := s.zones(r, &h.Frame); err != nil {
			return rendered{}, err
		}
	}
	return rendered{name: "history", data: h}, nil
}

// Many is the address for retrying many of the runs that this address selects: those that ended
// badly, with all of its other conditions.
func (h *historyPage) Many() string {
	var bad []string
	for _, s := range h.Query.Statuses {
		if s == run.Failed || s == run.Missed || s == run.Stopped {
			bad = append(bad, string(s))
		}
	}
	return address("/ask/retry-all", h.Query.Values(), []string{"status", strings.Join(bad, ","), "before", ""})
}

// filter returns what the address selects, with the meanings of the command `history`.
func (f *Frame) filter() (plane.Filter, error) {
	q := f.Query
	out := plane.Filter{Jobs: q.Jobs, Owner: q.Owner, Statuses: q.Statuses, Cause: q.Cause, ByHand: q.ByHand, Before: q.Before}
	var err error
	if out.Since, err = plane.ParsePast(q.Since, f.zone, f.Now); err != nil {
		return out, fmt.Errorf("since: %w", err)
	}
	if out.Until, err = plane.ParsePast(q.Until, f.zone, f.Now); err != nil {
		return out, fmt.Errorf("until: %w", err)
	}
	return out, nil
}

// zones notes the zones of all jobs.
func (s *Server) zones(r *http.Request, f *Frame) error {
	items, err := s.cfg.Plane.Items(r.Context())
	if len(items) == 0 && err != nil {
		return errors.Join(errors.New("reading the zones of jobs"), err)
	}
	for _, item := range items {
		f.JobZone(item.Name, item.Plan.Timezone)
	}
	return nil
}
