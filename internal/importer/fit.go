package importer

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// fit changes a job so that a jobs file takes it, and reports what it loses by that. ok is false
// if that is not possible. The old side may have allowed more.
func (in *Import) fit(e *Entry, j *job.Job) (ok bool) {
	fitTags(e, j)
	for _, p := range j.Validate() {
		field, name, _ := strings.Cut(p.Field, ".")
		switch field {
		case "environment":
			delete(j.Environment, name)
			e.Off(j, "its variable %q is left out: %s", name, p.Message)
		case "tags":
			delete(j.Tags, name)
			e.Change("its tag %q is left out: %s", name, p.Message)
		case "cpu", "memory":
			e.Off(j, "its size of %d CPU units and %d MiB is left out: %s", j.CPU, j.Memory, p.Message)
			j.CPU, j.Memory = 0, 0
		case "command":
			e.Refuse("%s; or put it into the image, and call it from there", p.Message)
			return false
		case "timeout":
			e.Off(j, "its timeout of %s is left out: %s", j.Timeout, p.Message)
			j.Timeout = 0
		case "startWithin":
			e.Change("its startWithin of %s is left out: %s", j.StartWithin, p.Message)
			j.StartWithin = 0
		case "window":
			e.Off(j, "its window of %s is left out: %s", j.Window, p.Message)
			j.Window = 0
		default:
			e.Decide("%s", p)
		}
	}
	return in.fitTimes(e, j)
}

// Set gives a name a value in a map that may still be nil.
func Set(m *map[string]string, name, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[name] = value
}

// fitTags removes tags that look like secrets.
func fitTags(e *Entry, j *job.Job) {
	for _, name := range slices.Sorted(maps.Keys(j.Tags)) {
		if HoldsSecret(name, j.Tags[name]) {
			delete(j.Tags, name)
			e.Change("its tag %q looks like a secret and is not written: whoever may describe tasks reads tags", name)
		}
	}
}

// exampleImage matches images of examples: of your-registry or REGISTRY, and of a registry of ECR whose account
// is no number of twelve digits.
var exampleImage = lazyregexp.New(`(?:^|/)(?i:your[-_](?:\w|-)|your(?:registry|repo|org|company|user|username|name)\b)|^REGISTRY/|^(?:[^/]*[^0-9/.][^/.]*|[0-9]{1,11})\.dkr\.ecr\.`)

// FitDefinition changes a task definition so that a jobs file takes it, and reports what it loses by that.
func FitDefinition(e *Entry, j *job.Job, d *job.TaskDefinition) {
	if len(FindSecrets(d.Image)) > 0 {
		e.Off(j, "its image names a secret, which is not written, and %s stands there: the execution role pulls from ECR", ReplaceMe)
		d.Image = ReplaceMe
	}
	if exampleImage().MatchString(d.Image) {
		e.Off(j, "its image %s is still to be filled in, so %s is written: name the one that is deployed", d.Image, ReplaceMe)
		d.Image = ReplaceMe
	}
	for _, p := range d.Validate() {
		field, name, _ := strings.Cut(p.Field, ".")
		switch field {
		case "environment", "secrets":
			delete(d.Environment, name)
			delete(d.Secrets, name)
			e.Off(j, "its variable %q is left out: %s", name, p.Message)
		case "cpu", "memory":
			c, m, _ := FitFargate(d.CPU, d.Memory) // 0 if there is none, which means the default
			e.Off(j, "Fargate has no size of %d CPU units and %d MiB, so %d and %d are written: %s", d.CPU, d.Memory, c, m, p.Message)
			d.CPU, d.Memory = c, m
		case "image":
			e.Off(j, "its image %q is not one, so %s is written", d.Image, ReplaceMe)
			d.Image = ReplaceMe
		default:
			e.Decide("task definition: %s", p)
		}
	}
}

// fitTimes keeps the window shorter than the time between two slots, as a jobs file wants it.
func (in *Import) fitTimes(e *Entry, j *job.Job) (ok bool) {
	if j.Window == 0 && j.EndAt.IsZero() {
		return true
	}
	spec, err := cron.Parse(j.Schedule)
	zone, zoneErr := cron.LoadZone(j.Zone())
	if err != nil || zoneErr != nil {
		return true // reported elsewhere
	}
	dst, err := cron.ParseDST(j.DST.Gap, j.DST.Overlap)
	if err != nil {
		return true // as above
	}
	s := spec.In(zone, dst)
	if period := s.Shortest(); period > 0 && time.Duration(j.Window) >= period {
		within := job.Duration(period - time.Minute)
		e.Change("its flexible window of %s reaches the next slot, which comes %s later: `window: %s`", j.Window, job.Duration(period), within)
		j.Window = within
	}
	if !fires(j, spec, s) {
		e.NeverFires = true
		e.Refuse("it never fires: its schedule has no time between its start and its end")
		return false
	}
	if !j.EndAt.IsZero() && !j.EndAt.After(in.From) {
		e.Note("its end has passed, so it starts no more")
	}
	return true
}

// fires reports whether a job has a time before its end. A rate has one, since it counts from
// its creation.
func fires(j *job.Job, spec *cron.Spec, s cron.Schedule) bool {
	if _, rate := spec.Rate(); rate || j.EndAt.IsZero() {
		return true
	}
	first := time.Unix(-1, 0)
	if !j.StartAt.IsZero() {
		first = j.StartAt.Add(-time.Second)
	}
	at, ok := s.Next(first)
	return ok && at.Before(j.EndAt)
}
