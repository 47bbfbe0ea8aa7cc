// Package doctor says what would keep jobs from running on AWS, before the first night. It is
// pure: whoever asks AWS provides the answers, one for each thing that jobs need.
package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// Kind is a kind of thing that jobs need, or the control plane or a job itself.
type Kind string

// Kinds of things, in the order in which they are reported.
const (
	Plane          Kind = "control plane"
	Job            Kind = "job"
	Notices        Kind = "notices"
	Cluster        Kind = "cluster"
	TaskDefinition Kind = "task definition"
	Role           Kind = "role"
	Image          Kind = "image"
	LogGroup       Kind = "log group"
	Secret         Kind = "secret"
	Target         Kind = "notify target"
	Subnet         Kind = "subnet"
	SecurityGroup  Kind = "security group"
	Quota          Kind = "quota"
)

var kinds = []Kind{Plane, Job, Notices, Cluster, TaskDefinition, Role, Image, LogGroup, Secret, Target, Subnet, SecurityGroup, Quota}

// Subject is one thing that jobs need.
type Subject struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

// Verdict is what is known about a subject.
type Verdict string

// Verdicts: the subject is as it must be, it is not, or nobody could tell.
const (
	Good    Verdict = "ok"
	Wrong   Verdict = "wrong"
	Unknown Verdict = "not checked"
)

// Answer is what AWS said about a subject.
type Answer struct {
	Verdict Verdict
	Why     string
	// Denied means that it is wrong because a policy denies it, which no other policy can mend.
	Denied bool
}

// Finding is a subject, what is known about it, and how to fix it.
type Finding struct {
	Subject
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"`
	Mend    string  `json:"mend,omitempty"`
	// Jobs are those that need it; none means all.
	Jobs []string `json:"jobs,omitempty"`
	// Passing means that it is about how the stack or a deployed job is at the moment, such as paused,
	// and not about what the jobs need.
	Passing bool `json:"-"`
}

// Hinders reports whether the jobs lack something that they need. How the stack and the deployed jobs are
// at the moment, which status tells as well, must not keep a pipeline from deploying.
func Hinders(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Verdict == Wrong && !f.Passing })
}

// Deployed is what all containers of a deployed task definition need. A log group of another Region
// is named <region>:<name>.
type Deployed struct {
	Roles, Images, LogGroups, Secrets []string
	// Streams holds what the names of the streams begin with, for each of LogGroups.
	Streams []string
	// ExecutionRole is the one of the roles as which ECS starts the task.
	ExecutionRole string
	// CPU is in CPU units; 0 if it is not known.
	CPU        int
	Containers []Container
}

// Where splits the name of a log group into its Region, "" for the stack's own, and its name there,
// which has no colon (CloudWatch Logs API reference, CreateLogGroup).
func Where(logGroup string) (region, name string) {
	if region, name, ok := strings.Cut(logGroup, ":"); ok {
		return region, name
	}
	return "", logGroup
}

// deployed returns what a definition of a jobs file needs.
func deployed(d job.TaskDefinition) Deployed {
	return Deployed{
		Roles: []string{d.TaskRole, d.ExecutionRole}, ExecutionRole: d.ExecutionRole, Images: []string{d.Image}, LogGroups: []string{d.LogGroup},
		Streams: []string{d.Family + "/" + cmp.Or(d.Container, d.Family) + "/"}, Secrets: slices.Collect(maps.Values(d.Secrets)),
	}
}

// Needs returns the subjects of jobs and base definitions, each with the jobs that need it.
// theirs holds what the deployed task definitions need that jobs name, by these names, as far as
// they are known.
func Needs(jobs []job.Job, definitions []job.TaskDefinition, theirs map[string]Deployed) map[Subject][]string {
	out := map[Subject][]string{}
	definitionOf := definitionsOf(definitions, theirs)
	for _, j := range jobs {
		add := func(kind Kind, names ...string) {
			for _, name := range names {
				if s := (Subject{kind, name}); name != "" && !slices.Contains(out[s], j.Name) {
					out[s] = append(out[s], j.Name)
				}
			}
		}
		add(Cluster, cmp.Or(j.Cluster, "default"))
		add(Role, j.TaskRole, j.ExecutionRole)
		add(Subnet, j.Network.Subnets...)
		add(SecurityGroup, j.Network.SecurityGroups...)
		add(Target, j.Notify.Targets...)
		d, ours := definitionOf(j)
		if !ours {
			add(TaskDefinition, j.TaskDefinition)
		}
		add(Image, d.Images...)
		add(Role, d.Roles...)
		add(LogGroup, d.LogGroups...)
		add(Secret, d.Secrets...)
	}
	return out
}

// definitionsOf returns what tells what a job's task definition needs, and whether the jobs file has it.
func definitionsOf(definitions []job.TaskDefinition, theirs map[string]Deployed) func(job.Job) (d Deployed, ours bool) {
	bases := map[string]Deployed{}
	for _, d := range definitions {
		bases[d.Family] = deployed(d)
	}
	return func(j job.Job) (Deployed, bool) {
		if d, ours := bases[familyOf(j.TaskDefinition)]; ours {
			return d, true
		}
		return theirs[j.TaskDefinition], false
	}
}

// familyOf returns the family in family, family:revision or a revision's ARN.
func familyOf(definition string) string {
	family, _, _ := strings.Cut(definition[strings.LastIndexByte(definition, '/')+1:], ":")
	return family
}

// Findings returns the needs with their answers: first what is wrong, then what could not be
// checked.
func Findings(stack string, needs map[Subject][]string, answers map[Subject]Answer) []Finding {
	out := make([]Finding, 0, len(needs))
	for s, jobs := range needs {
		a, ok := answers[s]
		if !ok {
			a = Answer{Verdict: Unknown, Why: "not asked"}
		}
		f := Finding{Subject: s, Verdict: a.Verdict, Why: a.Why, Jobs: jobs}
		if a.Verdict == Wrong {
			f.Mend = mend(stack, s)
		}
		out = append(out, f)
	}
	sortFindings(out)
	return out
}

// sortFindings puts what is wrong first, then what could not be checked.
func sortFindings(fs []Finding) {
	order := []Verdict{Wrong, Unknown, Good}
	slices.SortFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict)),
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(a.Name, b.Name))
	})
}

// mend returns the command, or the change, that fixes a subject.
func mend(stack string, s Subject) string {
	switch s.Kind {
	case Cluster:
		return "aws ecs create-cluster --cluster-name " + s.Name[strings.LastIndexByte(s.Name, '/')+1:]
	case LogGroup:
		region, name := Where(s.Name)
		if region != "" {
			name += " --region " + region
		}
		return "aws logs create-log-group --log-group-name " + name
	case Target:
		return fmt.Sprintf("aws ssm put-parameter --type SecureString --name /batchplane/%s/slack/%s --value file://webhook.txt", stack, s.Name)
	case Role:
		return "create the role with a trust policy for ecs-tasks.amazonaws.com"
	case Image:
		return "push the image, or correct its name in taskDefinitions"
	case Secret:
		return "create the secret or parameter, or correct its ARN in secrets"
	case TaskDefinition:
		return "register it, or define it under taskDefinitions"
	}
	return "correct its name in the jobs file"
}
