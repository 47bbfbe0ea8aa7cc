package doctor

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
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
	// LogGroups is the parameter of this name. What is under it, notices and people may read; "" means that
	// nobody reads through the stack, or that it is not known.
	LogGroups string
	// Silent means that the stack names nobody who is told of failed runs: neither AlertEmail nor
	// SlackTargets.
	Silent bool
	// Standby means that the stack launches nothing.
	Standby bool
	// NotBefore is from when on the stack's table knows all launches; see run.Timing. It is zero if
	// that is always, or not known.
	NotBefore time.Time
}

// Settings returns the clusters and roles that jobs need but that the stack's parameters do not
// let its functions use, and the log groups that they do not let it read.
func Settings(s Stack, needs map[Subject][]string) (out []Finding) {
	if s.Account == "" {
		return nil
	}
	var clusters, roles []string
	for subject, jobs := range needs {
		why := s.refuses(subject)
		switch {
		case why == "":
			continue
		case subject.Kind == Cluster:
			clusters = append(clusters, s.cluster(subject.Name))
		case subject.Kind == Role && !s.elsewhere(subject.Name):
			roles = append(roles, subject.Name)
		}
		out = append(out, Finding{Subject: subject, Verdict: Wrong, Why: why, Jobs: jobs})
	}
	for i := range out {
		out[i].Mend = s.mend(out[i].Subject, clusters, roles)
	}
	sortFindings(out)
	return out
}

// refuses says why the stack's parameters do not let it use a subject, or returns "".
func (s Stack) refuses(subject Subject) string {
	switch {
	case subject.Kind == Cluster && !s.launchesIn(subject.Name):
		return "the stack may not launch tasks there"
	case subject.Kind == Role && s.elsewhere(subject.Name):
		return unpassed + "it belongs to account " + accountOf(subject.Name) + ", and the stack is in " + s.Account
	case subject.Kind == Role && !s.passes(subject.Name):
		return s.unpassed()
	case subject.Kind == LogGroup && !s.reads(subject.Name):
		return "neither notices nor the stack's policies may read it: its name does not begin with LogGroups, " + s.LogGroups
	}
	return ""
}

// Told returns a finding if the stack names nobody who is told of failed runs, and some jobs name nobody either.
func (s Stack) Told(jobs []job.Job) []Finding {
	f := Finding{
		Subject: Subject{Notices, s.Name}, Verdict: Unknown, Mend: "deploy the stack with AlertEmail or SlackTargets",
		Why: "only who subscribed to the output NoticesArn, or listens on the event bus, is told of failed runs",
	}
	for _, j := range jobs {
		if len(j.Notify.Targets) == 0 {
			f.Jobs = append(f.Jobs, j.Name)
		}
	}
	if !s.Silent || len(f.Jobs) == 0 {
		return nil
	}
	return []Finding{f}
}

// mend returns how to let the functions use a subject. A command sets the whole parameter, so it names
// what the parameter has, and all that is lacking: whoever carries out one command after the other must
// not undo the one before.
func (s Stack) mend(subject Subject, clusters, roles []string) string {
	switch {
	case subject.Kind == Cluster:
		return s.deploy("Clusters", s.launching(), clusters)
	case subject.Kind == LogGroup:
		return "deploy the stack with LogGroups set to what the names of all jobs' log groups begin with"
	case s.elsewhere(subject.Name):
		return "use a role of account " + s.Account + " in the jobs file"
	}
	command := s.deploy("TaskRoles", s.TaskRoles, roles)
	if s.TaskRolePath == "" {
		return command
	}
	return command + ", or create it under " + s.TaskRolePath
}

// elsewhere reports whether a role belongs to another account. Roles cannot be passed from
// another account, whatever TaskRoles says (IAM user guide, "Grant a user permissions to pass a
// role to an AWS service").
func (s Stack) elsewhere(arn string) bool {
	account := accountOf(arn)
	return account != "" && account != s.Account
}

// unpassed begins the reason why the stack may not give a role to tasks.
const unpassed = "the stack may not give it to tasks: "

// unpassed says why the stack may not give a role of its own account to tasks.
func (s Stack) unpassed() string {
	if s.TaskRolePath == "" {
		return unpassed + "it is not one of TaskRoles"
	}
	return unpassed + "its path is not " + s.TaskRolePath
}

// accountOf returns the account in an ARN, or "" if it is not an ARN.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// deploy returns the command that adds values to a parameter.
func (s Stack) deploy(parameter string, has, more []string) string {
	more = slices.Sorted(slices.Values(more))
	return "sam deploy --stack-name " + s.Name + " --parameter-overrides " + parameter + "=" + strings.Join(slices.Concat(has, slices.Compact(more)), ",")
}

// cluster returns a cluster's ARN.
func (s Stack) cluster(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:" + s.Partition + ":ecs:" + s.Region + ":" + s.Account + ":cluster/" + name
}

// launchesIn reports whether the condition ecs:cluster of the functions' policies holds.
func (s Stack) launchesIn(name string) bool {
	return slices.ContainsFunc(s.launching(), func(p string) bool { return like(p, s.cluster(name)) })
}

// launching returns the clusters where the functions may launch tasks. Without Clusters, that is the
// cluster default.
func (s Stack) launching() []string {
	if len(s.Clusters) == 0 {
		return []string{s.cluster("default")}
	}
	return s.Clusters
}

// reads reports whether notices and people may read a log group through the stack. One of another Region
// is not judged.
func (s Stack) reads(logGroup string) bool {
	region, name := Where(logGroup)
	return region != "" && region != s.Region || strings.HasPrefix(name, s.LogGroups)
}

// passes reports whether the functions may pass a role to tasks.
func (s Stack) passes(arn string) bool {
	patterns := s.TaskRoles
	if s.TaskRolePath != "" {
		patterns = append(slices.Clone(patterns), "arn:"+s.Partition+":iam::"+s.Account+":role"+s.TaskRolePath+"*")
	}
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, arn) })
}

// like is IAM's ArnLike for a text: * matches any text, and ? any character (IAM user guide, "ARN
// condition operators").
func like(pattern, text string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^(?s:" + quoted + ")$").MatchString(text)
}
