package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// TestStatusTellsWhatWaits: status shows five of the runs that have waited for long, and says how
// many more there are and which command lists them, for the same stack.
func TestStatusTellsWhatWaits(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		held  int
		lines int
		last  string
	}{
		"none": {0, 0, ""},
		"five": {5, 5, "held up      job-4/20261122T0800Z waits since 2026-11-22 08:00:00 to be launched: waiting: no capacity"},
		"six":  {6, 6, "held up      and 1 run more: `batchplane history --stack prod --profile ops --region eu-west-1 --status queued,launching`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			a := &app{Env: Env{Stdout: &out, Stderr: &out}, zone: time.UTC, stack: "prod", profile: "ops", region: "eu-west-1"}
			var st plane.Status
			for i := range c.held {
				st.HeldUp = append(st.HeldUp, plane.HeldUp{Run: run.ID(fmt.Sprintf("job-%d/20261122T0800Z", i)), Since: at, Cause: "waiting: no capacity"})
			}
			if err := a.printStatus(st); err != nil {
				t.Fatal(err)
			}
			var got []string
			for l := range strings.Lines(out.String()) {
				if strings.HasPrefix(l, "held up") {
					got = append(got, strings.TrimSuffix(l, "\n"))
				}
			}
			if len(got) != c.lines || c.lines > 0 && got[len(got)-1] != c.last {
				t.Errorf("got %q, want %d and last %q", got, c.lines, c.last)
			}
		})
	}
}

// TestStatusSaysWhatEndsAHold: status names the command for the same stack, and it can be typed.
func TestStatusSaysWhatEndsAHold(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{Env: Env{Stdout: &out, Stderr: &out}, zone: time.UTC, stack: "prod", region: "eu-west-1"}
	st := plane.Status{}
	st.HeldBack = map[string]run.ID{"etl": "etl/20261122T0800Z"}
	if err := a.printStatus(st); err != nil {
		t.Fatal(err)
	}
	const command = "batchplane stop --stack prod --region eu-west-1 etl/20261122T0800Z --reason WHY"
	if want := "held back    etl: its slots are skipped while etl/20261122T0800Z is open; `" + command + "` stops that\n"; !strings.Contains(out.String(), want) {
		t.Errorf("got %s, want %s", out.String(), want)
	}
	if err := typable(strings.TrimPrefix(command, "batchplane ")); err != nil {
		t.Error(err)
	}
}

// TestStatusOfDeletedParts: a part that is gone is said to be, and nothing else of it.
func TestStatusOfDeletedParts(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{Env: Env{Stdout: &out, Stderr: &out}, zone: time.UTC, stack: "prod"}
	var st plane.Status
	st.Alarms = []plane.Alarm{{Name: "b-Lag"}}
	st.Queues = []plane.Queue{{Name: "TriggerFailures", Deleted: true}}
	if err := a.printStatus(st); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"alarm        b-Lag: deleted\n", "queue        TriggerFailures: deleted\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s, want %s", out.String(), want)
		}
	}
}

// TestStatusOfAStackThatStandsBy: status says that a standby stack launches nothing.
func TestStatusOfAStackThatStandsBy(t *testing.T) {
	t.Parallel()
	for standby, want := range map[bool]int{false: 0, true: 1} {
		var out bytes.Buffer
		a := &app{Env: Env{Stdout: &out, Stderr: &out}, zone: time.UTC}
		if err := a.printStatus(plane.Status{Standby: standby}); err != nil || strings.Count(out.String(), "stands by") != want {
			t.Errorf("%v, %t: %s", err, standby, out.String())
		}
	}
}

