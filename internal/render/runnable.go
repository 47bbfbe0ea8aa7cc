package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Runnable says why jobs cannot run on AWS as they are. Each sentence says what to fill in, and
// where. With faults nothing should be deployed; later are those of jobs that are disabled, and about
// commands that hold what looks like a secret to the last argument, which may be none. clusters are the names or
// ARNs in the stack's parameter Clusters; none means that they are not known.
func Runnable(jobs []job.Job, definitions []job.TaskDefinition, clusters []string, secret func(command []string) bool) (faults, later []string) {
	on, off := findings{}, findings{}
	for _, d := range definitions {
		on.definition(d)
	}
	for _, j := range jobs {
		own := on
		if j.Disabled {
			own = off
		}
		own.job(j, clusters)
		if secret(j.Command) {
			off.add("job "+j.Name, "command holds what looks like a secret, and anyone who may read ECS events could read it: put it into the task definition's secrets, and use its variable")
		}
		if i := slices.IndexFunc(definitions, func(d job.TaskDefinition) bool { return d.Family == j.TaskDefinition }); i >= 0 {
			own.container(j, definitions[i])
			on.shadows(j, definitions[i])
		}
	}
	return on.sentences(), off.sentences()
}

// ForAWS reports whether the jobs files say anything that only AWS uses.
func ForAWS(jobs []job.Job, definitions []job.TaskDefinition) bool {
	return len(definitions) > 0 || slices.ContainsFunc(jobs, func(j job.Job) bool {
		return j.TaskDefinition != "" || j.Cluster != "" || !j.Network.IsZero() || j.TaskRole != "" || j.ExecutionRole != ""
	})
}

// findings are sentences, with the jobs and definitions for which each is true.
type findings map[string][]string

func (f findings) add(who, format string, args ...any) {
	sentence := fmt.Sprintf(format, args...)
	f[sentence] = append(f[sentence], who)
}

// shown is the most jobs that a sentence names.
const shown = 5

// sentences writes each sentence once, with the jobs for which it is true.
func (f findings) sentences() (out []string) {
	for _, sentence := range slices.Sorted(maps.Keys(f)) {
		who := f[sentence]
		more := ""
		if n := len(who) - shown; n > 0 {
			who, more = who[:shown], fmt.Sprintf(" and %d more", n)
		}
		out = append(out, strings.Join(who, ", ")+more+": "+sentence)
	}
	return out
}

func (f findings) job(j job.Job, clusters []string) {
	who := "job " + j.Name
	if j.TaskDefinition == "" {
		f.add(who, "no taskDefinition, and ECS launches nothing without one: name one, in defaults for all jobs")
	}
	if len(j.Network.Subnets) == 0 {
		f.add(who, "no network, and Fargate needs a subnet for each task: write network: {subnets: [subnet-...], securityGroups: [sg-...]}, in defaults for all jobs")
	}
	if len(clusters) > 0 && !slices.ContainsFunc(clusters, func(c string) bool { return named(j.Cluster, c) }) {
		f.add(who, "cluster %s is not one of the stack's parameter Clusters (%s): add its ARN there, or name another in cluster", clusterName(j.Cluster), strings.Join(clusters, ", "))
	}
	for _, field := range placeholders(j) {
		f.add(who, "%s holds %s: write what belongs there", field, job.Placeholder)
	}
	f.spelled(who, "taskDefinition", j.TaskDefinition, definitionName())
	f.spelled(who, "container", j.Container, containerName())
}

// form is how ECS or CloudWatch Logs wants a text to be spelled.
type form struct {
	*regexp.Regexp
	// is says it in words.
	is string
}

func formed(pattern, is string) func() form {
	return sync.OnceValue(func() form { return form{regexp.MustCompile(pattern), is} })
}

