package doctor

import "github.com/batchplane/batchplane/internal/job"

// Standing is how a deployed job is now.
type Standing struct {
	// Gone means that it was deployed and no schedule carries it any more.
	Gone bool
	// Disabled means that its deployed schedule is switched off.
	Disabled bool
	// Given says what somebody did to its deployed schedule that keeps it from running: switched it off, or gave it an
	// end or a start. It is "" if nobody did.
	Given string
	// Paused says who paused it and why, or is "".
	Paused string
}

// putBack is how a schedule comes back that somebody changed by hand. A template that has not changed does nothing.
const putBack = "put it back: `batchplane apply` does, CloudFormation only by a drift-aware change set"

// NotStarted returns the jobs of a file that the stack knows and does not start: their schedules were
// deleted, switched off or given an end or a start, or they are paused. Jobs that were never deployed are not among them. Resume
// is the command that ends a job's pause, without its name.
func NotStarted(jobs []job.Job, now map[string]Standing, resume string) (out []Finding) {
	for _, j := range jobs {
		s := now[j.Name]
		f := Finding{Subject: Subject{Job, j.Name}, Verdict: Wrong, Jobs: []string{j.Name}, Passing: true}
		switch {
		case s.Gone:
			f.Why, f.Mend = "it was deployed, and its schedule is no longer in the registry", "deploy it again: `batchplane apply` does; CloudFormation needs a drift-aware change set if somebody deleted it by hand"
		case s.Given != "" && !j.Disabled && j.Schedule != "":
			f.Why, f.Mend = s.Given, putBack
		case s.Disabled && !j.Disabled && j.Schedule != "":
			f.Why, f.Mend = "its deployed schedule is switched off, and the file has it on", "deploy it"
		case s.Paused != "":
			f.Why, f.Mend = s.Paused, resume+" "+j.Name
		default:
			continue
		}
		out = append(out, f)
	}
	sortFindings(out)
	return out
}

// Health returns what is wrong with the control plane itself, one finding for each sentence. Status is
// the command that shows all of it.
func Health(s Stack, wrong []string, status string) (out []Finding) {
	subject := Subject{Plane, s.Name}
	for _, why := range wrong {
		out = append(out, Finding{Subject: subject, Verdict: Wrong, Why: why, Mend: status, Passing: true})
	}
	if s.Standby {
		out = append(out, Finding{
			Subject: subject, Verdict: Wrong, Why: "it stands by: it launches nothing, even if people ask",
			Mend: s.deploy("Standby", []string{"false"}, nil), Passing: true,
		})
	}
	return out
}
