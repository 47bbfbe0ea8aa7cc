package job

import (
	"cmp"
	"slices"
	"time"
)

// Limits say how long things may take, and what happens to a slot whose time has passed or
// whose predecessor is still open.
type Limits struct {
	// Timeout is how long the task may be RUNNING before it is stopped. 0 means no limit, as
	// under cron.
	Timeout Duration `json:"timeout,omitempty"`
	// LaunchTimeout is how long an accepted task may take to reach RUNNING. 0 means
	// DefaultLaunchTimeout.
	LaunchTimeout Duration `json:"launchTimeout,omitempty"`
	// StartWithin is how late a slot may still be run. After that it is missed. 0 means
	// DefaultStartWithin.
	StartWithin Duration `json:"startWithin,omitempty"`
	// Window lets EventBridge Scheduler start a slot up to that much later, so that not all
	// jobs start in one minute. StartWithin counts from the end of the window.
	Window Duration `json:"window,omitempty"`
	// CatchUp says what happens to missed slots; empty means CatchUpNone.
	CatchUp CatchUp `json:"catchUp,omitempty"`
	// Overlap says what happens to a run while another run of the job is open; empty means
	// Allow.
	Overlap Overlap `json:"overlap,omitempty"`
}

// Defaults and bounds of Limits.
const (
	DefaultLaunchTimeout = 20 * time.Minute
	DefaultStartWithin   = 15 * time.Minute
	MaxTimeout           = 14 * 24 * time.Hour
	MinLaunchTimeout     = time.Minute
	MaxLaunchTimeout     = 2 * time.Hour
	MinStartWithin       = time.Minute
	MaxStartWithin       = 24 * time.Hour
)

// CatchUp says what happens to missed slots.
type CatchUp string

const (
	// CatchUpNone leaves them missed, as cron does.
	CatchUpNone CatchUp = "none"
	// CatchUpLast runs the newest of them late.
	CatchUpLast CatchUp = "last"
)

// CatchUps are the values that Validate accepts.
var CatchUps = []CatchUp{CatchUpNone, CatchUpLast}

// Overlap says what happens to a run while another run of the same job is open.
type Overlap string

const (
	// Allow runs them side by side, as cron does.
	Allow Overlap = "allow"
	// Forbid skips the later one and records that.
	Forbid Overlap = "forbid"
	// Queue lets one run wait for the other's end and skips further ones.
	Queue Overlap = "queue"
)

// Overlaps are the values that Validate accepts.
var Overlaps = []Overlap{Allow, Forbid, Queue}

// Launchable gives the time that an accepted task may take to reach RUNNING.
func (l Limits) Launchable() time.Duration { return or(l.LaunchTimeout, DefaultLaunchTimeout) }

// Late gives how late a slot may still be run, with the window included.
func (l Limits) Late() time.Duration {
	return or(l.StartWithin, DefaultStartWithin) + time.Duration(l.Window)
}

// Exclusive reports whether at most one run of the job may be open.
func (l Limits) Exclusive() bool { return l.Overlap == Forbid || l.Overlap == Queue }

func or(d Duration, fallback time.Duration) time.Duration {
	return cmp.Or(time.Duration(d), fallback)
}

func (l Limits) validateLimits(ps *problems) {
	within := func(field string, d Duration, least, most time.Duration) {
		if d != 0 && (time.Duration(d) < least || time.Duration(d) > most) {
			ps.add(field, "%s is out of range: %s to %s", d, Duration(least), Duration(most))
		}
	}
	within("timeout", l.Timeout, time.Second, MaxTimeout)
	within("launchTimeout", l.LaunchTimeout, MinLaunchTimeout, MaxLaunchTimeout)
	within("startWithin", l.StartWithin, MinStartWithin, MaxStartWithin)
	within("window", l.Window, MinWindow, MaxWindow)
	if time.Duration(l.Window)%time.Minute != 0 {
		ps.add("window", "%s is not a whole number of minutes", l.Window)
	}
	if l.CatchUp != "" && !slices.Contains(CatchUps, l.CatchUp) {
		ps.add("catchUp", "%q is not one of %s", l.CatchUp, oneOf(CatchUps))
	}
	if l.Overlap != "" && !slices.Contains(Overlaps, l.Overlap) {
		ps.add("overlap", "%q is not one of %s", l.Overlap, oneOf(Overlaps))
	}
	if l.Overlap == Queue && l.Timeout == 0 {
		ps.add("overlap", "queue needs a `timeout`: otherwise a run that hangs makes the next one wait forever")
	}
}
