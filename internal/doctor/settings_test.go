package doctor_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

// TestSettings: a cluster and a role that the stack's parameters do not let it use are named,
// with the reason and the parameter that would allow it.
func TestSettings(t *testing.T) {
	t.Parallel()
	const arn, role, other = "arn:aws:ecs:eu-central-1:1:cluster/", "arn:aws:iam::1:role", "arn:aws:iam::2:role/batchplane/a"
	const unlaunched, unpassed = "the stack may not launch tasks there", "the stack may not give it to tasks: "
	plain := doctor.Stack{Name: "prod", Partition: "aws", Region: "eu-central-1", Account: "1", TaskRolePath: "/batchplane/"}
	named, pathless, foreign := plain, plain, plain
	named.Clusters, named.TaskRoles = []string{arn + "jobs", arn + "etl-*", arn + "web-?"}, []string{role + "/x/*"}
	logging := plain
	logging.LogGroups = "/ecs/"
	pathless.TaskRolePath, foreign.TaskRoles = "", []string{other}
	for name, c := range map[string]struct {
		stack   doctor.Stack
		subject doctor.Subject
		why     string
		mend    string
	}{
		"the default cluster":            {plain, doctor.Subject{Kind: doctor.Cluster, Name: "default"}, "", ""},
		"another cluster":                {plain, doctor.Subject{Kind: doctor.Cluster, Name: "jobs"}, unlaunched, "sam deploy --stack-name prod --parameter-overrides Clusters=" + arn + "default," + arn + "jobs"},
		"a named cluster":                {named, doctor.Subject{Kind: doctor.Cluster, Name: arn + "jobs"}, "", ""},
		"a cluster of a pattern":         {named, doctor.Subject{Kind: doctor.Cluster, Name: "etl-1"}, "", ""},
		"a cluster of a mark for one":    {named, doctor.Subject{Kind: doctor.Cluster, Name: "web-1"}, "", ""},
		"a name that is longer":          {named, doctor.Subject{Kind: doctor.Cluster, Name: "web-12"}, unlaunched, "Clusters=" + arn + "jobs,"},
		"default, where others are said": {named, doctor.Subject{Kind: doctor.Cluster, Name: "default"}, unlaunched, "Clusters=" + arn + "jobs," + arn + "etl-*," + arn + "web-?," + arn + "default"},
		"a role under the path":          {plain, doctor.Subject{Kind: doctor.Role, Name: role + "/batchplane/a"}, "", ""},
		"a role elsewhere":               {plain, doctor.Subject{Kind: doctor.Role, Name: role + "/x/a"}, unpassed + "its path is not /batchplane/", "TaskRoles=" + role + "/x/a, or create it under /batchplane/"},
		"a role where no path is given":  {pathless, doctor.Subject{Kind: doctor.Role, Name: role + "/x/a"}, unpassed + "it is not one of TaskRoles", "TaskRoles=" + role + "/x/a"},
		"a named role":                   {named, doctor.Subject{Kind: doctor.Role, Name: role + "/x/a"}, "", ""},
		"another account's role":         {plain, doctor.Subject{Kind: doctor.Role, Name: other}, unpassed + "it belongs to account 2, and the stack is in 1", "use a role of account 1 in the jobs file"},
		"another account's, named":       {foreign, doctor.Subject{Kind: doctor.Role, Name: other}, unpassed + "it belongs to account 2, and the stack is in 1", "use a role of account 1 in the jobs file"},
		"a name that is no ARN":          {plain, doctor.Subject{Kind: doctor.Role, Name: "a"}, unpassed + "its path is not /batchplane/", "TaskRoles=a"},
		"nothing is known of the stack":  {doctor.Stack{}, doctor.Subject{Kind: doctor.Role, Name: role + "/x/a"}, "", ""},
		"a log group under the prefix":   {logging, doctor.Subject{Kind: doctor.LogGroup, Name: "/ecs/a"}, "", ""},
		"a log group elsewhere":          {logging, doctor.Subject{Kind: doctor.LogGroup, Name: "/jobs/a"}, "neither notices nor the stack's policies may read it: its name does not begin with LogGroups, /ecs/", "LogGroups"},
		"a log group elsewhere, by name": {logging, doctor.Subject{Kind: doctor.LogGroup, Name: "eu-central-1:/jobs/a"}, "neither notices nor the stack's policies may read it: its name does not begin with LogGroups, /ecs/", "LogGroups"},
		"another Region's log group":     {logging, doctor.Subject{Kind: doctor.LogGroup, Name: "us-east-1:/jobs/a"}, "", ""},
		"nobody reads log groups":        {plain, doctor.Subject{Kind: doctor.LogGroup, Name: "/jobs/a"}, "", ""},
		"an image":                       {logging, doctor.Subject{Kind: doctor.Image, Name: "x"}, "", ""},
		"another account's secret":       {logging, doctor.Subject{Kind: doctor.Secret, Name: "arn:aws:ssm:eu-central-1:2:parameter/k"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := doctor.Settings(c.stack, map[doctor.Subject][]string{c.subject: {"a"}})
			switch {
			case c.mend == "" && len(got) > 0,
				c.mend != "" && (len(got) != 1 || got[0].Why != c.why || !strings.Contains(got[0].Mend, c.mend) || got[0].Verdict != doctor.Wrong || got[0].Jobs[0] != "a"):
				t.Errorf("got %+v, want %s: %s", got, c.why, c.mend)
			}
		})
	}
}

