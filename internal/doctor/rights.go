package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// Use is a thing that ECS fetches or opens before a task starts, and the role as which it does so
// (Amazon ECS developer guide, "Amazon ECS task execution IAM role").
type Use struct {
	Role string
	Of   Subject
	// Stream is what the names of the streams begin with that are written in a log group.
	Stream string
}

// Uses returns what the execution roles of jobs must be allowed to use, each with the jobs that need
// it. The parameters are those of Needs.
func Uses(jobs []job.Job, definitions []job.TaskDefinition, theirs map[string]Deployed) map[Use][]string {
	out := map[Use][]string{}
	definitionOf := definitionsOf(definitions, theirs)
	for _, j := range jobs {
		d, _ := definitionOf(j)
		role := cmp.Or(j.ExecutionRole, d.ExecutionRole)
		add := func(kind Kind, names, streams []string) {
			for i, name := range names {
				u := Use{Role: role, Of: Subject{kind, name}}
				if i < len(streams) {
					u.Stream = streams[i]
				}
				if role != "" && name != "" && !slices.Contains(out[u], j.Name) {
					out[u] = append(out[u], j.Name)
				}
			}
		}
		add(Image, d.Images, nil)
		add(LogGroup, d.LogGroups, d.Streams)
		add(Secret, d.Secrets, nil)
	}
	return out
}

// Rights returns the uses that are not allowed, and those of which nobody could tell. It leaves out a
// use without an answer: the role does not exist, or there is nothing to allow.
func Rights(uses map[Use][]string, answers map[Use]Answer) (out []Finding) {
	for u, jobs := range uses {
		a, ok := answers[u]
		if !ok || a.Verdict == Good {
			continue
		}
		f := Finding{Subject: Subject{Role, u.Role}, Verdict: a.Verdict, Why: a.Why, Mend: u.mend(a)}
		i := slices.IndexFunc(out, func(o Finding) bool { return o.Subject == f.Subject && o.Why == f.Why })
		if i < 0 {
			i, out = len(out), append(out, f)
		}
		out[i].Jobs = append(out[i].Jobs, jobs...)
	}
	for i := range out {
		slices.Sort(out[i].Jobs)
		out[i].Jobs = slices.Compact(out[i].Jobs)
	}
	sortFindings(out)
	return out
}

// mend returns what gives a role the right to a use. AmazonECSTaskExecutionRolePolicy lets a role pull
// images of ECR and write logs (AWS managed policy reference).
func (u Use) mend(a Answer) string {
	switch {
	case a.Verdict != Wrong:
		return ""
	case a.Denied:
		return "remove what denies it from the policies of the role"
	case u.Of.Kind == Secret:
		return "allow it in a policy of the role"
	}
	partition, _, _ := strings.Cut(strings.TrimPrefix(u.Role, "arn:"), ":")
	return fmt.Sprintf("aws iam attach-role-policy --role-name %s --policy-arn arn:%s:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", u.Role[strings.LastIndexByte(u.Role, '/')+1:], partition)
}
