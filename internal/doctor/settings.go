package doctor

import (
	"regexp"
	"slices"
	"strings"
)

// Stack is what is known of the stack that is to run the jobs. What is "" or 0 is
// not known, and nothing is said of it.
type Stack struct {
	Name, Region, Account, Partition string
	// Clusters and TaskRoles are the parameters of these names, without empty parts;
	// TaskRolePath and LaunchRate too.
	Clusters, TaskRoles []string
	TaskRolePath        string
	LaunchRate          int
}

// Settings are the clusters and roles that jobs need and that the stack's parameters
// do not let its functions use.
func Settings(s Stack, needs map[Subject][]string) (out []Finding) {
	if s.Account == "" {
		return nil
	}
	for subject, jobs := range needs {
		f := Finding{Subject: subject, Verdict: Wrong, Jobs: jobs}
		switch {
		case subject.Kind == Cluster && !s.launchesIn(subject.Name):
			f.Why = "the stack may not launch tasks there"
			f.Mend = s.deploy("Clusters", append(slices.Clone(s.Clusters), s.cluster(subject.Name)))
		case subject.Kind == Role && !s.passes(subject.Name):
			f.Why = "the stack may not give it to tasks: its path is not " + s.TaskRolePath
			f.Mend = s.deploy("TaskRoles", append(slices.Clone(s.TaskRoles), subject.Name)) + ", or make it under " + s.TaskRolePath
		default:
			continue
		}
		out = append(out, f)
	}
	sortFindings(out)
	return out
}

// deploy is the command that sets a parameter.
func (s Stack) deploy(parameter string, values []string) string {
	return "sam deploy --stack-name " + s.Name + " --parameter-overrides " + parameter + "=" + strings.Join(values, ",")
}

// cluster is a cluster's ARN.
func (s Stack) cluster(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:" + s.Partition + ":ecs:" + s.Region + ":" + s.Account + ":cluster/" + name
}

// launchesIn is whether the condition ecs:cluster of the functions' policies holds:
// without Clusters it names the cluster default.
func (s Stack) launchesIn(name string) bool {
	patterns := s.Clusters
	if len(patterns) == 0 {
		patterns = []string{s.cluster("default")}
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, s.cluster(name)) })
}

// passes is whether the functions may pass a role to tasks.
func (s Stack) passes(arn string) bool {
	patterns := s.TaskRoles
	if s.TaskRolePath != "" {
		patterns = append(slices.Clone(patterns), "arn:"+s.Partition+":iam::"+s.Account+":role"+s.TaskRolePath+"*")
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, arn) })
}

// like is IAM's ArnLike, for a text: * is any text (IAM user guide, "ARN condition
// operators").
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
}