// TestSettingsOfSeveral: each command adds all that is lacking, so that the next one does not take it
// back.
func TestSettingsOfSeveral(t *testing.T) {
	t.Parallel()
	const arn, role = "arn:aws:ecs:eu-central-1:1:cluster/", "arn:aws:iam::1:role/x/"
	needs := map[doctor.Subject][]string{}
	for _, name := range []string{"a", "b", "c"} {
		needs[doctor.Subject{Kind: doctor.Cluster, Name: name}] = []string{name}
		needs[doctor.Subject{Kind: doctor.Role, Name: role + name}] = []string{name}
	}
	needs[doctor.Subject{Kind: doctor.Role, Name: "arn:aws:iam::2:role/x/d"}] = []string{"d"}
	needs[doctor.Subject{Kind: doctor.LogGroup, Name: "/jobs/d"}] = []string{"d"}
	stack := doctor.Stack{Name: "prod", Partition: "aws", Region: "eu-central-1", Account: "1", Clusters: []string{arn + "a"}, TaskRoles: []string{role + "a"}, LogGroups: "/ecs/"}
	want := map[doctor.Kind]string{
		doctor.Cluster: "Clusters=" + arn + "a," + arn + "b," + arn + "c", doctor.Role: "TaskRoles=" + role + "a," + role + "b," + role + "c",
	}
	got := doctor.Settings(stack, needs)
	var names []string
	for _, f := range got {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"b", "c", role + "b", role + "c", "arn:aws:iam::2:role/x/d", "/jobs/d"}) {
		t.Fatalf("got %q", names)
	}
	for _, f := range got[:4] {
		if !strings.HasSuffix(f.Mend, " "+want[f.Kind]) {
			t.Errorf("%s: %s", f.Name, f.Mend)
		}
	}
}

// TestTold: that nobody is named who is told of failed runs is said, unless all jobs name somebody.
func TestTold(t *testing.T) {
	t.Parallel()
	told := job.Job{Name: "b", Notify: job.Notify{Targets: []string{"ops"}}}
	for name, tc := range map[string]struct {
		silent bool
		jobs   []job.Job
		want   []string
	}{
		"the stack names somebody":      {false, []job.Job{{Name: "a"}}, nil},
		"nobody is named":               {true, []job.Job{{Name: "a"}, told}, []string{"a"}},
		"all jobs name their targets":   {true, []job.Job{told}, nil},
		"there is no job that could do": {true, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []doctor.Finding
			if tc.want != nil {
				want = []doctor.Finding{{
					Subject: doctor.Subject{Kind: doctor.Notices, Name: "prod"}, Verdict: doctor.Unknown, Jobs: tc.want,
					Why: "only who subscribed to the output NoticesArn, or listens on the event bus, is told of failed runs", Mend: "deploy the stack with AlertEmail or SlackTargets",
				}}
			}
			if got := (doctor.Stack{Name: "prod", Silent: tc.silent}).Told(tc.jobs); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}
