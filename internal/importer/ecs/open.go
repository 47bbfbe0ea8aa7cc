package ecs

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

var (
	// unfilled matches what examples have where a person is to write something: <your-cluster>, ${REGION},
	// {{account}}, subnet-xxxx, YOUR_SUBNET_ID, REPLACE_WITH_SG.
	unfilled = lazyregexp.New(`<[^<>]+>|\$?\{[^{}]+\}|(?i:\bx{3,}\b|\byour[-_]|\breplace[-_]|\bchange[-_]?me\b)`)
	// placed matches ARNs whose account is a number, as all are; group 1 is what stands there.
	placed = lazyregexp.New(`^arn:[^:]*:(?:ecs|iam):[^:]*:([^:]*):`)
	number = lazyregexp.New(`^[0-9]{12}$`)
	// revision matches a family alone or with a number (ECS API reference, RunTask, taskDefinition).
	revision = lazyregexp.New(`^[^:]+(?::[0-9]+)?$`)
)

// filled switches off a job whose target is still to be filled in, or names a revision that ECS does not have.
func filled(e *importer.Entry, j *job.Job) {
	var open []string
	for _, v := range append(append([]string{j.TaskDefinition, j.Cluster, j.TaskRole, j.ExecutionRole}, j.Network.Subnets...), j.Network.SecurityGroups...) {
		if v != "" && !strings.Contains(v, importer.ReplaceMe) && isOpen(v) { // that is reported elsewhere
			open = append(open, importer.Clip(v))
		}
	}
	switch {
	case len(open) > 0:
		e.Off(j, "its target is an example's, with values that are still to be filled in (%s): import what is deployed, as the AWS CLI prints it, or write what belongs there", strings.Join(open, ", "))
	case badRevision(j.TaskDefinition):
		e.Off(j, "ECS numbers the revisions of a task definition, so it has no %s and starts nothing: without what follows the colon each run takes the newest", importer.Clip(j.TaskDefinition))
	}
}

func badRevision(definition string) bool {
	if _, name, arn := strings.Cut(definition, ":task-definition/"); arn {
		definition = name
	}
	return definition != "" && !revision().MatchString(definition) && !strings.HasSuffix(definition, ":"+importer.ReplaceMe)
}

func isOpen(v string) bool {
	m := placed().FindStringSubmatch(v)
	return unfilled().MatchString(v) || m != nil && !number().MatchString(m[1])
}
