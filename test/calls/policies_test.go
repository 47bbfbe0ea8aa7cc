package calls_test

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/goccy/go-yaml"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/test/golden"
)

// roles maps the functions to their roles in the template.
var roles = map[string]string{trigger: "TriggerRole", onstopped: "OnStoppedRole", notify: "NotifyRole", sweep: "SweepRole"}

// prefixes maps the services to their names in IAM.
var prefixes = map[string]string{"DynamoDB": "dynamodb", "ECS": "ecs", "SNS": "sns", "EventBridge": "events", "CloudWatch Logs": "logs", "SSM": "ssm"}

// unused lists the actions that a policy allows and that none of the lives below needs, each with
// the reason why it is allowed.
var unused = func() map[string]string {
	const lambda = "Lambda reads the stream in the function's name"
	const tags = "RunTask puts tags on tasks, which needs it without a call"
	return map[string]string{
		"trigger ecs:TagResource":          tags,
		"onstopped ecs:TagResource":        tags,
		"sweep ecs:TagResource":            tags,
		"notify dynamodb:UpdateItem":       "a notice that is told while a launch is under way is noted in place",
		"notify dynamodb:DescribeStream":   lambda,
		"notify dynamodb:GetRecords":       lambda,
		"notify dynamodb:GetShardIterator": lambda,
		"notify dynamodb:ListStreams":      lambda,
	}
}()

// lives is what may befall runs, so that each call that a function can make is made.
var lives = []struct {
	name   string
	inject func(localecs.Kind, localecs.Subject) bool
	job    func(*job.Job)
	live   func(w *world)
}{
	{"it fails", nil, nil, func(w *world) {
		w.script(3)
		w.fire1()
		w.live(3)
	}},
	{"its relaunch waits", func(k localecs.Kind, _ localecs.Subject) bool { return k == localecs.FaultENI }, nil, func(w *world) {
		w.fire1()
		w.live(5)
	}},
	{"its launch hangs", func(k localecs.Kind, _ localecs.Subject) bool { return k == localecs.FaultHang }, nil, func(w *world) {
		w.fire1()
		w.live(90)
	}},
	{"the answers to its launch are lost", nil, nil, func(w *world) {
		w.ecs = losing(w.ecs)
		w.script(-1)
		if err := w.fire(slot); !errors.Is(err, port.ErrOwed) {
			w.t.Errorf("got %v", err)
		}
		w.live(70)
	}},
	{"one waits for its end", nil, queued, func(w *world) {
		w.fire1()
		w.clock.Advance(time.Minute)
		w.must(w.fire(slot.Add(time.Minute)))
		w.live(5)
	}},
	{"a person stops it", nil, nil, func(w *world) {
		w.script(-1)
		w.fire1()
		w.clock.Advance(time.Minute)
		w.must(w.ask("a stop", map[string]any{"stop": w.id, "reason": "not today"}))
		w.live(2)
	}},
	{"a person stops it while it is relaunched", firstFails, nil, func(w *world) {
		w.script(-1)
		w.fire1()
		w.ecs = between(w.ecs, "RunTask", func() {
			w.must(w.ask("a stop", map[string]any{"stop": w.id, "reason": "not today"}))
		})
		w.live(2)
	}},
	{"a person stops it while it is in doubt, and an old event comes again", firstFails, nil, func(w *world) {
		w.script(-1)
		w.fire1()
		w.ecs = losing(w.ecs)
		w.clock.Advance(time.Minute)
		w.ecs = failing(w.ecs, "ListTasks")
		_ = w.ask("a stop", map[string]any{"stop": w.id, "reason": "not today"})
		_ = w.deliver(w.t.Context(), w.stopped)
	}},
	{"its relaunch is told", firstFails, func(j *job.Job) { j.Notify.Also = []string{job.AlsoRelaunched} }, func(w *world) {
		w.fire1()
		w.live(3)
	}},
	{"one waits for its end, which nobody hears", func(k localecs.Kind, _ localecs.Subject) bool { return k == localecs.FaultLostEvent }, queued, func(w *world) {
		w.fire1()
		w.clock.Advance(time.Minute)
		w.must(w.fire(slot.Add(time.Minute)))
		w.live(8)
	}},
	{"its trigger comes late", nil, nil, func(w *world) {
		w.clock.Advance(5 * time.Minute)
		w.fire1()
		w.live(3)
	}},
	{"its slot is missed", nil, nil, func(w *world) {
		w.must(w.check())
		w.clock.Advance(24 * time.Hour)
		w.must(w.check())
	}},
}

func queued(j *job.Job) {
	j.Overlap, j.Schedule, j.Timeout = job.Queue, "* * * * *", job.Duration(time.Hour)
}

