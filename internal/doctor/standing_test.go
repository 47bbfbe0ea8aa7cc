package doctor_test

import (
	"reflect"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

// TestNotStarted: a job that the stack knows and does not start is named, with what starts it again.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	const daily, again = "30 2 * * *", "put it back: `batchplane apply` does, CloudFormation only by a drift-aware change set"
	const gone = "deploy it again: `batchplane apply` does; CloudFormation needs a drift-aware change set if somebody deleted it by hand"
	for name, tc := range map[string]struct {
		job       job.Job
		now       map[string]doctor.Standing
		why, mend string
	}{
		"never deployed":           {job.Job{Schedule: daily}, nil, "", ""},
		"deployed":                 {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {}}, "", ""},
		"another one":              {job.Job{Schedule: daily}, map[string]doctor.Standing{"b": {Gone: true}}, "", ""},
		"gone":                     {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {Gone: true}}, "it was deployed, and its schedule is no longer in the registry", gone},
		"gone, run by people":      {job.Job{}, map[string]doctor.Standing{"a": {Gone: true}}, "it was deployed, and its schedule is no longer in the registry", gone},
		"off, as it was deployed":  {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {Disabled: true}}, "its deployed schedule is switched off, and the file has it on", "deploy it"},
		"switched off by somebody": {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {Disabled: true, Given: "somebody switched it off"}}, "somebody switched it off", again},
		"switched off by the file": {job.Job{Schedule: daily, Disabled: true}, map[string]doctor.Standing{"a": {Disabled: true}}, "", ""},
		"off, and only for people": {job.Job{}, map[string]doctor.Standing{"a": {Disabled: true}}, "", ""},
		"given an end":             {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {Given: "it has an end"}}, "it has an end", again},
		"given an end, and off":    {job.Job{Schedule: daily, Disabled: true}, map[string]doctor.Standing{"a": {Given: "it has an end"}}, "", ""},
		"given an end, for people": {job.Job{}, map[string]doctor.Standing{"a": {Given: "it has an end"}}, "", ""},
		"paused":                   {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {Paused: "paused by ana"}}, "paused by ana", "batchplane resume a"},
		"gone, and it was paused":  {job.Job{Schedule: daily}, map[string]doctor.Standing{"a": {Gone: true, Paused: "paused by ana"}}, "it was deployed, and its schedule is no longer in the registry", gone},
		"off by the file, paused":  {job.Job{Schedule: daily, Disabled: true}, map[string]doctor.Standing{"a": {Disabled: true, Paused: "paused by ana"}}, "paused by ana", "batchplane resume a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.job.Name = "a"
			got := doctor.NotStarted([]job.Job{tc.job}, tc.now, "batchplane resume")
			var want []doctor.Finding
			if tc.why != "" {
				want = []doctor.Finding{{Subject: doctor.Subject{Kind: doctor.Job, Name: "a"}, Verdict: doctor.Wrong, Why: tc.why, Mend: tc.mend, Jobs: []string{"a"}, Passing: true}}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if doctor.Hinders(got) {
				t.Error("it keeps a pipeline from deploying")
			}
		})
	}
}

// TestNotStartedByName: several jobs come by their names, as all findings do.
func TestNotStartedByName(t *testing.T) {
	t.Parallel()
	got := doctor.NotStarted([]job.Job{{Name: "b"}, {Name: "a"}}, map[string]doctor.Standing{"a": {Gone: true}, "b": {Gone: true}}, "batchplane resume")
	if len(got) != 2 || got[0].Name != "a" || got[1].Name != "b" {
		t.Errorf("%+v", got)
	}
}

// TestHealth: what is wrong with the control plane keeps jobs from running, and so does a stack that
// stands by.
func TestHealth(t *testing.T) {
	t.Parallel()
	got := doctor.Health(doctor.Stack{Name: "prod", Standby: true}, []string{"the sweep has never finished"}, "batchplane status")
	plane := doctor.Subject{Kind: doctor.Plane, Name: "prod"}
	want := []doctor.Finding{
		{Subject: plane, Verdict: doctor.Wrong, Why: "the sweep has never finished", Mend: "batchplane status", Passing: true},
		{Subject: plane, Verdict: doctor.Wrong, Why: "it stands by: it launches nothing, even if people ask", Mend: "sam deploy --stack-name prod --parameter-overrides Standby=false", Passing: true},
	}
	if !reflect.DeepEqual(got, want) || doctor.Hinders(got) {
		t.Errorf("got %+v, want %+v, none of which keeps a pipeline from deploying", got, want)
	}
	if doctor.Hinders([]doctor.Finding{{Verdict: doctor.Unknown}}) {
		t.Error("what nobody could tell keeps a pipeline from deploying")
	}
	if !doctor.Hinders([]doctor.Finding{{Verdict: doctor.Wrong}}) {
		t.Error("what the jobs lack keeps no pipeline from deploying")
	}
	if got := doctor.Health(doctor.Stack{Name: "prod"}, nil, "batchplane status"); got != nil {
		t.Errorf("of a stack that is well: %+v", got)
	}
}
