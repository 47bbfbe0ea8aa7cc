// Package kubernetes makes jobs from CronJobs: YAML files, lists, and what `kubectl get cronjob -o
// json` prints.
package kubernetes

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Reader reads CronJobs.
type Reader struct{}

// Kind gives the word after `import`.
func (Reader) Kind() string { return "kubernetes" }

// Recognise reports whether a file has a CronJob. A Helm template has none yet, even if it
// happens to be YAML.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	if !bytes.Contains(f.Data, []byte("CronJob")) {
		return "", false
	}
	return "a file of Kubernetes CronJobs", f.Any(func(d *doc.Node) bool { return len(cronJobs(d)) > 0 }) && !f.Any(templated)
}

// ofHelm matches what only Helm would render. A command may have a template of its own, such as one
// for kubectl.
var ofHelm = lazyregexp.New(`\{\{-?\s*(?:\$?\.(?:Values|Release|Chart|Capabilities|Template|Files)\b|(?:include|template|tpl|toYaml)\s)`)

// templated reports whether a CronJob of a document is a Helm template.
func templated(d *doc.Node) bool { return slices.ContainsFunc(cronJobs(d), rendersLater) }

func rendersLater(n *doc.Node) bool {
	return ofHelm().MatchString(n.Text) || slices.ContainsFunc(n.Keys, ofHelm().MatchString) ||
		slices.ContainsFunc(n.Items, rendersLater) || slices.ContainsFunc(n.Values, rendersLater)
}

// cronJobs gives the CronJobs of a document, which may be a list.
func cronJobs(d *doc.Node) (out []*doc.Node) {
	if d.Kind != doc.Map {
		return nil
	}
	if isCronJob(d) {
		return []*doc.Node{d}
	}
	for _, i := range d.Get("items").List() {
		if isCronJob(i) || i.Get("kind").String() == "" && d.Get("kind").String() == "CronJobList" {
			out = append(out, i)
		}
	}
	return out
}

// Read makes jobs from the CronJobs in the files.
func (Reader) Read(in *importer.Import, files []*importer.File) error {
	found, maps, bound := 0, configMaps{}, bindings{}
	err := importer.EachDoc(files, func(_ *importer.File, _ string, d *doc.Node) {
		maps.add(d)
		bound.add(d)
	})
	if err != nil {
		return err
	}
	err = importer.EachDoc(files, func(_ *importer.File, name string, d *doc.Node) {
		for _, c := range cronJobs(d) {
			found++
			one := &reading{in: in, e: importer.NewEntry(c.Line, "cronjob", c.Get("spec", "schedule").String()), cron: c, maps: maps, bound: bound}
			one.e.File = name
			one.read()
			in.Entries = append(in.Entries, one.e)
		}
		for _, o := range scheduled(d) {
			refuse(in, name, o)
		}
	})
	if err == nil && found == 0 {
		return &importer.ForeignError{Sentence: files[0].Name + " holds no CronJob: `kubectl get cronjobs -A -o json` prints all of a cluster"}
	}
	return err
}

// reading is the import of one CronJob.
type reading struct {
	in    *importer.Import
	e     importer.Entry
	cron  *doc.Node
	maps  configMaps
	bound bindings
	j     job.Job
	d     job.TaskDefinition
	// hidden are values that are secrets, and so are written nowhere: only the hosts in them are named.
	hidden []string
}

func (r *reading) read() {
	name, space := r.cron.Get("metadata", "name").String(), r.cron.Get("metadata", "namespace").String()
	name = cmp.Or(name, r.cron.Get("metadata", "generateName").String())
	r.e.Item = "cronjob " + strings.TrimPrefix(space+"/"+name, "/")
	suspended := r.cron.Get("spec", "suspend").True()
	r.j.Disabled = suspended
	r.in.Again(&r.e, &r.j, r.e.Item)
	if !r.schedule() {
		return
	}
	if suspended {
		r.e.Note("it is suspended, so the job is switched off")
	}
	r.complete()
	r.policy()
	r.template()
	r.rest()
	r.pod()
	r.take(name)
	if r.e.Job != nil && !suspended {
		flag := ""
		if space != "" {
			flag = " -n " + importer.Word(space)
		}
		patch := func(value string) string {
			return "kubectl patch cronjob " + importer.Word(name) + flag + ` -p '{"spec":{"suspend":` + value + `}}'`
		}
		back := patch("false")
		if r.cron.Get("spec", "startingDeadlineSeconds").Absent() {
			back += "   # Kubernetes starts the newest slot that it missed meanwhile at once"
		}
		r.in.Switch(patch("true"), back)
	}
}