// TestNoteOfAPause: the note mentions a pause of all jobs beside the job's own pause.
func TestNoteOfAPause(t *testing.T) {
	t.Parallel()
	a := &app{zone: time.UTC}
	p := &job.Pause{By: "ana"}
	for want, s := range map[string]view.Summary{
		"paused by ana":                           {Paused: p},
		"all jobs are paused by ana":              {Paused: p, PausedAll: true, OfAll: p},
		"paused by ana; all jobs are paused, too": {Paused: p, OfAll: p},
	} {
		if got := a.jobNote(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestNoteOfABound: the note mentions an end and a start that somebody gave the job's schedule, and tells one
// that somebody switched off from one whose definition is off.
func TestNoteOfABound(t *testing.T) {
	t.Parallel()
	a, at := &app{zone: time.UTC}, time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for want, s := range map[string]view.Summary{
		"somebody gave its schedule an end: 2026-11-22 08:00:00":  {Ended: &at},
		"somebody gave its schedule a start: 2026-11-22 08:00:00": {Awaits: &at},
		"somebody switched its schedule off":                      {Disabled: true, SwitchedOff: true},
		"disabled":                                                {Disabled: true},
	} {
		if got := a.jobNote(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestCommandsMeanTheSamePlace: commands printed for a person to type name the stack, the profile
// and the Region that the person named, quoted if a shell needs it.
func TestCommandsMeanTheSamePlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a    app
		want string
	}{
		"a stack":              {app{stack: "prod"}, "batchplane logs --follow --stack prod"},
		"a profile":            {app{stack: "prod", profile: "ops"}, "batchplane logs --follow --stack prod --profile ops"},
		"a Region":             {app{stack: "prod", region: "eu-west-1"}, "batchplane logs --follow --stack prod --region eu-west-1"},
		"all":                  {app{stack: "prod", profile: "ops", region: "eu-west-1"}, "batchplane logs --follow --stack prod --profile ops --region eu-west-1"},
		"a name with a blank":  {app{stack: "prod", profile: "my ops"}, "batchplane logs --follow --stack prod --profile 'my ops'"},
		"another local state":  {app{db: "/x/other.db"}, "batchplane logs --follow --db /x/other.db"},
		"a stack, and a state": {app{stack: "prod", db: "/x/other.db"}, "batchplane logs --follow --stack prod"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.a.command("logs --follow"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestAgo: a time that a clock wrote before it was put back does not read as a negative age.
func TestAgo(t *testing.T) {
	t.Parallel()
	a := &app{Env: Env{Now: func() time.Time { return time.Date(2026, 11, 29, 23, 0, 0, 5e8, time.UTC) }, Zone: time.UTC}, zone: time.UTC}
	for want, at := range map[string]time.Time{
		"never":                          {},
		"2026-11-29 22:59:00 (1m0s ago)": time.Date(2026, 11, 29, 22, 59, 0, 0, time.UTC),
		"2026-12-26 13:46:36 (638h46m35s ahead of this clock)": time.Date(2026, 12, 26, 13, 46, 36, 0, time.UTC),
	} {
		if got := a.ago(at); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestStatusWithoutTheTable: how a stack's parts are is said although its table cannot be read, and nothing of what
// only the table says.
func TestStatusWithoutTheTable(t *testing.T) {
	t.Parallel()
	p := &plane.Plane{
		Name: "prod", Reader: tableDenied{&memory.Store{}}, Now: time.Now,
		Inspect: func(context.Context) (plane.Health, error) {
			return plane.Health{Running: true, Where: "the stack prod", Rules: []plane.Rule{{Name: "EveryMinute"}}, Alarms: []plane.Alarm{{Name: "b-Lag", State: "OK", Heard: true}}}, nil
		},
	}
	for name, json := range map[string]bool{"words": false, "JSON": true} {
		var out bytes.Buffer
		a := &app{Env: Env{Stdout: &out}, zone: time.UTC, stack: "prod", json: json}
		err := (&statusCmd{}).show(t.Context(), a, p)
		if err == nil || !strings.Contains(err.Error(), "you may not read the table") || errors.Is(err, errRefused) {
			t.Errorf("%s: got %v", name, err)
		}
		for _, want := range []string{"EveryMinute", "b-Lag", "the rule EveryMinute was deleted", "what its table holds"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, out.String())
			}
		}
		for _, not := range []string{"heartbeat", "never", "sweep has"} {
			if strings.Contains(out.String(), not) {
				t.Errorf("%s: %q is in\n%s", name, not, out.String())
			}
		}
	}
}
