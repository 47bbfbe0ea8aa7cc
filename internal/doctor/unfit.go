package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// Container is a container of a deployed task definition.
type Container struct {
	Name      string
	Essential bool
	// Restarts is whether ECS starts it again within its task.
	Restarts bool
}

// Unfit returns the deployed task definitions with which jobs are not launched, because nobody could
// tell which container is the job, or prove how it ended. definitions and theirs are those of Needs.
func Unfit(jobs []job.Job, definitions []job.TaskDefinition, theirs map[string]Deployed) (out []Finding) {
	for _, j := range jobs {
		d, known := theirs[j.TaskDefinition]
		ours := slices.ContainsFunc(definitions, func(t job.TaskDefinition) bool { return t.Family == familyOf(j.TaskDefinition) })
		if !known || ours {
			continue
		}
		why, mend := d.unfit(j.Container)
		if why == "" {
			continue
		}
		f := Finding{Subject: Subject{TaskDefinition, j.TaskDefinition}, Verdict: Wrong, Why: why, Mend: mend}
		i := slices.IndexFunc(out, func(o Finding) bool { return o.Subject == f.Subject && o.Why == f.Why })
		if i < 0 {
			i, out = len(out), append(out, f)
		}
		out[i].Jobs = append(out[i].Jobs, j.Name)
	}
	sortFindings(out)
	return out
}

// unfit says why a job is not launched whose container has this name, "" for the only one, and how to
// fix that.
func (d Deployed) unfit(name string) (why, mend string) {
	var names []string
	for _, c := range d.Containers {
		names = append(names, c.Name)
	}
	i := slices.Index(names, name)
	if name == "" && len(names) == 1 {
		i = 0
	}
	const again = " in the task definition, and register it again"
	switch {
	case i < 0 && name == "":
		return "it has several containers, and the job does not say which is its own", "say with container in the jobs file: " + strings.Join(names, " or ")
	case i < 0:
		return fmt.Sprintf("it has no container %q", name), "correct container in the jobs file: " + strings.Join(names, " or ")
	case !d.Containers[i].Essential:
		return "its container " + names[i] + " is not essential, so the job's end would not end the task", "make it essential" + again
	case d.Containers[i].Restarts:
		return "its container " + names[i] + " has a restartPolicy, so the job may run more than once per launch", "switch that off" + again
	}
	return "", ""
}
