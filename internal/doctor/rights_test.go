package doctor_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

const (
	starts = "arn:aws:iam::111122223333:role/ecs/starts"
	other  = "arn:aws:iam::111122223333:role/other"
)

// TestUses: a job's own execution role goes before that of its task definition, and a task role need not
// be allowed what only ECS does.
func TestUses(t *testing.T) {
	t.Parallel()
	base := job.TaskDefinition{Family: "base", Image: "app:1", ExecutionRole: starts, TaskRole: other, LogGroup: "/ecs/jobs", Container: "main", Secrets: map[string]string{"K": "/k"}}
	jobs := []job.Job{
		{Name: "a", TaskDefinition: "base"},
		{Name: "b", TaskDefinition: "base"},
		{Name: "c", TaskDefinition: "base", ExecutionRole: other},
		{Name: "d", TaskDefinition: "theirs"},
		{Name: "e", TaskDefinition: "roleless"},
		{Name: "f", TaskDefinition: "unread"},
	}
	theirs := map[string]doctor.Deployed{"theirs": {Images: []string{"agent:1", "", "agent:1"}, LogGroups: []string{"", "l"}, Streams: []string{"", "s/"}, ExecutionRole: starts}, "roleless": {Images: []string{"agent:2"}}}
	var got []string
	for u, by := range doctor.Uses(jobs, []job.TaskDefinition{base}, theirs) {
		got = append(got, fmt.Sprintf("%s: %s %s for %s", strings.Join(by, " "), u.Of.Kind, strings.TrimSuffix(u.Of.Name+" "+u.Stream, " "), u.Role[strings.LastIndexByte(u.Role, '/')+1:]))
	}
	slices.Sort(got)
	want := []string{
		"a b: image app:1 for starts", "a b: log group /ecs/jobs base/main/ for starts", "a b: secret /k for starts",
		"c: image app:1 for other", "c: log group /ecs/jobs base/main/ for other", "c: secret /k for other",
		"d: image agent:1 for starts", "d: log group l s/ for starts",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRights: what is the same for several uses is told once, and says how to mend it.
func TestRights(t *testing.T) {
	t.Parallel()
	use := func(kind doctor.Kind, name string) doctor.Use {
		return doctor.Use{Role: starts, Of: doctor.Subject{Kind: kind, Name: name}}
	}
	image, second, group, secret, good, silent, denies, third := use(doctor.Image, "a"), use(doctor.Image, "b"), use(doctor.LogGroup, "l"), use(doctor.Secret, "s"), use(doctor.Image, "g"), use(doctor.Image, "p"), use(doctor.LogGroup, "d"), use(doctor.Image, "t")
	china := doctor.Use{Role: "arn:aws-cn:iam::1:role/cn", Of: doctor.Subject{Kind: doctor.LogGroup, Name: "l"}}
	uses := map[doctor.Use][]string{image: {"y", "x"}, second: {"x"}, group: {"x"}, secret: {"x"}, good: {"x"}, silent: {"x"}, denies: {"x"}, third: {"x"}, china: {"z"}}
	answers := map[doctor.Use]doctor.Answer{
		image: {Verdict: doctor.Wrong, Why: "no token"}, second: {Verdict: doctor.Wrong, Why: "no token"}, group: {Verdict: doctor.Unknown, Why: "who knows"},
		secret: {Verdict: doctor.Wrong, Why: "no secret"}, good: {Verdict: doctor.Good}, denies: {Verdict: doctor.Wrong, Why: "denied", Denied: true}, third: {Verdict: doctor.Wrong, Why: "no pull"}, china: {Verdict: doctor.Wrong, Why: "no token"},
	}
	var got []string
	for _, f := range doctor.Rights(uses, answers) {
		got = append(got, fmt.Sprintf("%s %s %s %s [%s] %s", f.Verdict, f.Kind, f.Name[strings.LastIndexByte(f.Name, '/')+1:], f.Why, f.Mend, strings.Join(f.Jobs, " ")))
	}
	want := []string{
		"wrong role cn no token [aws iam attach-role-policy --role-name cn --policy-arn arn:aws-cn:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy] z",
		"wrong role starts no token [aws iam attach-role-policy --role-name starts --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy] x y",
		"wrong role starts no pull [aws iam attach-role-policy --role-name starts --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy] x",
		"wrong role starts no secret [allow it in a policy of the role] x",
		"wrong role starts denied [remove what denies it from the policies of the role] x",
		"not checked role starts who knows [] x",
	}
	if got[len(got)-1] != want[len(want)-1] {
		t.Errorf("what nobody could tell is not the last: %q", got)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if left := slices.Collect(maps.Keys(answers)); len(left) != 8 {
		t.Errorf("the answers changed: %v", left)
	}
}
