package run

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestEffective: a run launches the job with the defaults of its inputs and with what a
// person gave it.
func TestEffective(t *testing.T) {
	t.Parallel()
	j := job.Job{
		Name: "a", Command: []string{"/bin/sh", "-c", `x "$@"`}, Environment: map[string]string{"MODE": "full", "ZONE": "1"},
		Changes: job.Changes{Args: true, Inputs: map[string]job.Input{
			"DAY": {Default: "today"}, "MODE": {Default: "fast"}, "NOTE": {},
		}},
	}
	for name, tc := range map[string]struct {
		run     Run
		command []string
		env     map[string]string
	}{
		"of a schedule": {Run{}, j.Command, map[string]string{"DAY": "today", "MODE": "full", "ZONE": "1"}},
		"by hand": {
			Run{Args: []string{"-v"}, Environment: map[string]string{"DAY": "", "NOTE": "n"}},
			[]string{"/bin/sh", "-c", `x "$@"`, "/bin/sh", "-v"},
			map[string]string{"DAY": "", "MODE": "full", "ZONE": "1", "NOTE": "n"},
		},
	} {
		got := tc.run.Effective(j)
		if !reflect.DeepEqual(got.Command, tc.command) || !reflect.DeepEqual(got.Environment, tc.env) {
			t.Errorf("%s: %q with %v", name, got.Command, got.Environment)
		}
	}
	bare, given := job.Job{Name: "report"}, map[string]string{"B": "given"}
	for _, r := range []Run{{}, {Args: []string{}, Environment: map[string]string{}}} {
		if got := r.Effective(bare); !reflect.DeepEqual(got, bare) {
			t.Errorf("nothing was given to a bare job, and it became %+v", got)
		}
	}
	if got := (&Run{Environment: given}).Effective(bare); !reflect.DeepEqual(got.Environment, given) {
		t.Errorf("variables, to a bare job: %v", got.Environment)
	}
	if len(j.Environment) != 2 {
		t.Errorf("the job's own variables became %v", j.Environment)
	}
}

// TestMend: what a person can change is in the cause of a run that is refused for good, and
// in no other.
func TestMend(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	r := New(Request{ID: "a/20261122T1800Z", ScheduledFor: now, Task: TaskDefinition{ARN: "d:1", Container: "app"}}, now, DefaultTiming)
	refused := func(code, reason string) Decision {
		return Decide(&job.Job{Name: "a"}, &r, Refused{Attempt: 1, Send: 1, Mend: "change Clusters", Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: code, Reason: reason}}, now, &DefaultTiming)
	}
	if d := refused("AccessDeniedException", "not authorized to perform: ecs:RunTask"); d.Next.Status != Failed || !strings.HasSuffix(d.Next.Cause, ": change Clusters") {
		t.Errorf("%s: %s", d.Next.Status, d.Next.Cause)
	}
	if d := refused("ThrottlingException", "Rate exceeded"); d.Next.Status != Queued || strings.Contains(d.Next.Cause, "Clusters") {
		t.Errorf("%s: %s", d.Next.Status, d.Next.Cause)
	}
}