// What ECS refuses at each launch, or cannot pull: the ECS API reference (RunTask, taskDefinition;
// ContainerDefinition, name), the CloudWatch Logs API reference (CreateLogGroup) and the grammar of
// image references (https://pkg.go.dev/github.com/distribution/reference). An image may be spelled
// a little more freely here than there.
var (
	definitionName = formed(`^(arn:[a-z-]+:ecs:[a-z0-9-]+:\d{12}:task-definition/)?[A-Za-z0-9_-]{1,255}(:\d+)?$`, "a family, family:revision with a number, or an ARN of one")
	containerName  = formed(`^[A-Za-z0-9_-]{1,255}$`, "letters, digits, - and _, at most 255 of them")
	logGroupName   = formed(`^[A-Za-z0-9._/#-]{1,512}$`, "letters, digits and . - _ / #, at most 512 of them")
	imageName      = formed(`^(\[[0-9a-f:]+\](:\d+)?/|[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@\w+:[0-9a-fA-F]{32,})?$`, "[registry/]repository[:tag][@digest], the repository in lower case")
)

// spelled finds a text that is not of its form.
func (f findings) spelled(who, field, text string, want form) {
	if text != "" && !want.MatchString(text) && !strings.Contains(text, job.Placeholder) {
		f.add(who, "%s %q is not %s", field, text, want.is)
	}
}

// container finds a name that the one container of a job's base definition does not have.
func (f findings) container(j job.Job, d job.TaskDefinition) {
	if only := cmp.Or(d.Container, d.Family); j.Container != "" && j.Container != only {
		f.add("job "+j.Name, "taskDefinitions.%s has no container %q, only %q: leave container out", j.TaskDefinition, j.Container, only)
	}
}

// shadows finds variables of a job that its base definition takes from a secret. ECS lets a
// container have a name once, and a person who gives an input a value must not replace a secret.
func (f findings) shadows(j job.Job, d job.TaskDefinition) {
	for _, name := range sortedKeys(d.Secrets) {
		_, input := j.Inputs[name]
		if _, variable := j.Environment[name]; variable || input {
			f.add("job "+j.Name, "%s is a secret of taskDefinitions.%s, and neither a variable nor an input of a job may have its name: remove or rename it", name, j.TaskDefinition)
		}
	}
}

// inECR matches an image in a private ECR registry.
var inECR = lazyregexp.New(`^\d{12}\.dkr[.-]ecr(-fips)?\.`)

func (f findings) definition(d job.TaskDefinition) {
	who := "task definition " + d.Family
	if d.ExecutionRole == "" {
		for _, needs := range executionNeeds(d) {
			f.add(who, "no executionRole, and without one ECS cannot %s: name a role that can", needs)
		}
	}
	for _, field := range placeholders(d) {
		f.add(who, "%s is %s: write what belongs there", field, job.Placeholder)
	}
	f.spelled(who, "image", d.Image, imageName())
	f.spelled(who, "container", d.Container, containerName())
	f.spelled(who, "logGroup", d.LogGroup, logGroupName())
}

// executionNeeds gives what ECS does for a task only with its execution role (ECS developer guide,
// "Amazon ECS task execution IAM role").
func executionNeeds(d job.TaskDefinition) (needs []string) {
	if inECR().MatchString(d.Image) {
		needs = append(needs, "pull an image from ECR")
	}
	if len(d.Secrets) > 0 {
		needs = append(needs, "read its secrets")
	}
	if d.LogGroup != "" {
		needs = append(needs, "write to its logGroup")
	}
	return needs
}

// named reports whether both are the same cluster, each by name or ARN.
func named(cluster, is string) bool {
	if strings.HasPrefix(cluster, "arn:") && strings.HasPrefix(is, "arn:") {
		return cluster == is
	}
	return clusterName(cluster) == clusterName(is)
}

// clusterName gives ECS's name for a cluster, which is `default` if none is given.
func clusterName(cluster string) string {
	if cluster == "" {
		return "default"
	}
	return cluster[strings.LastIndexByte(cluster, '/')+1:]
}

// placeholders gives the fields that an import left to a person, in order.
func placeholders(of any) (fields []string) {
	text, err := json.Marshal(of)
	if err != nil || !strings.Contains(string(text), job.Placeholder) {
		return nil // strings, numbers, slices and string maps always marshal
	}
	var top any
	if err := json.Unmarshal(text, &top); err != nil {
		return nil // it was JSON
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				walk(strings.TrimPrefix(path+"."+key, "."), value)
			}
		case []any:
			for _, value := range v {
				walk(path, value)
			}
		case string:
			if strings.Contains(v, job.Placeholder) && !slices.Contains(fields, path) {
				fields = append(fields, path)
			}
		}
	}
	walk("", top)
	slices.Sort(fields)
	return fields
}
