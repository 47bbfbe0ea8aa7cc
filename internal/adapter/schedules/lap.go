package schedules

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// lapTime is the longest that a lap takes if the registry is read every minute. Each minute lists
// pagesAtOnce pages, or more if there are more than five times as many. A page has a hundred schedules
// (EventBridge Scheduler API reference, ListSchedules), and the service accepts 50 calls a second
// ("Amazon EventBridge Scheduler endpoints and quotas").
const (
	lapTime     = 5 * time.Minute
	aCall       = time.Minute
	perPage     = 100
	pagesAtOnce = port.ListedAtOnce / perPage
)

// skew is how far the clocks of EventBridge Scheduler and this machine may differ.
const skew = 10 * time.Second

// lap says how far the group is listed.
type lap struct {
	// began is when the lap began, zero if none is under way; token continues it.
	began time.Time
	token string
	pages int
	// last is how many pages the last complete lap had, 0 if there was none; whole is when the last
	// listing began that took one call.
	last  int
	whole time.Time
	// brief says that tokens do not last until the next call.
	brief bool
}

// list continues the lap. At its end, the schedules that it did not come to are marked to be read;
// those that it found changed are marked as they are listed. If a page cannot be listed just now, the
// next call starts with it.
func (r *Registry) list(ctx context.Context) error {
	now, p := r.now(), &r.lap
	if p.last > pagesAtOnce && r.applied(ctx) {
		*p = lap{whole: p.whole, brief: p.brief} // list all at once
	}
	goesOn := !p.began.IsZero()
	if !goesOn {
		p.begin(now)
	}
	ended, err := r.pages(ctx, p.share(now))
	if err != nil && !passes(err) {
		ended, err = r.anew(ctx, now, goesOn, err)
	}
	if err == nil && ended {
		r.ended(now)
	}
	return err
}

// anew starts a lap again that could not be continued: tokens do not last for ever.
func (r *Registry) anew(ctx context.Context, now time.Time, goesOn bool, cause error) (ended bool, err error) {
	p := &r.lap
	if p.begin(now); goesOn {
		if ended, cause = r.pages(ctx, math.MaxInt); cause == nil {
			p.brief = true
			return ended, nil
		}
	}
	p.began = time.Time{}
	return false, cause
}

func (p *lap) begin(now time.Time) { p.began, p.token, p.pages = now, "", 0 }

// ended notes that the lap is complete.
func (r *Registry) ended(now time.Time) {
	p := &r.lap
	for name, v := range r.read { //nolint:gocritic // once a lap
		if v.listed.Before(p.began) && !v.due {
			v.due = true
			r.read[name] = v
		}
	}
	if p.began.Equal(now) {
		p.whole = now
	}
	r.listed, r.said = p.began, false
	p.last, p.began, p.token = p.pages, time.Time{}, ""
}

// share returns how many pages this call lists: enough to end the lap in its time.
func (p *lap) share(now time.Time) int {
	all := float64(p.last)
	due := int(math.Ceil(all * float64(now.Sub(p.began)+aCall) / float64(lapTime)))
	if p.last <= pagesAtOnce || p.brief || due >= p.last {
		return math.MaxInt
	}
	return max(pagesAtOnce, due-p.pages)
}

// pages lists up to most pages; ended reports whether there are no more.
func (r *Registry) pages(ctx context.Context, most int) (ended bool, err error) {
	for range most {
		asked := r.now()
		page, next, err := r.Scheduler.ListSchedules(ctx, r.lap.token, perPage)
		if err != nil {
			return false, fmt.Errorf("listing the schedules: %w", err)
		}
		for _, s := range page {
			r.note(s, asked)
		}
		r.lap.pages++
		if r.lap.token = next; next == "" {
			return true, nil
		}
	}
	return false, nil
}

// note notes that a schedule was listed.
func (r *Registry) note(s Listed, asked time.Time) {
	v := r.read[s.Name]
	v.listed = asked
	if s.Modified.IsZero() || !v.modified.Equal(s.Modified) {
		v.modified, v.due = s.Modified, true
	} else if !v.due {
		v.asOf = asked
	}
	r.put(s.Name, v)
}

// applied reports whether somebody has applied jobs since the group was last listed at once. If that
// cannot be read, the lap itself will come to what is new.
func (r *Registry) applied(ctx context.Context) bool {
	said, err := r.get(ctx, port.Applied)
	return err == nil && said.Modified.After(r.lap.whole.Add(-skew))
}
