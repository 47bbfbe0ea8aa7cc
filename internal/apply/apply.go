// Package apply decides what must change in a stack's registry so that it says what the jobs
// files say, and what may not be touched. It is pure: the registry is read and written elsewhere.
//
// The registry is the stack's schedule group. A job's project is the origin in its definition.
// apply touches nothing outside the project.
package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/render"
)

// Deployed is a schedule as it is in the group.
type Deployed struct {
	render.Schedule
	// Job is the job that it carries. Its Name is "" if it carries none, and Why says what it is
	// instead.
	Job job.Job
	Why string
}

// Hash identifies the content of a schedule: equal schedules have equal hashes.
func Hash(s render.Schedule) string { return hashOf(s) }

// DefinitionHash identifies the content of a base definition of tasks.
func DefinitionHash(d job.TaskDefinition) string { return hashOf(d) }

func hashOf(content any) string {
	b, err := json.Marshal(content)
	if err != nil {
		panic(fmt.Sprintf("marshalling %T: %v", content, err)) // texts, numbers and times can always be marshalled
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Family returns the family on AWS of a project's base definition. Projects share no families.
func Family(project, name string) string { return project + "-" + name }

// Wanted is what the jobs files say.
type Wanted struct {
	Project     string
	Jobs        []job.Job
	Definitions []job.TaskDefinition
	// Prune removes jobs of the project that are not in the files.
	Prune bool
	// From is the time from which translations of schedules are proved.
	From time.Time
}

// Registry is what is deployed: all schedules of the group, and by family the newest revision of
// each base definition that is wanted.
type Registry struct {
	Schedules []Deployed
	Revisions map[string]Revision
}

// Revision is a revision of a task definition.
type Revision struct {
	ARN string
	// Hash is the DefinitionHash of what it was made from, or "" if that is not known.
	Hash string
	// Is what a jobs file would say of it, as far as one can.
	Is job.TaskDefinition
}

// Format is the version of the format of a Plan.
const Format = 1

// Plan is what is to be done, in this order: definitions, then schedules.
type Plan struct {
	Format  int    `json:"format"`
	Stack   string `json:"stack"`
	Group   string `json:"group"`
	Project string `json:"project"`
	// Definitions are to be registered. A step that needs one names its Family.
	Definitions []job.TaskDefinition `json:"definitions,omitempty"`
	Steps       []Step               `json:"steps,omitempty"`
	// Changes say the same in words. Left lists jobs of the project that stay although they are
	// not in the files.
	Changes []jobdiff.Change `json:"changes,omitempty"`
	Left    []string         `json:"left,omitempty"`
	// Had is how many jobs the project has in the registry; Removed is how many of them are
	// removed.
	Had     int `json:"had"`
	Removed int `json:"removed"`
	// Announce means that the sweep must be notified, because it lists a large group in laps.
	Announce bool `json:"announce,omitempty"`
}

// Step changes one schedule.
type Step struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	Job  string `json:"job"`
	// Was is the Hash of the schedule that was read, or "" if there was none.
	Was string `json:"was,omitempty"`
	// Schedule is the new schedule, without its Input if Base is set.
	Schedule *render.Schedule `json:"schedule,omitempty"`
	// Base is the family of a definition that the plan registers first. Definition is then the
	// job, into which the new revision is put.
	Base       string   `json:"base,omitempty"`
	Definition *job.Job `json:"definition,omitempty"`
}

// Kind says what a step does.
type Kind string

// Kinds of steps.
const (
	Create Kind = "create"
	Update Kind = "update"
	Delete Kind = "delete"
)

// Empty reports whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Steps) == 0 && len(p.Definitions) == 0 }

// RefusedError says why nothing may be done, one sentence for each job.
type RefusedError struct{ Why []string }

func (r *RefusedError) Error() string { return strings.Join(r.Why, "\n") }

// Of returns the plan that makes the registry say what is wanted. Its error is a *RefusedError if
// the files or the registry must be fixed first.
func Of(w Wanted, r Registry) (Plan, error) {
	b := &builder{wanted: w, plan: Plan{Format: Format, Project: w.Project}, deployed: map[string]Deployed{}, elsewhere: map[string]string{}}
	for _, d := range r.Schedules {
		b.deployed[d.Name] = d
		if d.Job.Project != w.Project {
			b.elsewhere[d.Job.Name] = d.Job.Project
		}
	}
	revisions := b.definitions(r.Revisions)
	keep := map[string]bool{}
	for _, j := range w.Jobs {
		b.job(j, revisions, keep)
	}
	b.rest(keep)
	b.words()
	if len(b.faults) > 0 {
		slices.Sort(b.faults)
		return Plan{}, &RefusedError{slices.Compact(b.faults)}
	}
	return b.plan, nil
}

type builder struct {
	wanted   Wanted
	plan     Plan
	deployed map[string]Deployed
	// elsewhere has the jobs of other origins and their projects. Other tools name schedules
	// differently, so that a job may have one of another name.
	elsewhere map[string]string
	faults    []string
}

func (b *builder) fault(format string, args ...any) {
	b.faults = append(b.faults, fmt.Sprintf(format, args...))
}

// definitions plans the registration of definitions that changed. It returns the ARNs of those
// that did not, and "" for each that is to be registered.
func (b *builder) definitions(there map[string]Revision) map[string]string {
	arns := map[string]string{}
	for _, d := range b.wanted.Definitions {
		family := Family(b.wanted.Project, d.Family)
		known, ok := there[family]
		if known.Hash == DefinitionHash(d) {
			arns[d.Family] = known.ARN
			continue
		}
		arns[d.Family] = ""
		b.plan.Definitions = append(b.plan.Definitions, d)
		change := jobdiff.Change{Definition: family, Kind: jobdiff.Added, Words: []string{"image: " + d.Image}}
		if ok {
			change.Kind, change.Words = jobdiff.Changed, revised(known.Is, d)
		}
		b.plan.Changes = append(b.plan.Changes, change)
	}
	return arns
}

// job plans the schedules of one job.
func (b *builder) job(j job.Job, revisions map[string]string, keep map[string]bool) {
	j.Project = b.wanted.Project
	if project, taken := b.elsewhere[j.Name]; taken {
		b.fault("job %s belongs to %s: rename the job here, or remove it there first", j.Name, origin(project))
		return
	}
	base := ""
	family, _, pinned := strings.Cut(j.TaskDefinition, ":")
	if arn, ours := revisions[family]; ours {
		if pinned {
			b.fault("job %s: taskDefinition %s names a revision of a family in this file: leave the revision out, the deployed one is used", j.Name, j.TaskDefinition)
			return
		}
		if j.TaskDefinition = arn; arn == "" {
			base = family
		}
	}
	sized := j
	if base != "" { // room for an ARN that is not known yet
		sized.TaskDefinition = longestARN(Family(b.wanted.Project, base))
	}
	schedules, err := render.SchedulesOf(sized, b.wanted.From)
	if err != nil {
		b.fault("%v", err)
		return
	}
	for _, s := range schedules {
		keep[s.Name] = true
		b.schedule(j, s, base)
	}
}

func (b *builder) schedule(j job.Job, s render.Schedule, base string) {
	was, there := b.deployed[s.Name]
	switch {
	case there && was.Job.Name == "":
		b.fault("the schedule %s already exists and carries no job (%s): rename the job, or remove that schedule", s.Name, was.Why)
		return
	case there && was.Job.Project != b.wanted.Project:
		b.fault("the schedule %s of job %s already exists and belongs to %s: rename the job here, or remove that schedule there first", s.Name, j.Name, origin(was.Job.Project))
		return
	case base == "" && Hash(was.Schedule) == Hash(s):
		return
	}
	step := Step{Kind: Create, Name: s.Name, Job: j.Name, Schedule: &s, Base: base}
	if there {
		step.Kind, step.Was = Update, Hash(was.Schedule)
	}
	if base != "" {
		step.Definition = &j
		s.Input = ""
	}
	b.plan.Steps = append(b.plan.Steps, step)
}

// rest handles what is deployed of the project but is not in the files.
func (b *builder) rest(keep map[string]bool) {
	had, left := map[string]bool{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(b.deployed)) {
		d := b.deployed[name]
		if d.Job.Project != b.wanted.Project {
			continue
		}
		had[d.Job.Name] = true
		if keep[name] {
			continue
		}
		wanted := slices.ContainsFunc(b.wanted.Jobs, func(j job.Job) bool { return j.Name == d.Job.Name })
		if !wanted {
			left[d.Job.Name] = true
		}
		// A job that now needs one expression less loses that schedule in any case.
		if wanted || b.wanted.Prune {
			b.plan.Steps = append(b.plan.Steps, Step{Kind: Delete, Name: name, Job: d.Job.Name, Was: Hash(d.Schedule)})
		}
	}
	b.plan.Had = len(had)
	if b.wanted.Prune {
		b.plan.Removed = len(left)
		return
	}
	b.plan.Left = slices.Sorted(maps.Keys(left))
}
