package simulation

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// deployed is a job as its schedule carries it now.
type deployed struct {
	job    job.Job
	every  int // minutes; 60 fires once an hour, at minute
	minute int
	gone   bool
	serial int // grows when the schedule changes
	hashed hashed
	back   time.Time
	// until is when its calendar ends; zero means never.
	until   time.Time
	timing  timing // by the world's almanac
	almanac *almanac
	// dark is when its item could not be read.
	dark []span
	// For a large group: when its schedule was modified, with what input, its place there, when a
	// list last forgot it, until when it cannot be read, everything that it ever was, and which
	// of these its item held last.
	modified  time.Time
	input     string
	place     int
	forgotten time.Time
	unread    time.Time
	stands    []stand
	held      int
	heldAs    heldAs
	// forgets means that it was deployed so often that its item need not know all plans that it
	// had while no sweep came: see job.MaxFormer.
	forgets bool
}

// hashed is a job's hash as of a serial.
type hashed struct {
	serial int
	hash   string
}

// hash returns the job's hash, computed once after each change.
func (j *deployed) hash() string {
	if j.hashed.hash == "" || j.hashed.serial != j.serial {
		j.hashed = hashed{j.serial, j.job.Hash()}
	}
	return j.hashed.hash
}

// mayChange is what a person may change in a run by hand.
var mayChange = job.Changes{Args: true, Inputs: map[string]job.Input{"DAY": {Description: "The day to do.", Choices: []string{"today", "yesterday"}}}}

// deploys changes a job's definition, or removes the job for a while.
func (w *World) deploys(d dice, j *deployed) {
	if w.hit(d, Gone, 30) {
		j.gone, j.back = !j.gone, w.now
	} else if !w.hit(d, Deploy, 200) {
		return
	}
	j.vary(d)
	w.deployed(j)
}

// deployed brings a job's schedule to its new state.
func (w *World) deployed(j *deployed) {
	j.serial++
	w.place(j)
	w.put(j)
	w.plan(j, w.now)
	w.dirty = true
	if w.trace != nil {
		w.tell("", "deploy: %s", j.words())
	}
}

func (j *deployed) words() string {
	return fmt.Sprintf("%s gone=%t %q overlap=%s timeout=%s launchTimeout=%s attempts=%d deadline=%s idempotent=%t exitCodes=%v startWithin=%s catchUp=%s firstOnly=%t capacity=%s",
		j.job.Name, j.gone, j.job.Schedule, j.job.Overlap, j.job.Timeout, j.job.LaunchTimeout, j.job.Retry.Attempts, j.job.Retry.Deadline,
		j.job.Retry.Idempotent, j.job.Retry.ExitCodes, j.job.StartWithin, j.job.CatchUp, j.job.Notify.FirstOnly, j.job.Capacity)
}

// makeJobs draws the world's jobs.
func (w *World) makeJobs(d dice) {
	w.people = people{retries: map[string]bool{}, stops: map[run.ID][]string{}, sees: map[string]sight{}, when: map[string]time.Time{}}
	n := d.between(1, 4)
	if w.opt.Jobs > 0 {
		n = w.opt.Jobs
	}
	for i := range n {
		name := "job-" + string(rune('a'+i))
		j := &deployed{job: job.Job{Name: name, TaskDefinition: "family-" + name, Cluster: "batch", Command: []string{"sh", "once"}, Changes: mayChange}}
		j.almanac = w.almanac
		w.jobs = append(w.jobs, j)
		own := w.dice("job", uint64(i))
		for range 12 {
			j.vary(own)
		}
		if j.job.Schedule == "" {
			j.reschedule(own)
		}
		w.soon(j)
		w.place(j)
		w.calendar(j)
		w.put(j)
		if w.trace != nil {
			w.tell("", "job %s", j.words())
		}
		w.plan(j, w.now)
	}
}

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func minutes(n int) job.Duration { return job.Duration(time.Duration(n) * time.Minute) }

// ownRules are a job's own rules. They may ask for a relaunch of anything; it is granted only if
// nothing started or the job is idempotent.
var ownRules = []job.Rule{
	{StoppedReason: "*", Action: job.Relaunch},
	{ContainerReason: "CannotPull*", Action: job.Fail},
	{StopCode: "*", Action: job.Relaunch},
}

// changes are what a deploy may change about a job. Their order is part of the meaning of a seed.
var changes = [...]func(*deployed, dice){
	(*deployed).reschedule,
	func(j *deployed, d dice) { j.job.Retry.Idempotent = d.chance(300) },
	func(j *deployed, d dice) { j.job.Overlap = pick(d, job.Allow, job.Forbid, job.Queue) },
	func(j *deployed, d dice) { j.job.Retry.Attempts = d.between(0, 5) },
	func(j *deployed, d dice) {
		j.job.Retry.Deadline = pick(d, 0, minutes(1), minutes(5), minutes(30), minutes(180))
	},
	func(j *deployed, d dice) {
		j.job.Timeout = pick(d, 0, job.Duration(10*time.Second), minutes(1), minutes(5), minutes(30))
	},
	func(j *deployed, d dice) { j.job.LaunchTimeout = pick(d, 0, minutes(1), minutes(5)) },
	func(j *deployed, d dice) {
		j.job.StartWithin = pick(d, 0, minutes(1), minutes(5), minutes(60))
		j.job.CatchUp = pick(d, job.CatchUpNone, job.CatchUpLast)
	},
	func(j *deployed, d dice) { j.job.Retry.ExitCodes = pick(d, nil, []int64{75}) },
	func(j *deployed, d dice) {
		j.job.Notify = job.Notify{FirstOnly: d.chance(300), Also: pick(d, nil, nil, []string{job.AlsoRelaunched, job.AlsoSucceeded})}
	},
	func(j *deployed, d dice) { j.job.Retry.Backoff = pick(d, 0, minutes(1), minutes(10)) },
	func(j *deployed, d dice) {
		j.job.Retry.Rules = pick(d, nil, ownRules[:1], ownRules[1:2], ownRules[2:])
	},
}

// vary changes one thing of a job.
func (j *deployed) vary(d dice) {
	changes[d.IntN(len(changes))](j, d)
	if j.job.Overlap == job.Queue && j.job.Timeout == 0 {
		j.job.Timeout = minutes(30)
	}
}

// planned returns the job as its schedule is, or was, with a plan, or nil if it never
// was.
func (j *deployed) planned(p job.Plan) *deployed {
	is := func(d *deployed) bool {
		return d.job.Schedule == p.Schedule && (d.almanac == nil || reflect.DeepEqual(d.job.When, p.When))
	}
	for i := len(j.stands) - 1; i >= 0; i-- {
		if was := j.stands[i].is; is(&was) {
			was.gone, was.job.Disabled = false, false
			return &was
		}
	}
	if !is(j) {
		return nil
	}
	now := *j
	return &now
}

func (j *deployed) reschedule(d dice) {
	if j.almanac != nil {
		j.almanac.reschedule(j, d)
		return
	}
	j.every = pick(d, 1, 2, 5, 10, 15, 20, 30, 60)
	if j.every == 60 {
		j.minute = d.IntN(60)
		j.job.Schedule = strconv.Itoa(j.minute) + " * * * *"
		return
	}
	j.minute = 0
	j.job.Schedule = "*/" + strconv.Itoa(j.every) + " * * * *"
}
