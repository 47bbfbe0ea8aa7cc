package sweep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/port"
)

// TestNobodyBringsTheEndsOfTasks: that the rule for them is off or gone rings the alarm about what somebody
// must mend. That it cannot be read does not, nor does it keep the sweep from its work.
func TestNobodyBringsTheEndsOfTasks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bus      bus
		problems float64
		logs     string
	}{
		"on":             {bus{state: "ENABLED"}, 0, ""},
		"off":            {bus{state: "DISABLED"}, 1, `"level":"ERROR","msg":"the rule for ends of tasks is off or cannot be read","rule":"ends","why":null`},
		"gone":           {bus{err: fmt.Errorf("%w: none", port.ErrNotFound)}, 1, `"level":"ERROR","msg":"the rule for ends of tasks is off or cannot be read","rule":"ends","why":"not found: none"`},
		"not to be read": {bus{err: errors.New("Rate exceeded")}, 0, `"rule":"ends","why":"Rate exceeded"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			*w.bus = c.bus
			if err := w.sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if m := w.metrics(t); m["ScheduleProblems"] != c.problems || m["Heartbeat"] != 1.0 || !strings.Contains(w.log.String(), c.logs) {
				t.Errorf("metrics %v, log %s", m, w.log)
			}
		})
	}
}

// mute is a bus that gives no answer for as long as the sweep has.
type mute struct {
	schedules.Rules
	end func()
}

func (m mute) DescribeRule(ctx context.Context, _ string) (schedules.Rule, error) {
	m.end()
	<-ctx.Done()
	return schedules.Rule{}, ctx.Err()
}

// TestNothingWaitsForTheRule: what gives no answer about the rule keeps nothing else from being done.
func TestNothingWaitsForTheRule(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	w.rules = mute{end: cancel}
	if err := w.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if m := w.metrics(t); m["Heartbeat"] != 1.0 || m["ScheduleProblems"] != 0.0 {
		t.Errorf("metrics %v, log %s", m, w.log)
	}
}
