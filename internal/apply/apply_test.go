package apply_test

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/render"
)

var from = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

const image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/report:1"

func named(name, schedule string) job.Job {
	return job.Job{Name: name, Schedule: schedule, TaskDefinition: "jobs", Cluster: "jobs"}
}

// registry is what remains after a plan is carried out.
type registry map[string]apply.Deployed

func (r registry) deploy(t *testing.T, project string, jobs ...job.Job) registry {
	t.Helper()
	for _, j := range jobs {
		j.Project = project
		schedules, err := render.SchedulesOf(j, from)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range schedules {
			r[s.Name] = apply.Deployed{Schedule: s, Job: j}
		}
	}
	return r
}

func (r registry) schedules() (out []apply.Deployed) {
	for _, d := range r {
		out = append(out, d)
	}
	return out
}

// TestPlan: what is done to the registry, and what is said about it.
func TestPlan(t *testing.T) {
	t.Parallel()
	a, b := named("a", "30 2 * * *"), named("b", "0 3 * * *")
	later := a
	later.Schedule = "30 3 * * *"
	both := named("both", "0 3 1 * 1") // which EventBridge needs two expressions for
	by := func(hand func(*apply.Deployed)) func(*testing.T) registry {
		return func(t *testing.T) registry {
			t.Helper()
			r := registry{}.deploy(t, "p", a)
			d := r["a"]
			hand(&d)
			r["a"] = d
			return r
		}
	}
	of := func(project string, jobs ...job.Job) func(*testing.T) registry {
		return func(t *testing.T) registry {
			t.Helper()
			return registry{}.deploy(t, project, jobs...)
		}
	}
	ab := of("p", a, b)
	for name, c := range map[string]struct {
		there   func(t *testing.T) registry
		jobs    []job.Job
		prune   bool
		steps   string
		says    string
		left    string
		removed int
	}{
		"nothing is there":   {nil, []job.Job{a, b}, false, "create a, create b", "added", "", 0},
		"all is there":       {ab, []job.Job{a, b}, true, "", "", "", 0},
		"one changed":        {ab, []job.Job{later, b}, false, "update a", "runs 1 hour later", "", 0},
		"one is gone":        {ab, []job.Job{a}, false, "", "", "b", 0},
		"one is pruned":      {ab, []job.Job{a}, true, "delete b", "its schedule is removed", "", 1},
		"another project's":  {of("q", b), []job.Job{a}, true, "create a", "added", "", 0},
		"nobody's, with CFN": {of("", b), []job.Job{a}, true, "create a", "added", "", 0},
		"two schedules":      {nil, []job.Job{both}, false, "create both, create both.2", "added", "", 0},
		"one schedule less": {
			of("p", both),
			[]job.Job{named("both", "0 3 1 * *")},
			false, "update both, delete both.2", "changed", "", 0,
		},
		"somebody switched it off by hand": {func(t *testing.T) registry {
			t.Helper()
			r := registry{}.deploy(t, "p", a)
			d := r["a"]
			d.State = "DISABLED"
			r["a"] = d
			return r
		}, []job.Job{a}, false, "update a", "changed\nsomebody changed its schedule in the registry: it is DISABLED, and will be ENABLED", "", 0},
		"somebody gave it a window": {by(func(d *apply.Deployed) { d.Window = 30 }), []job.Job{a}, false, "update a", "it may start up to 30 minutes late, and will up to 0", "", 0},
		"somebody has it give up":   {by(func(d *apply.Deployed) { d.MaxAge = 60 }), []job.Job{a}, false, "update a", "it gives up after 60 seconds, and will after 900", "", 0},
		"somebody had it end":       {by(func(d *apply.Deployed) { d.End = from }), []job.Job{a}, false, "update a", "it begins or ends at a different time", "", 0},
		"somebody changed its zone": {by(func(d *apply.Deployed) { d.Zone = "Asia/Tokyo" }), []job.Job{a}, false, "update a", "it is cron(30 2 * * ? *) in Asia/Tokyo, and will be cron(30 2 * * ? *) in UTC", "", 0},
		"somebody gave it more":     {by(func(d *apply.Deployed) { d.Other = "a retry policy" }), []job.Job{a}, false, "update a", "it has a retry policy", "", 0},
		"a schedule is left over": {func(t *testing.T) registry {
			t.Helper()
			r := registry{}.deploy(t, "p", a)
			d := r["a"]
			d.Name = "a.2"
			r["a.2"] = d
			return r
		}, []job.Job{a}, false, "delete a.2", "its second schedule is removed", "", 0},
		"somebody had it begin": {by(func(d *apply.Deployed) { d.Start = from }), []job.Job{a}, false, "update a", "it begins or ends at a different time", "", 0},
		"somebody moved it by hand": {func(t *testing.T) registry {
			t.Helper()
			r := registry{}.deploy(t, "p", a)
			d := r["a"]
			d.Expression = "cron(0 9 * * ? *)"
			r["a"] = d
			return r
		}, []job.Job{a}, false, "update a", "it is cron(0 9 * * ? *) in UTC", "", 0},
		"one by hand, and another changed": {func(t *testing.T) registry {
			t.Helper()
			r := ab(t)
			d := r["a"]
			d.State = "DISABLED"
			r["a"] = d
			return r
		}, []job.Job{a, named("b", "0 4 * * *")}, false, "update a, update b", "runs 1 hour later", "", 0},
		"somebody switched off both halves": {func(t *testing.T) registry {
			t.Helper()
			r := registry{}.deploy(t, "p", both)
			for name, d := range r {
				d.State = "DISABLED"
				r[name] = d
			}
			return r
		}, []job.Job{both}, false, "update both, update both.2", "it is DISABLED", "", 0},
		"somebody removed half of it by hand": {func(t *testing.T) registry {
			t.Helper()
			r := registry{}.deploy(t, "p", both)
			delete(r, "both.2")
			return r
		}, []job.Job{both}, false, "create both.2", "is missing and is created again", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var there registry
			if c.there != nil {
				there = c.there(t)
			}
			plan, err := apply.Of(apply.Wanted{Project: "p", Jobs: c.jobs, Prune: c.prune, From: from}, apply.Registry{Schedules: there.schedules()})
			if err != nil {
				t.Fatal(err)
			}
			var steps, words []string
			for _, s := range plan.Steps {
				steps = append(steps, string(s.Kind)+" "+s.Name)
				if was := there[s.Name]; (s.Was == "") != (was.Name == "") || s.Was != "" && s.Was != apply.Hash(was.Schedule) {
					t.Errorf("%s was %q", s.Name, s.Was)
				}
			}
			for _, ch := range plan.Changes {
				words = append(append(words, string(ch.Kind)), ch.Words...)
			}
			toldAsDone(t, plan, there)
			if plan.Format != apply.Format || plan.Project != "p" {
				t.Errorf("a plan of form %d for project %s", plan.Format, plan.Project)
			}
			if got := strings.Join(steps, ", "); got != c.steps || plan.Empty() != (c.steps == "") {
				t.Errorf("steps %s, want %s", got, c.steps)
			}
			if all := strings.Join(words, "\n"); !strings.Contains(all, c.says) || (c.says == "") != (all == "") {
				t.Errorf("says %s, want %s", all, c.says)
			}
			if got := strings.Join(plan.Left, ","); got != c.left || plan.Removed != c.removed {
				t.Errorf("left %s, removed %d", got, plan.Removed)
			}
		})
	}
}

