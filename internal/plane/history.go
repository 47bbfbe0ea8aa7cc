package plane

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Filter selects runs; zero fields select all.
type Filter struct {
	// Jobs holds names, or patterns such as report-*.
	Jobs     []string
	Owner    string
	Statuses []run.Status
	// Since and Until are the earliest and the latest ScheduledFor.
	Since, Until time.Time
	// Cause is a text that the run's cause, or ECS's words about one of its attempts, must
	// contain. Case does not matter.
	Cause string
	// ByHand leaves out runs that a schedule started.
	ByHand bool
	// Before leaves out this run and everything that history lists before it. With the last run
	// of one page it gives the next page.
	Before run.ID
}

// Page is one page of history.
type Page struct {
	Runs []run.Run
	// More is the run after which the next page begins, or "" on the last page.
	More run.ID
	// Unread has the ids of the runs that are left out because they cannot be read.
	Unread []run.ID
}

// Rows returns the page as history shows it at a given time.
func (p Page) Rows(now time.Time) []view.Row {
	rows := make([]view.Row, len(p.Runs))
	for i, r := range p.Runs {
		rows[i] = view.RowOf(r, now)
	}
	return rows
}

// History returns the newest runs that a filter selects, at most limit.
func (p *Plane) History(ctx context.Context, f Filter, limit int) (Page, error) {
	w, err := p.walk(ctx, f, limit+1)
	if err != nil {
		return Page{}, err
	}
	var page Page
	var left unread
	w.Unread = left.add
	for r, err := range p.Walk(ctx, w) {
		if err != nil {
			return Page{}, err
		}
		if !f.fits(r) {
			continue
		}
		if len(page.Runs) == limit {
			page.More = page.Runs[limit-1].ID
			break
		}
		page.Runs = append(page.Runs, r)
	}
	page.Unread = left.ids()
	return page, nil
}

// walk returns the walk for a filter. It first looks up what the filter needs.
func (p *Plane) walk(ctx context.Context, f Filter, want int) (port.Walk, error) {
	w := walkOf(f, want)
	if f.Before != "" {
		r, err := p.Run(ctx, f.Before)
		if errors.Is(err, port.ErrNotFound) {
			return w, &RefError{fmt.Sprintf("there is no run %s to continue after", f.Before)}
		}
		if err != nil {
			return w, err
		}
		if w.Until.IsZero() || !r.ScheduledFor.After(w.Until) {
			w.Until, w.Past = r.ScheduledFor, r.ID
		}
	}
	if f.Owner == "" {
		return w, nil
	}
	items, _, err := p.items(ctx)
	if err != nil {
		return w, err
	}
	definitions, err := p.definitions(ctx, items)
	if err != nil {
		return w, err
	}
	match := w.Match
	w.Match = func(id run.ID) bool {
		return definitions[id.Job()].Owner == f.Owner && (match == nil || match(id))
	}
	return w, nil
}

// walkOf returns the walk for a filter, ignoring its Owner and Before.
func walkOf(f Filter, want int) port.Walk {
	w := port.Walk{Statuses: f.Statuses, Since: f.Since, Until: f.Until, Page: want}
	pattern := false
	for _, name := range f.Jobs {
		pattern = pattern || !job.ValidName(name)
	}
	if !pattern {
		w.Jobs = f.Jobs
	}
	if pattern || f.ByHand {
		w.Match = func(id run.ID) bool { return matchesAny(f.Jobs, id.Job()) && (!f.ByHand || id.ByHand()) }
	}
	return w
}

// fits checks the conditions for which the run itself must be read.
func (f Filter) fits(r run.Run) bool {
	if f.Cause == "" {
		return true
	}
	texts := []string{r.Cause}
	for _, a := range r.Attempts {
		texts = append(texts, a.StoppedReason, a.ContainerReason)
	}
	return strings.Contains(strings.ToLower(strings.Join(texts, "\n")), strings.ToLower(f.Cause))
}
