package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Line is one line of a world's story.
type Line struct {
	At   time.Time
	Run  run.ID // "" for what concerns all
	In   string // the handler
	Text string
}

// tell adds a line to the story of a traced world.
func (w *World) tell(id run.ID, format string, args ...any) {
	if w.trace == nil {
		return
	}
	in := ""
	for h := w.h; h != nil; h = h.parent {
		in = strings.TrimSuffix(h.name+">"+in, ">")
	}
	*w.trace = append(*w.trace, Line{w.now, id, in, fmt.Sprintf(format, args...)})
}

// Story tells a violation of a world in few lines. It first cuts the world down as far as the
// same check still fails. The check "" means the first that fails.
func Story(opt Options, check string) string {
	opt, res := shrink(opt, check)
	if len(res.Violations) == 0 {
		return "no violation"
	}
	v := res.Violations[0]
	opt.Trace = true
	trace := Play(opt).Trace
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s\n  %s: %s\n  replay: %s\n", opt.Seed, v.Check, v.Run, v.What, opt.literal())
	for _, l := range trace {
		if l.Run == "" && !worth(l.Text, v.Run) || l.Run != "" && v.Run != "" && l.Run.Job() != v.Run.Job() {
			continue
		}
		if l.Run != "" && l.Run != v.Run && !strings.Contains(v.What, string(l.Run)) {
			continue
		}
		fmt.Fprintf(&b, "  %s %-22s %s %s\n", l.At.Format("2 15:04:05.000"), l.In, strings.TrimPrefix(string(l.Run), string(v.Run)), l.Text)
	}
	return b.String()
}

// worth reports whether a line about no run in particular belongs to the story of one.
func worth(text string, id run.ID) bool {
	for _, word := range []string{"the clock is", "no sweep until", "out of order", "so do all faults", "ECS refuses until", "sweep dies", id.Job() + " ", string(id)} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// literal returns the options as a test writes them.
func (o Options) literal() string {
	s := fmt.Sprintf("Options{Seed: %d", o.Seed)
	if o.Jobs > 0 {
		s += fmt.Sprintf(", Jobs: %d", o.Jobs)
	}
	if o.Horizon > 0 {
		s += fmt.Sprintf(", Horizon: %d * time.Minute", int(o.Horizon.Minutes()))
	}
	if o.Without != (FaultSet{}) {
		s += fmt.Sprintf(", Without: FaultSet{%#x, %#x}", o.Without[0], o.Without[1])
	}
	if o.Mutation != 0 {
		s += fmt.Sprintf(", Mutation: %d", o.Mutation)
	}
	return s + "}"
}

// shrink makes a world smaller while its first violated check stays violated: fewer jobs, a
// shorter time, fewer faults.
func shrink(opt Options, check string) (Options, Result) {
	res := Play(opt)
	if len(res.Violations) == 0 {
		return opt, res
	}
	if check == "" {
		check = res.Violations[0].Check
	}
	try := func(o Options) bool {
		r := Play(o)
		for i, v := range r.Violations {
			if v.Check == check {
				r.Violations[0], r.Violations[i] = r.Violations[i], r.Violations[0]
				opt, res = o, r
				return true
			}
		}
		return false
	}
	try(opt)
	for jobs := 1; jobs < res.Jobs; jobs++ {
		o := opt
		if o.Jobs = jobs; try(o) {
			break
		}
	}
	for range 8 {
		o := opt
		if o.Horizon = (res.Horizon * 2 / 3).Truncate(time.Minute); o.Horizon < 5*time.Minute || !try(o) {
			break
		}
	}
	for f := range faults {
		o := opt
		o.Without = o.Without.With(Faults(f))
		try(o)
	}
	return opt, res
}