// TestRefused: what does not belong to the project is not touched, and all reasons are given at
// once.
func TestRefused(t *testing.T) {
	t.Parallel()
	r := registry{}.deploy(t, "q", named("a", "0 1 * * *")).deploy(t, "", named("b", "0 1 * * *"))
	r["c"] = apply.Deployed{Schedule: render.Schedule{Name: "c"}, Why: "its target is not the trigger of this stack"}
	pinned := named("d", "0 1 * * *")
	pinned.TaskDefinition = "base:7"
	jobs := []job.Job{named("a", "0 1 * * *"), named("b", "0 1 * * *"), named("c", "0 1 * * *"), pinned, named("e", "nonsense")}
	_, err := apply.Of(apply.Wanted{Project: "p", Jobs: jobs, Definitions: []job.TaskDefinition{{Family: "base", Image: image}}, From: from}, apply.Registry{Schedules: r.schedules()})
	var refusal *apply.RefusedError
	if !errors.As(err, &refusal) || len(refusal.Why) != 5 || !slices.IsSorted(refusal.Why) {
		t.Fatalf("got %v", err)
	}
	for _, says := range []string{"job a belongs to the project q", "job b belongs to no project", "the schedule c already exists and carries no job (its target", "job d: taskDefinition base:7 names a revision", "job e: "} {
		if !slices.ContainsFunc(refusal.Why, func(w string) bool { return strings.Contains(w, says) }) {
			t.Errorf("nobody says %q: %v", says, err)
		}
	}
}

