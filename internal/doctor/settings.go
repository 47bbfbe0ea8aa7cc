package doctor

import (
	"regexp"
	"slices"
	"strings"
)

// Stack is what is known about the stack that will run the jobs. Fields that are "" or 0 are not
// known, and nothing is said about them.
type Stack struct {
	Name, Region, Account, Partition string
	// Clusters and TaskRoles are the parameters of these names, without empty parts. TaskRolePath
	// and LaunchRate are parameters, too.
	Clusters, TaskRoles []string
	TaskRolePath        string
	LaunchRate          int
	// Standby means that the stack launches nothing.
	Standby bool
}

// Settings returns the clusters and roles that jobs need but that the stack's parameters do not
// let its functions use.
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
		case subject.Kind == Role && (s.elsewhere(subject.Name) || !s.passes(subject.Name)):
			f.Why, f.Mend = s.unpassed(subject.Name)
		default:
			continue
		}
		out = append(out, f)
	}
	sortFindings(out)
	return out
}

// elsewhere reports whether a role belongs to another account. Roles cannot be passed from
// another account, whatever TaskRoles says (IAM user guide, "Grant a user permissions to pass a
// role to an AWS service").
func (s Stack) elsewhere(arn string) bool {
	account := accountOf(arn)
	return account != "" && account != s.Account
}

// unpassed says why the stack may not give a role to tasks, and how to fix that.
func (s Stack) unpassed(arn string) (why, mend string) {
	const no = "the stack may not give it to tasks: "
	if s.elsewhere(arn) {
		return no + "it belongs to account " + accountOf(arn) + ", and the stack is in " + s.Account,
			"use a role of account " + s.Account + " in the jobs file"
	}
	mend = s.deploy("TaskRoles", append(slices.Clone(s.TaskRoles), arn))
	if s.TaskRolePath == "" {
		return no + "it is not one of TaskRoles", mend
	}
	return no + "its path is not " + s.TaskRolePath, mend + ", or create it under " + s.TaskRolePath
}

// accountOf returns the account in an ARN, or "" if it is not an ARN.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}

// deploy returns the command that sets a parameter.
func (s Stack) deploy(parameter string, values []string) string {
	return "sam deploy --stack-name " + s.Name + " --parameter-overrides " + parameter + "=" + strings.Join(values, ",")
}

// cluster returns a cluster's ARN.
func (s Stack) cluster(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:" + s.Partition + ":ecs:" + s.Region + ":" + s.Account + ":cluster/" + name
}

// launchesIn reports whether the condition ecs:cluster of the functions' policies holds. Without
// Clusters, the condition names the cluster default.
func (s Stack) launchesIn(name string) bool {
	patterns := s.Clusters
	if len(patterns) == 0 {
		patterns = []string{s.cluster("default")}
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, s.cluster(name)) })
}

// passes reports whether the functions may pass a role to tasks.
func (s Stack) passes(arn string) bool {
	patterns := s.TaskRoles
	if s.TaskRolePath != "" {
		patterns = append(slices.Clone(patterns), "arn:"+s.Partition+":iam::"+s.Account+":role"+s.TaskRolePath+"*")
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, arn) })
}

// like is IAM's ArnLike for a text: * matches any text (IAM user guide, "ARN condition
// operators").
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
}
