package calls_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cost"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

// actions names the permission that each call needs, about which test/template asks IAM.
const actions = "testdata/actions.golden"

const preface = `# What a run sends

Counted at the wire between the SDK's clients and their services. Each function
handles each input as a process that knows the job's definition, which never
changes, and nothing else; one that has just started reads it, as the last table
shows. Write units are listed by request, in brackets, by table and
index. The filter of the table's stream wakes notify only for a run that owes a
notice. A look is the sweep's part that reads due runs; it comes once a minute,
however many runs there are. Here it finds none that is due, or a task that runs as
it should: that it keeps in mind, by the keys alone it passes over the run, and only
each 45 minutes, or where the sweep's process has just started, the task is described.
`

// firstFails makes the network interface of first attempts not ready in time.
func firstFails(k localecs.Kind, s localecs.Subject) bool {
	return k == localecs.FaultENI && strings.HasSuffix(s.StartedBy, "/1")
}

// runs lists the runs of the table.
var runs = []struct {
	name   string
	exit   int64
	inject func(localecs.Kind, localecs.Subject) bool
	want   run.Status
	// failing means that the job's last run failed.
	failing bool
}{
	{"A run that succeeds", 0, nil, run.Succeeded, false},
	{"A run that is relaunched, and succeeds", 0, firstFails, run.Succeeded, false},
	{"A run that fails", 3, nil, run.Failed, false},
	{"A run that fails as the one before did", 3, nil, run.Failed, true},
}

// lengths maps the lengths of runs that the sweep looks at while they run to how often it looks
// in this test: it writes as much each minute.
var lengths = map[time.Duration]time.Duration{15 * time.Minute: time.Minute, time.Hour: time.Minute, 12 * time.Hour: 15 * time.Minute}

// TestCalls: a change of these numbers changes everybody's bill.
func TestCalls(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	out.WriteString(preface)
	for _, r := range runs {
		w := newWorld(t, r.inject)
		w.runner.Script = func(localecs.ContainerSpec) localecs.Script {
			return localecs.Script{For: 90 * time.Second, ExitCode: r.exit}
		}
		if r.failing {
			w.fails()
		}
		w.must(w.fire(slot))
		w.clock.Advance(time.Minute)
		w.must(w.look("a look while it runs"))
		w.clock.Advance(2 * time.Minute)
		w.must(w.look("a look after its end"))
		if got := w.run(); got.Status != r.want || len(got.Owed) > 0 {
			t.Fatalf("%s: it is %s (%s) and owes %v", r.name, got.Status, got.Cause, got.Owed)
		}
		out.WriteString(table(r.name, w.steps))
	}
	for _, length := range slices.Sorted(maps.Keys(lengths)) {
		out.WriteString(long(t, length, lengths[length]))
	}
	out.WriteString(throttled(t, "A run that waits because ECS throttled its launch, and succeeds", false))
	out.WriteString(throttled(t, "A run that waits because ECS throttled another launch within the second before, and succeeds", true))
	for _, of := range []func(*testing.T) string{exclusive, short, slow, byHand} {
		out.WriteString(of(t))
	}
	w, _ := checkedSlot(t)
	out.WriteString(table("A run that succeeds, and the check of its slot by a process that did not launch it", w.steps))
	w = newWorld(t, nil)
	w.cold = true
	w.must(w.fire(slot))
	w.clock.Advance(3 * time.Minute)
	out.WriteString(table("A run that succeeds, each function having just started", w.steps))
	golden.Check(t, "testdata/calls.golden", out.String())
	for _, w := range cost.Writes {
		if got := units(out.String(), "A run that "+w.Run); got != fmt.Sprintf("%g", w.Units) {
			t.Errorf("a run that %s takes %s write units, and the model says %g", w.Run, got, w.Units)
		}
	}
}

// units returns the write units in the last line of a table.
func units(text, name string) string {
	_, rest, ok := strings.Cut(text, "\n## "+name+"\n")
	if !ok {
		return "no"
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	lines := strings.Split(strings.TrimSpace(rest), "\n")
	cells := strings.Split(lines[len(lines)-1], "|")
	return strings.TrimSpace(cells[4])
}

// long is a success of that length, with looks by one process.
func long(t *testing.T, length, every time.Duration) string {
	t.Helper()
	w := newWorld(t, nil)
	w.runner.Script = func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: length} }
	w.must(w.fire(slot))
	w.looks(fmt.Sprintf("a look each %s", job.Duration(every)), every, length)
	if got := w.run(); got.Status != run.Succeeded || got.StartedAt.IsZero() {
		t.Fatalf("after %s it is %s, started %s", length, got.Status, got.StartedAt)
	}
	return table(fmt.Sprintf("A run that succeeds after %s", job.Duration(length)), w.steps)
}

// throttled is a run whose launch ECS refuses for its rate or, with crowded, one that reaches the
// trigger's process just after that. The sweep launches it.
func throttled(t *testing.T, name string, crowded bool) string {
	t.Helper()
	refused := false
	w := newWorld(t, func(k localecs.Kind, _ localecs.Subject) bool {
		first := k == localecs.FaultThrottle && !refused
		refused = refused || first
		return first
	})
	if crowded {
		w.before = func(c *control.Control) {
			other := w.job
			other.Name = "another"
			r, err := c.Scheduled(t.Context(), "", other, slot)
			if err != nil || r.Status != run.Queued {
				t.Fatalf("the other run is %s: %v", r.Status, err)
			}
			if _, err := c.StopRun(t.Context(), port.StopRequest{Run: r.Run, By: "ann", Reason: "it is not counted"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.must(w.fire(slot))
	w.clock.Advance(time.Minute)
	w.must(w.look("a look that launches it"))
	w.clock.Advance(3 * time.Minute)
	if got := w.run(); got.Status != run.Succeeded {
		t.Fatalf("it is %s: %s", got.Status, got.Cause)
	}
	return table(name, w.steps)
}

// exclusive is a success of a job whose runs may not overlap.
func exclusive(t *testing.T) string {
	t.Helper()
	w := newWorld(t, nil)
	w.job.Overlap = job.Forbid
	w.must(w.fire(slot))
	w.clock.Advance(3 * time.Minute)
	return table("A run that succeeds, of a job whose runs may not overlap", w.steps)
}

// table returns the table of one run, in Markdown.
func table(name string, steps []step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| function | input | calls | write units | read units |\n|---|---|---|---|---|\n", name)
	var calls []call
	var written, read, all float64
	for _, s := range steps {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %g |\n", s.function, s.input, count(s.calls), s.writes, s.read)
		if s.function != sweep {
			calls, written, read = append(calls, s.calls...), written+s.written, read+s.read
		}
		all += s.written
	}
	fmt.Fprintf(&b, "| all but looks | | %s | %g | %g |\n", count(calls), written, read)
	if all != written || slices.ContainsFunc(steps, func(s step) bool { return strings.HasPrefix(s.input, "a look each") }) {
		fmt.Fprintf(&b, "| all | | | %g | |\n", all)
	}
	return b.String()
}