// TestJobOfAnotherOrigin: a job is carried by one origin only, however the other one names its
// schedules, as CloudFormation does in a second template.
func TestJobOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	a, other := named("a", "0 1 * * *"), named("other", "0 1 * * *")
	for name, c := range map[string]struct {
		project string
		carries job.Job
		says    string
	}{
		"another tool's":                {"", a, "job a belongs to no project"},
		"another project's":             {"q", a, "job a belongs to the project q"},
		"another job's, of its name":    {"q", other, "the schedule a of job a already exists and belongs to the project q"},
		"its own, by another name":      {"p", a, ""},
		"another job's, of that origin": {"", named("b", "0 1 * * *"), ""},
	} {
		r := registry{}.deploy(t, c.project, c.carries)
		for was, d := range r {
			delete(r, was)
			if d.Name = "a.p2"; c.carries.Name == other.Name {
				d.Name = "a"
			}
			r[d.Name] = d
		}
		_, err := apply.Of(apply.Wanted{Project: "p", Jobs: []job.Job{a}, From: from}, apply.Registry{Schedules: r.schedules()})
		if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestRoomForTheRevision: the input of a schedule has room for the ARN of a revision that apply registers
// first, or nothing is changed.
func TestRoomForTheRevision(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws-us-gov:ecs:ap-northeast-1:123456789012:task-definition/p-jobs:2147483647" // as long as any
	definitions := []job.TaskDefinition{{Family: "jobs", Image: image}}
	plan := func(size int) (apply.Plan, error) {
		j := named("a", "30 2 * * *")
		j.Environment = map[string]string{"X": strings.Repeat("x", size)}
		return apply.Of(apply.Wanted{Project: "p", Jobs: []job.Job{j}, Definitions: definitions, From: from}, apply.Registry{})
	}
	fits := sort.Search(256_000, func(size int) bool {
		_, err := plan(size)
		return err != nil
	}) - 1
	if fits < 200_000 {
		t.Fatalf("only %d bytes fit", fits)
	}
	p, err := plan(fits)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Steps[0].Ready(map[string]string{"jobs": arn})
	if err != nil || len(s.Input) != 256_000 {
		t.Errorf("%d bytes, %v", len(s.Input), err)
	}
	if _, err := plan(fits + 1); err == nil || !strings.Contains(err.Error(), "a schedule's input takes at most") {
		t.Errorf("%v", err)
	}
}

// TestDefinitions: a job runs the revision that was registered with it.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	base := job.TaskDefinition{Family: "base", Image: image}
	j := named("a", "30 2 * * *")
	j.TaskDefinition = "base"
	w := apply.Wanted{Project: "p", Jobs: []job.Job{j}, Definitions: []job.TaskDefinition{base}, From: from}
	plan, err := apply.Of(w, apply.Registry{})
	if err != nil || len(plan.Definitions) != 1 || len(plan.Steps) != 1 || plan.Steps[0].Base != "base" || plan.Steps[0].Schedule.Input != "" {
		t.Fatalf("got %+v, %v", plan, err)
	}
	if _, err := plan.Steps[0].Ready(nil); err == nil {
		t.Error("a schedule without its revision is ready")
	}
	if c := plan.Changes[0]; c.Definition != "p-base" || c.Kind != jobdiff.Added || !slices.Equal(c.Words, []string{"image: " + image}) {
		t.Errorf("told: %+v", c)
	}
	unclear := plan.Steps[0]
	unclear.Definition = nil
	const one, two = "arn:aws:ecs:us-east-1:123456789012:task-definition/p-base:1", "arn:aws:ecs:us-east-1:123456789012:task-definition/p-base:2"
	if _, err := unclear.Ready(map[string]string{"base": one}); err == nil {
		t.Error("a schedule without its definition is ready")
	}
	s, err := plan.Steps[0].Ready(map[string]string{"base": one})
	if err != nil || !strings.Contains(s.Input, `"taskDefinition":"`+one+`"`) {
		t.Fatalf("got %+v, %v", s, err)
	}
	deployed := j
	deployed.Project, deployed.TaskDefinition = "p", one
	is := base
	is.Family = "p-base"
	there := apply.Registry{
		Schedules: []apply.Deployed{{Schedule: s, Job: deployed}},
		Revisions: map[string]apply.Revision{"p-base": {ARN: one, Hash: apply.DefinitionHash(base), Is: is}},
	}
	if plan, err := apply.Of(w, there); err != nil || !plan.Empty() || len(plan.Changes) > 0 {
		t.Errorf("applied again: %+v, %v", plan, err)
	}
	w.Definitions[0].Image = strings.Replace(image, ":1", ":2", 1)
	plan, err = apply.Of(w, there)
	if err != nil || len(plan.Definitions) != 1 || len(plan.Steps) != 1 || plan.Steps[0].Kind != apply.Update {
		t.Fatalf("with a new image: %+v, %v", plan, err)
	}
	const revised = "a new revision is registered: its jobs use it from their next run"
	if c := plan.Changes[0]; c.Kind != jobdiff.Changed || !slices.Equal(c.Words, []string{`image: "` + image + `" becomes "` + w.Definitions[0].Image + `"`, revised}) {
		t.Errorf("told: %+v", c)
	}
	w.Definitions[0].Image, w.Definitions[0].Tags = image, map[string]string{"cost": "12"}
	if plan, err := apply.Of(w, there); err != nil || !slices.Equal(plan.Changes[0].Words, []string{`tags.cost: now "12"`, revised}) {
		t.Errorf("with another tag: %+v, %v", plan.Changes, err)
	}
	w.Definitions[0].Tags = nil
	there.Revisions["p-base"] = apply.Revision{ARN: one, Is: base}
	if plan, err := apply.Of(w, there); err != nil || len(plan.Changes[0].Words) != 2 || plan.Changes[0].Words[1] != revised {
		t.Errorf("registered by somebody else: %+v, %v", plan.Changes, err)
	}
	there.Revisions["p-base"] = apply.Revision{ARN: one, Hash: apply.DefinitionHash(base), Is: base}
	w.Definitions[0].Image = strings.Replace(image, ":1", ":2", 1)
	if c := plan.Changes[1]; c.Job != "a" || !slices.Equal(c.Words, []string{"it runs the new revision of its task definition"}) {
		t.Errorf("told: %+v", c)
	}
	w.Jobs[0].TaskDefinition, w.Definitions[0].Family = "bas", "bas"
	moved, err := apply.Of(w, there)
	if err != nil || len(moved.Changes) != 2 || !slices.Equal(moved.Changes[1].Words, []string{`taskDefinition: "` + one + `" becomes "bas"`}) {
		t.Errorf("with a definition of another name: %+v, %v", moved.Changes, err)
	}
	w.Jobs[0].TaskDefinition = "base"
	if theirs, err := apply.Of(w, there); err != nil || len(theirs.Changes) != 2 || !slices.Equal(theirs.Changes[1].Words, []string{`taskDefinition: "` + one + `" becomes "base"`}) {
		t.Errorf("with a definition that is no longer in the files: %+v, %v", theirs.Changes, err)
	}
	w.Definitions[0].Family = "base"
	w.Definitions = append(w.Definitions, job.TaskDefinition{Family: "more", Image: image})
	w.Definitions[0].Image = image
	if plan, err := apply.Of(w, there); err != nil || len(plan.Steps) > 0 || len(plan.Definitions) != 1 || len(plan.Changes) != 1 || plan.Empty() {
		t.Errorf("with another definition: %+v, %v", plan, err)
	}
	if s, err := plan.Steps[0].Ready(map[string]string{"base": two}); err != nil || !strings.Contains(s.Input, two) {
		t.Errorf("got %+v, %v", s, err)
	}
}
