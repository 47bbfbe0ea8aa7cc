package run

import (
	"reflect"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestEffective: what a run launches is the job with the defaults of its inputs,
// and with what a person gave it.
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
		"by hand, of an earlier version": {Run{Command: []string{"y", "-v"}}, []string{"y", "-v"}, map[string]string{"DAY": "today", "MODE": "full", "ZONE": "1"}},
	} {
		got := tc.run.Effective(j)
		if !reflect.DeepEqual(got.Command, tc.command) || !reflect.DeepEqual(got.Environment, tc.env) {
			t.Errorf("%s: %q with %v", name, got.Command, got.Environment)
		}
	}
	if len(j.Environment) != 2 {
		t.Errorf("the job's own variables became %v", j.Environment)
	}
}
