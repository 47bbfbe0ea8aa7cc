package ecs

import (
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// runTask matches the resource of a state that runs a task
// (https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html).
var runTask = lazyregexp.New(`^arn:[^:]*:states:::(?:aws-sdk:)?ecs:runTask((?:\.\w+)?)(?::\d)?$`)

// IsMachine reports whether a target is a state machine of Step Functions.
func IsMachine(arn string) bool { return strings.Contains(arn, ":states:") }

// MachineOf gives the ARN of a state machine without a version or an alias, of which a definition says
// nothing.
func MachineOf(arn string) string {
	parts := strings.Split(arn, ":")
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

// machine is a definition in the Amazon States Language (https://states-language.net/spec.html).
type machine struct {
	e          *importer.Entry
	definition *doc.Node
	states     map[string]*doc.Node
	shaped     string   // the state that makes the task's input of what the execution is started with
	asks       []string // what the input does not say
}

// Machine gives the task of a state machine that runs one and nothing else that a job would lack. arn is
// what a schedule starts, with input. If there is no such task, Machine refuses the entry and says why.
func Machine(e *importer.Entry, arn string, definition, input *doc.Node) (t Target, ok bool) {
	if MachineOf(arn) != arn {
		e.Decide("its target is a version or an alias of a state machine, and the newest definition was read: check that they are the same")
	}
	m := machine{e: e, definition: definition, states: map[string]*doc.Node{}}
	definition.Get("States").Pairs(func(name string, state *doc.Node) { m.states[name] = state })
	name, ok := m.first()
	if !ok || !m.only(name) || !m.once(name) {
		return Target{}, false
	}
	state := m.states[name]
	if by := state.Get("Credentials"); !by.Absent() {
		role := by.First("RoleArn", "RoleArn.$").String()
		e.Refuse("its target is a state machine that runs its task by the role %s (Credentials), as in another account: leave it there, or make a job in that account's own stack", importer.Clip(role))
		return Target{}, false
	}
	request := m.fill(state.First("Parameters", "Arguments"), document(input))
	if len(m.asks) > 0 {
		e.Refuse("its target is a state machine whose task takes %s from what each execution is started with: write a job by hand; BATCHPLANE_SCHEDULED_FOR has the slot's time", strings.Join(m.asks, ", "))
		return Target{}, false
	}
	e.Note("it is the task that a state machine runs; what else starts that goes on there")
	m.differs(name)
	return Target{Cluster: Get(request, "Cluster").String(), Parameters: request, Input: Get(request, "Overrides"), Timeout: m.timeout(state)}, true
}

// document gives an input as a document. It is nil if it is none.
func document(input *doc.Node) *doc.Node {
	if input.Absent() || input.Kind == doc.Map {
		return input
	}
	return doc.One(input.String())
}

const leaveMachine = "where it only runs ecs:runTask, make a job of that task; where it does more, leave it there"

// shapes reports whether a state makes another input for the task of its own: what a task's state itself
// puts out comes later.
func shapes(state *doc.Node) bool {
	if at := state.Get("InputPath").String(); at != "" && at != "$" {
		return true
	}
	return state.Get("Type").String() != "Task" && slices.ContainsFunc([]string{"Result", "Parameters", "Output", "OutputPath"}, state.Has)
}

// first finds the state that runs the task. Nothing before it may decide whether it runs.
func (m *machine) first() (name string, ok bool) {
	name = m.definition.Get("StartAt").String()
	for range len(m.states) {
		state := m.states[name]
		if shapes(state) {
			m.shaped = name
		}
		switch kind := state.Get("Type").String(); kind {
		case "Task":
			parts := runTask().FindStringSubmatch(state.Get("Resource").String())
			if parts != nil && (parts[1] == "" || parts[1] == ".sync") {
				return name, true
			}
			m.e.Refuse("its target is a state machine that begins with %s (%s): %s", importer.Clip(name), importer.Clip(state.Get("Resource").String()), leaveMachine)
			return "", false
		case "Pass", "Wait":
			name = state.Get("Next").String()
		default:
			m.e.Refuse("its target is a state machine that begins with %s, a state of the type %s: %s", importer.Clip(name), importer.Clip(kind), leaveMachine)
			return "", false
		}
	}
	m.e.Refuse("its target is a state machine in whose definition no task was found: %s", leaveMachine)
	return "", false
}

// named gives the names of the states for which a test holds.
func (m *machine) named(is func(kind, resource string) bool) (names []string) {
	m.definition.Get("States").Pairs(func(name string, state *doc.Node) {
		if is(state.Get("Type").String(), state.Get("Resource").String()) {
			names = append(names, importer.Clip(name))
		}
	})
	return names
}

func tells(kind, resource string) bool {
	return kind == "Task" && strings.HasSuffix(resource, ":sns:publish")
}

// only looks for other states that do work.
func (m *machine) only(task string) (ok bool) {
	work := m.named(func(kind, resource string) bool {
		return !slices.Contains([]string{"Pass", "Wait", "Succeed", "Fail", "Choice"}, kind) && !tells(kind, resource)
	})
	work = slices.DeleteFunc(work, func(name string) bool { return name == importer.Clip(task) })
	if len(work) > 0 {
		m.e.Refuse("its target is a state machine that does more than run a task (%s): leave it there, or put the work into the command of one job", strings.Join(work, ", "))
	}
	return len(work) == 0
}

// once refuses a state machine that runs the task again after it has succeeded. Step Functions takes Catch,
// not Next, after a task that failed.
func (m *machine) once(task string) bool {
	seen := map[string]bool{}
	left := []string{m.states[task].Get("Next").String()}
	for len(left) > 0 {
		name := left[len(left)-1]
		left = left[:len(left)-1]
		switch state := m.states[name]; {
		case name == task:
			m.e.Refuse("its target is a state machine that runs its task again after it has succeeded: a run here is one task, so leave it there, or let the command repeat what it does")
			return false
		case !seen[name]:
			seen[name] = true
			left = append(left, state.Get("Next").String(), state.Get("Default").String())
			for _, way := range slices.Concat(state.Get("Choices").List(), state.Get("Catch").List()) {
				left = append(left, way.Get("Next").String())
			}
		}
	}
	return true
}

// differs says what the states around the task did.
func (m *machine) differs(task string) {
	of := func(wanted string) string {
		return strings.Join(m.named(func(kind, _ string) bool { return kind == wanted }), ", ")
	}
	state := m.states[task]
	if !waits(state) {
		m.e.Note("its state machine did not wait for the task, so nobody was told of its failures; here each one is")
	}
	if names := of("Wait"); names != "" {
		m.e.Change("its state machine waited (%s), and a job begins at its slot", names)
	}
	if names := of("Choice"); names != "" {
		m.e.Change("its choices (%s) looked at how the task ended; here ECS's stop reasons decide whether it is launched again: what provably never started, and of an `idempotent` job also what may have run", names)
	}
	if names := strings.Join(m.named(tells), ", "); names != "" {
		m.e.Change("its messages to SNS (%s) are dropped: batchplane tells each run that failed; `notify` says more", names)
	}
	m.retries(state)
}

// waits reports whether a state waits for its task to end.
func waits(state *doc.Node) bool {
	return runTask().FindStringSubmatch(state.Get("Resource").String())[1] != ""
}

// retries says what becomes of a state's Retry. Its MaxAttempts is 3 if it says none.
func (m *machine) retries(state *doc.Node) {
	most := 0
	for _, r := range state.Get("Retry").List() {
		n, said := r.Get("MaxAttempts").Int()
		if !said {
			n = 3
		}
		most = max(most, n)
	}
	if most > 0 {
		m.e.Change("Step Functions ran a failed task again, whatever it had done, up to %d times; here only what provably never started is: %s", most, importer.IfHarmless)
	}
}

// timeout gives how long the task may take: the state's limit, or that of the whole execution.
func (m *machine) timeout(state *doc.Node) job.Duration {
	limits := []*doc.Node{state, m.definition}
	if !waits(state) {
		limits = nil // it limits the start of a task alone
	}
	for _, n := range limits {
		if path := n.Get("TimeoutSecondsPath").String(); path != "" {
			m.e.Decide("its time limit comes from its input (TimeoutSecondsPath %s): write `timeout`", importer.Clip(path))
			return 0
		}
		limit := n.Get("TimeoutSeconds")
		seconds, ok := limit.Int()
		switch {
		case !ok && limit.String() != "": // an expression of JSONata
			m.e.Decide("its time limit is computed (TimeoutSeconds %s): write `timeout`", importer.Clip(limit.String()))
			return 0
		case seconds > 0:
			return job.Duration(min(time.Duration(min(seconds, 1<<30))*time.Second, job.MaxTimeout))
		}
	}
	return 0
}

// path matches the paths that are followed into the input.
var path = lazyregexp.New(`^\$(?:\.[A-Za-z_][\w-]*)*$`)

// fill puts the input's values in the place of the paths of a request. Those that it does not have, and
// expressions, are in asks, except where the parameter is dropped anyway.
func (m *machine) fill(n, input *doc.Node) *doc.Node {
	if n == nil {
		return nil
	}
	if n.Kind == doc.Text && strings.HasPrefix(n.Text, "{%") {
		m.ask(n.Text)
	}
	out := &doc.Node{Kind: n.Kind, Line: n.Line, Text: n.Text}
	for _, i := range n.Items {
		out.Items = append(out.Items, m.fill(i, input))
	}
	for i, key := range n.Keys {
		v := n.Values[i]
		switch plain, dynamic := strings.CutSuffix(key, ".$"); {
		case slices.ContainsFunc(dropped, func(d struct{ key, why string }) bool { return d.key == plain }):
			key = plain
		case dynamic:
			key, v = plain, m.value(v.String(), input)
		default:
			v = m.fill(v, input)
		}
		out.Keys, out.Values = append(out.Keys, key), append(out.Values, v)
	}
	return out
}

// value gives what a path means in the input.
func (m *machine) value(text string, input *doc.Node) *doc.Node {
	if m.shaped != "" {
		m.ask(text + " (as " + m.shaped + " changes it)")
		return nil
	}
	if path().MatchString(text) {
		if v := input.Get(strings.Split(text, ".")[1:]...); !v.Absent() {
			return v
		}
	}
	m.ask(text)
	return nil
}

func (m *machine) ask(what string) {
	if what = importer.Clip(what); !slices.Contains(m.asks, what) {
		m.asks = append(m.asks, what)
	}
}