// schedule reads the schedule and its zone. ok is false if no job can be made.
func (r *reading) schedule() (ok bool) {
	text := strings.TrimSpace(r.cron.Get("spec", "schedule").String())
	r.e.Schedule = &text
	zone, expression := r.zone(text)
	if every, found := strings.CutPrefix(expression, "@every "); found {
		return r.every(strings.TrimSpace(every))
	}
	if text == "" {
		r.e.Refuse("it has no schedule, so it is a patch or a part of one: import what `kubectl kustomize FOLDER` prints")
		return false
	}
	f, err := fields(expression)
	if err != nil {
		r.e.Refuse("%s", err.Error())
		return false
	}
	rule := r.in.AtChanges(zone, cron.DST{Gap: cron.GapSkip, Overlap: cron.OverlapTwice})
	if !r.in.Translated(&r.e, &r.j, expression, f, zone, rule) {
		return false
	}
	r.e.KeepChanges(&r.j, "Kubernetes", rule)
	if rule != (cron.DST{}) && uneven(zone, r.in.From) {
		r.e.Note("in this zone the clocks change at midnight or by half an hour, and there Kubernetes leaves a time out, or starts one on a day that the fields do not have: this job keeps to its fields")
	}
	if r.j.Schedule != strings.Join(strings.Fields(expression), " ") {
		r.e.Change("%s is written as %s, which means the same here", expression, r.j.Schedule)
	}
	return true
}

// zone gives the zone of a schedule, and the schedule without it.
func (r *reading) zone(text string) (zone, expression string) {
	zone, expression = r.cron.Get("spec", "timeZone").String(), text
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		rest, found := strings.CutPrefix(text, prefix)
		if !found {
			continue
		}
		given, after, _ := strings.Cut(rest, " ")
		if zone != "" && zone != given {
			r.e.Decide("the zone %s in the schedule wins over timeZone %s", given, zone)
		}
		zone, expression = given, strings.TrimSpace(after)
	}
	return r.in.ZoneOr(&r.e, zone, "its controller"), expression
}

// every turns @every into a rate.
func (r *reading) every(text string) bool {
	rate, err := importer.Rate(text)
	if err != nil {
		r.e.Refuse("@every %s", err.Error())
		return false
	}
	r.e.Change("@every %s is written as %s", text, rate)
	return r.in.EventBridge(&r.e, &r.j, rate, "")
}

// policy reads what happens to runs that overlap and to late ones.
func (r *reading) policy() {
	spec := r.cron.Get("spec")
	switch spec.Get("concurrencyPolicy").String() {
	case "", "Allow":
	case "Forbid":
		r.j.Overlap = job.Forbid
		r.e.Change("Forbid is `overlap: forbid`: a slot that meets an open run is skipped and recorded; Kubernetes starts the newest such slot when that run ends, unless startingDeadlineSeconds has passed")
	default:
		r.j.Overlap = job.Forbid
		r.e.Off(&r.j, "concurrencyPolicy %s ends the running job for the new one, which has no counterpart: `overlap: forbid` is proposed", spec.Get("concurrencyPolicy").String())
	}
	deadline, ok := spec.Get("startingDeadlineSeconds").Int()
	late := time.Duration(min(max(deadline, 0), int(job.MaxStartWithin/time.Second)+1)) * time.Second
	switch {
	case !ok:
		r.e.Note("Kubernetes starts a slot however late; here it may start %s late, and after that is missed and told: `startWithin` and `catchUp: last` change that", job.Duration(job.DefaultStartWithin))
	case late >= job.MinStartWithin && late <= job.MaxStartWithin && late <= r.period():
		r.j.StartWithin = job.Duration(late)
	default:
		r.e.Change("startingDeadlineSeconds %d is left out, and `startWithin` is %s: it takes 1m to 24h, and no longer than the time between two slots", deadline, job.Duration(job.DefaultStartWithin))
	}
}

// template reads the Job that each run is.
func (r *reading) template() {
	spec := r.cron.Get("spec", "jobTemplate", "spec")
	limit, ok := spec.Get("backoffLimit").Int()
	if !ok {
		limit = 6
	}
	if limit > 0 {
		r.e.Change("Kubernetes tries a failed pod again, whatever it had done, up to %d times; here only what provably never started: %s", limit, importer.IfHarmless)
	}
	if seconds, ok := spec.Get("activeDeadlineSeconds").Int(); ok && seconds > 0 {
		longest := int(job.MaxTimeout / time.Second)
		r.j.Timeout = job.Duration(time.Duration(min(seconds, longest)) * time.Second)
		r.e.Note("activeDeadlineSeconds is `timeout: %s`; there it covered all attempts together, here each", r.j.Timeout)
		if seconds > longest {
			r.e.Change("its deadline of %ds is more than `timeout` takes: %s stands there", seconds, r.j.Timeout)
		}
	}
	r.shape(spec)
}

// shape reports Jobs that have more than one pod or none.
func (r *reading) shape(spec *doc.Node) {
	for _, key := range []string{"completions", "parallelism"} {
		if n, ok := spec.Get(key).Int(); ok && n > 1 {
			r.e.Off(&r.j, "%s %d makes several pods of a run, and a run is one task", key, n)
		} else if ok && n < 1 {
			r.e.Off(&r.j, "%s %d makes no pod, so it has run nothing", key, n)
		}
	}
	if spec.Get("completionMode").String() == "Indexed" {
		r.e.Off(&r.j, "completionMode Indexed gives each pod a number, and a run is one task")
	}
	if spec.Get("suspend").True() {
		r.e.Off(&r.j, "suspend in its jobTemplate makes jobs that wait for a person")
	}
	for _, key := range []string{"podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "podReplacementPolicy"} {
		if spec.Has(key) {
			r.e.Decide("%s has no counterpart: `retry.rules` and `retry.exitCodes` read how a run ended", key)
		}
	}
}
