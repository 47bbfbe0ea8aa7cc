package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/plane"
)

// account is an account in which the first subject of each kind is wrong, and some may not be
// looked at.
type account struct{ asked int }

func (a *account) Answers(ctx context.Context, subjects []doctor.Subject) map[doctor.Subject]doctor.Answer {
	a.asked++
	out := map[doctor.Subject]doctor.Answer{}
	_, bounded := ctx.Deadline()
	for _, s := range subjects {
		switch {
		case !bounded:
			out[s] = doctor.Answer{Verdict: doctor.Wrong, Why: "it may take for ever"}
		case s.Kind == doctor.Cluster:
			out[s] = doctor.Answer{Verdict: doctor.Wrong, Why: "there is <none>"}
		case s.Kind == doctor.TaskDefinition:
			out[s] = doctor.Answer{Verdict: doctor.Unknown, Why: "you may not ecs:DescribeTaskDefinition"}
		default:
			out[s] = doctor.Answer{Verdict: doctor.Good}
		}
	}
	return out
}

func (*account) Allowed(context.Context, []doctor.Use) map[doctor.Use]doctor.Answer { return nil }
func (*account) Definitions(context.Context, []string) map[string]doctor.Deployed   { return nil }
func (*account) Limits(context.Context) map[string]doctor.Limit                     { return nil }

// TestProblemsCheck: what jobs need is checked only when somebody asks for it, within a time
// limit, and the page says what could not be checked.
func TestProblemsCheck(t *testing.T) {
	t.Parallel()
	a := &account{}
	w := newWorld(t, func(c *console.Config) { c.Plane.Account = a })
	cookie := w.signIn()
	if res := w.send(request("GET", "/problems", nil), cookie); a.asked != 0 || !strings.Contains(res.body, `href="/problems/check">Check now`) {
		t.Errorf("the page asked %d times, and is\n%s", a.asked, res.body)
	}
	for range 2 { // a second look at the same moment is answered from the cache
		res := w.send(request("GET", "/problems/check", nil), cookie)
		for _, words := range []string{"there is &lt;none&gt;", "aws ecs create-cluster", "not checked</span>", "you may not ecs:DescribeTaskDefinition", "Check again"} {
			if res.StatusCode != http.StatusOK || !strings.Contains(res.body, words) {
				t.Errorf("the page does not say %q:\n%s", words, res.body)
			}
		}
		if n := strings.Count(res.body, "you may not ecs:DescribeTaskDefinition"); n != 1 || !strings.Contains(res.body, " task definitions</th>") {
			t.Errorf("the reason why some were not checked is given %d times:\n%s", n, res.body)
		}
		if strings.Contains(res.body, "take for ever") {
			t.Error("the account is asked without a bound in time")
		}
	}
	if a.asked != 1 {
		t.Errorf("the account was asked %d times, want once", a.asked)
	}
	if res := newWorld(t, nil); strings.Contains(res.send(request("GET", "/problems", nil), res.signIn()).body, "What jobs need") {
		t.Error("a local state offers to look at an account")
	}
}

// TestProblemsOfDeletedParts: of an alarm or a queue that somebody deleted, the page says that and nothing else.
func TestProblemsOfDeletedParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *console.Config) {
		c.Plane.Inspect = func(context.Context) (plane.Health, error) {
			return plane.Health{Running: true, Alarms: []plane.Alarm{{Name: "b-Lag"}}, Queues: []plane.Queue{{Name: "TriggerFailures", Deleted: true}}}, nil
		}
	})
	page := text(t, w.send(request("GET", "/problems", nil), w.signIn()))
	says(t, "the page", page, []string{"the alarm b-Lag was deleted", "</svg>deleted</span></td>", `TriggerFailures</th><td class="n">deleted</td>`}, []string{"no data", "nobody is notified"})
}
