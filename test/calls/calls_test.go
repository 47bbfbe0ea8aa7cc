package calls_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

var update = flag.Bool("update", false, "write the table of calls anew")

// The tables: what is called how often, and the permission that each call needs,
// for which test/template asks IAM.
const (
	golden  = "testdata/calls.golden"
	actions = "testdata/actions.golden"
)

const preface = `# What a run sends

Counted at the wire between the SDK's clients and their services. Each function
handles each input as a process that knows the job's definition, which never
changes, and nothing else; one that has just started reads it, as the last table
shows. Write units are listed by request, in brackets, by table and
index. The filter of the table's stream wakes notify only for a run that owes a
notice. A look is the sweep's part that reads due runs; it comes once a minute,
however many runs there are, and here it finds none that is due.
`

// firstFails has the network interface of first attempts not be ready.
func firstFails(k localecs.Kind, s localecs.Subject) bool {
	return k == localecs.FaultENI && strings.HasSuffix(s.StartedBy, "/1")
}

// runs are the runs of the table.
var runs = []struct {
	name   string
	exit   int64
	inject func(localecs.Kind, localecs.Subject) bool
	want   run.Status
	// failing is whether the job's last run failed.
	failing bool
}{
	{"A run that succeeds", 0, nil, run.Succeeded, false},
	{"A run that is relaunched, and succeeds", 0, firstFails, run.Succeeded, false},
	{"A run that fails", 3, nil, run.Failed, false},
	{"A run that fails as the one before did", 3, nil, run.Failed, true},
}

// TestCalls: a change of these numbers is a change of everybody's bill.
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
	w := newWorld(t, nil)
	w.cold = true
	w.must(w.fire(slot))
	w.clock.Advance(3 * time.Minute)
	out.WriteString(table("A run that succeeds, each function having just started", w.steps))
	compare(t, golden, out.String())
}

// table is one run's, in Markdown.
func table(name string, steps []step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| function | input | calls | write units | read units |\n|---|---|---|---|---|\n", name)
	var calls []call
	var written, read float64
	for _, s := range steps {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %g |\n", s.function, s.input, count(s.calls), s.writes, s.read)
		if s.function != sweep {
			calls, written, read = append(calls, s.calls...), written+s.written, read+s.read
		}
	}
	fmt.Fprintf(&b, "| all but looks | | %s | %g | %g |\n", count(calls), written, read)
	return b.String()
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Fatalf("%s differs in line %d; -want +got:\n- %s\n+ %s", golden, i+1, strings.Join(w[min(i, len(w)):], "\n- "), strings.Join(g[min(i, len(g)):], "\n+ "))
		}
	}
}
