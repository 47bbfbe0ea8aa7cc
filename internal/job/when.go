package job

import (
	"slices"
	"time"
)

// When narrows a schedule. Slots outside it are filtered: they are neither run nor missed.
type When struct {
	// StartAt is the first time at which the schedule counts, and EndAt the first at which it
	// no longer does; zero means no bound. If one job's EndAt is another's StartAt, the second
	// takes over without a gap and without a double run.
	StartAt time.Time `json:"startAt,omitzero"`
	EndAt   time.Time `json:"endAt,omitzero"`
	// DST says what happens to a run when the clocks change.
	DST DST `json:"dst,omitzero"`
	// Calendar leaves days out.
	Calendar Calendar `json:"calendar,omitzero"`
}

// DST says what happens to runs whose local time does not exist or comes twice. Gap is
// run-late or skip, Overlap is once or twice. Empty is the rule of the schedule's dialect.
type DST struct {
	Gap     string `json:"gap,omitempty"`
	Overlap string `json:"overlap,omitempty"`
}

// Gaps and OverlapsOfDST are the words that Validate accepts.
var (
	Gaps          = []string{"run-late", "skip"}
	OverlapsOfDST = []string{"once", "twice"}
)

// Calendar names days in the job's zone, as 2006-01-02. Skip leaves these days out; Only
// leaves out all others. At most one of them is set.
type Calendar struct {
	Skip []string `json:"skip,omitempty"`
	Only []string `json:"only,omitempty"`
}

// IsZero reports whether there is no calendar.
func (c Calendar) IsZero() bool { return len(c.Skip) == 0 && len(c.Only) == 0 }

// maxDates is how many days a calendar may name. The dates travel with the job, and twenty
// years of public holidays fit.
const maxDates = 400

// Bounds of Window (EventBridge Scheduler API, FlexibleTimeWindow).
const (
	MinWindow = time.Minute
	MaxWindow = 24 * time.Hour
)

func (w When) validateWhen(ps *problems) {
	if !w.StartAt.IsZero() && !w.EndAt.IsZero() && !w.StartAt.Before(w.EndAt) {
		ps.add("endAt", "%s is not after startAt %s: no slot would run", w.EndAt.Format(time.RFC3339), w.StartAt.Format(time.RFC3339))
	}
	if g := w.DST.Gap; g != "" && !slices.Contains(Gaps, g) {
		ps.add("dst.gap", "%q is not one of %s", g, oneOf(Gaps))
	}
	if o := w.DST.Overlap; o != "" && !slices.Contains(OverlapsOfDST, o) {
		ps.add("dst.overlap", "%q is not one of %s", o, oneOf(OverlapsOfDST))
	}
	w.Calendar.validate(ps)
}

func (c Calendar) validate(ps *problems) {
	if len(c.Skip) > 0 && len(c.Only) > 0 {
		ps.add("calendar", "takes skip or only, not both")
	}
	if n := max(len(c.Skip), len(c.Only)); n > maxDates {
		ps.add("calendar", "names %d days; at most %d are allowed: remove those that have passed", n, maxDates)
	}
	for _, day := range slices.Concat(c.Skip, c.Only) {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			ps.add("calendar", "%q is not a day: write it like 2026-12-25", day)
		}
	}
}