func (w *world) fire1() { w.must(w.fire(slot)) }

// script makes commands end with an exit code after a while. Below zero they end when they are
// stopped.
func (w *world) script(exit int64) {
	w.runner.Script = func(localecs.ContainerSpec) localecs.Script {
		if exit < 0 {
			return localecs.Script{For: -1}
		}
		return localecs.Script{For: 90 * time.Second, ExitCode: exit}
	}
}

// live lets minutes pass, with a look in each. A later look does what cannot be done yet.
func (w *world) live(minutes int) {
	for range minutes {
		w.clock.Advance(time.Minute)
		_ = w.look("a look")
	}
}

// check plays the part of the sweep that finds missed slots.
func (w *world) check() error {
	return w.play(sweep, "the slots", func(c *control.Control) error {
		return errors.Join(c.Sync(w.t.Context(), []job.Job{w.job}), c.CheckSlots(w.t.Context()))
	})
}

// losing launches, and withholds the answer.
func losing(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		launch := middleware.GetOperationName(r.Context()) == "RunTask"
		answer, err := next.RoundTrip(r)
		if launch && err == nil {
			_ = answer.Body.Close()
			return nil, errors.New("the connection broke")
		}
		return answer, err
	})
}

// failing refuses an operation.
func failing(next http.RoundTripper, operation string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if middleware.GetOperationName(r.Context()) == operation {
			return status(http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"not now"}`).RoundTrip(r)
		}
		return next.RoundTrip(r)
	})
}

// between makes something happen before the answer to an operation arrives.
func between(next http.RoundTripper, operation string, happen func()) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		if middleware.GetOperationName(r.Context()) == operation {
			happen()
		}
		return answer, err
	})
}

// TestPoliciesAreWhatIsCalled: every request on the wire is allowed by the policy of the function
// that sends it, and of what the policies allow on the table and on ECS nothing is left over.
func TestPoliciesAreWhatIsCalled(t *testing.T) {
	t.Parallel()
	used := map[string]map[string]bool{trigger: {}, onstopped: {}, notify: {}, sweep: {}}
	for _, l := range lives {
		w := newWorld(t, l.inject)
		if l.job != nil {
			l.job(&w.job)
		}
		l.live(w)
		for _, s := range w.steps {
			for _, c := range s.calls {
				if c.service != "Slack" {
					used[c.function][action(t, c)] = true
				}
			}
		}
	}
	var lines []string
	for function, calls := range used {
		for a := range calls {
			lines = append(lines, function+" "+a+"\n")
		}
	}
	slices.Sort(lines)
	golden.Check(t, actions, strings.Join(lines, ""))
	for function, role := range roles {
		allowed := allows(t, role)
		for a := range used[function] {
			if !slices.Contains(allowed, a) {
				t.Errorf("%s calls %s, which %s does not allow", function, a, role)
			}
		}
		for _, a := range allowed {
			ours := strings.HasPrefix(a, "ecs:") || strings.HasPrefix(a, "dynamodb:")
			if reason := unused[function+" "+a]; ours && !used[function][a] && reason == "" {
				t.Errorf("%s allows %s, which %s never calls", role, a, function)
			} else if used[function][a] && reason != "" {
				t.Errorf("%s calls %s, and is said not to: %s", function, a, reason)
			}
		}
	}
}

// action returns the permission that a call needs. A transaction of puts needs that of a put
// (Amazon DynamoDB Developer Guide, "Using IAM with transactions").
func action(t *testing.T, c call) string {
	t.Helper()
	prefix, ok := prefixes[c.service]
	if !ok {
		t.Fatalf("nobody knows the permissions of %s", c.service)
	}
	if c.operation == "TransactWriteItems" {
		return "dynamodb:PutItem"
	}
	return prefix + ":" + c.operation
}

// allows returns the actions of a role's policies, including those of statements under a
// condition: [name of the condition, statement, nothing].
func allows(t *testing.T, role string) []string {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Properties struct {
				Policies []struct {
					PolicyDocument struct {
						Statement []any `yaml:"Statement"`
					} `yaml:"PolicyDocument"`
				} `yaml:"Policies"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, p := range template.Resources[role].Properties.Policies {
		for _, s := range p.PolicyDocument.Statement {
			if choice, ok := s.([]any); ok {
				s = choice[1]
			}
			statement, _ := s.(map[string]any)
			switch a := statement["Action"].(type) {
			case string:
				all[a] = true
			case []any:
				for _, x := range a {
					name, _ := x.(string)
					all[name] = true
				}
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s allows nothing", role)
	}
	return slices.Sorted(maps.Keys(all))
}
