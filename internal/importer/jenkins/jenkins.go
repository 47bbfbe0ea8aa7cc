// Package jenkins makes jobs from the configurations of Jenkins' jobs (config.xml): their timers, with
// the minutes for which H stands, and their shell steps.
package jenkins

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
)

// Reader reads configurations of jobs.
type Reader struct{}

// Kind gives the word after `import`.
func (Reader) Kind() string { return "jenkins" }

// kinds are the outermost elements of jobs: freestyle, pipeline, matrix and Maven.
var kinds = []string{"project", "flow-definition", "matrix-project", "maven2-moduleset"}

const timerTrigger = "hudson.triggers.TimerTrigger"

// Recognise reports whether a file is one of Jenkins' own. Read says what is wrong with one that is no
// whole job.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	const is = "a configuration of Jenkins"
	text := bytes.TrimLeft(bytes.TrimPrefix(f.Data, []byte("\ufeff")), " \t\r\n")
	return is, bytes.HasPrefix(text, []byte("<")) && (bytes.Contains(text, []byte("<hudson.")) || bytes.Contains(text, []byte("<keepDependencies>")))
}

// Read makes jobs from the files, each of which is one Jenkins job.
func (Reader) Read(in *importer.Import, files []*importer.File) error {
	encrypted := map[string]string{}
	for _, f := range files {
		kind, top, err := doc.XML(f.Data)
		if err != nil && len(files) == 1 {
			return fmt.Errorf("%s could not be read: %w", importer.Said(f.Name), err)
		}
		r := &reading{in: in, kind: kind, top: top, name: fullName(f), folder: folder(f.Name), encrypted: encrypted}
		if len(files) > 1 {
			r.file = f.Name
		}
		if err != nil { // the others are not lost for it
			r.refuse(1, "it could not be read: "+err.Error())
			continue
		}
		r.read()
	}
	in.BaseDefinition()
	return nil
}

// fullName gives a job's name with its folders, by the file's: jobs/FOLDER/jobs/NAME/config.xml below
// JENKINS_HOME, or NAME.xml, in which a folder's / may be %2F. NAME/config.xml is one of these if it lies
// there. It is "" if the file does not say.
func fullName(f *importer.File) string {
	file := slashed(f.Name)
	if strings.Contains(file, "/") && f.Path != "" {
		file = slashed(f.Path)
	}
	base, xml := strings.CutSuffix(path.Base(file), ".xml")
	switch {
	case base != "config" && xml:
		return strings.ReplaceAll(base, "%2F", "/")
	case !xml:
		return ""
	}
	parts := strings.Split(path.Dir(file), "/")
	var names []string
	for n := len(parts); n >= 2 && parts[n-2] == "jobs"; n -= 2 {
		names = append(names, parts[n-1])
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

func slashed(file string) string { return strings.ReplaceAll(file, `\`, "/") }

// folder gives the name of the folder with which a file was named; "" if there is none.
func folder(file string) string {
	if dir := path.Dir(slashed(file)); dir != "." {
		return path.Base(dir)
	}
	return ""
}

// reading is the import of one Jenkins job.
type reading struct {
	in   *importer.Import
	kind string
	top  *doc.Node
	name string // with its folders
	file string
	// encrypted are the passwords of all jobs, as Jenkins writes them.
	encrypted map[string]string
	// folder is what to call the job if its name is not known.
	folder string

	e      importer.Entry
	j      job.Job
	hidden map[string]bool // variables of credentials
	open   []string        // parameters that a person could have given another value
}

func (r *reading) read() {
	timers := r.timers()
	if len(timers) == 0 || !slices.Contains(kinds, r.kind) {
		r.refuse(r.top.Line, r.untimed())
		return
	}
	for _, t := range timers {
		r.timer(t, newHash(r.name))
	}
}

// begin begins a job.
func (r *reading) begin(line int, text string) {
	r.e, r.j, r.hidden, r.open = importer.NewEntry(line, "timer", text), job.Job{}, map[string]bool{}, nil
	r.e.Item, r.e.File = strings.TrimSpace("job "+r.name), r.file
}

// refuse says why there is no job.
func (r *reading) refuse(line int, why string) {
	r.begin(line, "")
	r.e.Refuse("%s", why)
	r.in.Entries = append(r.in.Entries, r.e)
}

// timers gives the job's timers: those of a project, and those of a pipeline.
func (r *reading) timers() (out []*doc.Node) {
	r.triggers(func(key string, v *doc.Node) {
		if key == timerTrigger {
			out = append(out, v)
		}
	})
	return out
}

func (r *reading) triggers(each func(key string, v *doc.Node)) {
	const pipeline = "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty"
	elements(r.top.Get("triggers"), each)
	elements(r.top.Get("properties", pipeline, "triggers"), each)
}

// untimed says what starts a job without a timer.
func (r *reading) untimed() (sentence string) {
	if !slices.Contains(kinds, r.kind) {
		if r.top.Has("keepDependencies") { // which Jenkins writes for each job
			return "it is a " + plugin(r.kind) + ", a kind of job that is not read: write a job with its schedule and a command by hand"
		}
		return "it is no job: a folder, a list of branches or a setting"
	}
	sentence = "it has no timer, so people or other jobs start it: write it as a job without a schedule if it is to move"
	r.triggers(func(key string, _ *doc.Node) {
		switch {
		case strings.HasSuffix(key, ".SCMTrigger"):
			sentence = "it polls its repository and runs when something changed there, which no schedule says: leave it to Jenkins, or to what builds your images"
		case strings.HasSuffix(key, "ParameterizedTimerTrigger"):
			sentence = "its times are those of the plugin Parameterized Scheduler, which gives each line parameters of its own: write a job for each line, with its values in `environment`"
		}
	})
	return sentence
}

// maxLines is how many lines a timer may have: each becomes a job with all that the Jenkins job does.
const maxLines = 100

// timer makes a job of each line of a timer.
func (r *reading) timer(t *doc.Node, h *hash) {
	zone, lines, err := timer(t.Get("spec").String(), h)
	switch {
	case err != nil:
	case len(lines) == 0:
		err = errors.New("its timer is empty, so it has never started")
	case len(lines) > maxLines:
		err = fmt.Errorf("its timer has %d lines, each of which would be a job, and the import takes %d: write fewer schedules that say the same", len(lines), maxLines)
	}
	if err != nil {
		r.refuse(t.Line, err.Error())
		return
	}
	for i, l := range lines {
		r.begin(t.Line, l.text)
		name := cmp.Or(strings.ReplaceAll(r.name, "/", "-"), r.folder, "job")
		switch {
		case len(lines) > 1 && r.alone():
			r.e.Decide("its timer has %d lines, and each is a job of its own: two of them may run at once, which Jenkins did not let builds of a job do", len(lines))
		case len(lines) > 1:
			r.e.Note("its timer has %d lines, and each is a job of its own", len(lines))
		}
		if i > 0 {
			name += "-" + strconv.Itoa(i+1)
		}
		if slices.ContainsFunc(lines[:i], func(o line) bool { return o.fields.Meets(l.fields) }) {
			r.e.Off(&r.j, "lines of its timer name the same minute, at which Jenkins starts it once and two jobs would start twice: make one schedule of them")
		}
		r.one(zone, l, name)
		r.in.Entries = append(r.in.Entries, r.e)
	}
}

// one makes a job of one line.
func (r *reading) one(zone string, l line, name string) {
	schedule := l.text
	r.e.Schedule = &schedule
	off := r.top.Get("disabled").True()
	r.j.Disabled = r.j.Disabled || off
	if r.name != "" {
		r.in.Again(&r.e, &r.j, r.name+" "+l.text) // whose name there is once
	}
	if !r.schedule(zone, l) {
		return
	}
	if off {
		r.e.Note("it is disabled, so the job is switched off")
	}
	r.j.Description = importer.Hide(strings.TrimSpace(strings.ReplaceAll(r.top.Get("description").String(), "\r", "")))
	r.settings()
	r.steps()
	(&importer.Command{Job: &r.j, E: &r.e}).SettleQueue()
	r.in.Take(&r.e, r.j, name)
	if r.e.Job != nil && !off && r.name != "" {
		const whose = "# JENKINS_URL, JENKINS_USER_ID and JENKINS_API_TOKEN say where Jenkins is and who asks"
		r.in.Steps.Switch(whose, whose)
		r.in.Switch("java -jar jenkins-cli.jar disable-job "+importer.Word(r.name), "java -jar jenkins-cli.jar enable-job "+importer.Word(r.name))
	}
}

// schedule reads the schedule and its zone. ok is false if no job can be made.
func (r *reading) schedule(zone string, l line) (ok bool) {
	zone = r.in.ZoneOr(&r.e, zone, "Jenkins' host")
	rule := r.in.AtChanges(zone, cron.DST{Gap: cron.GapSkip, Overlap: cron.OverlapTwice})
	if !r.in.BothDays(&r.e, &r.j, "Jenkins", l.text, l.fields, zone, rule) {
		return false
	}
	r.e.KeepChanges(&r.j, "Jenkins", rule)
	const name = "name the file NAME.xml, or jobs/FOLDER/jobs/NAME/config.xml"
	switch {
	case l.drawn && r.name == "":
		r.e.Off(&r.j, "H stands for values that Jenkins draws from the job's full name, which the file does not say, so they are not those of its schedule here: %s", name)
	case r.name == "": // it would run on both sides
		r.e.Off(&r.j, "the file does not say its full name, without which no step disables it in Jenkins: %s", name)
	case l.drawn:
		r.e.Note("%s is %s: H stands for values that Jenkins draws from the job's full name, %s; Jenkins shows the next time beside the timer in the job's configuration", l.text, r.j.Schedule, r.name)
	case r.j.Schedule != strings.Join(strings.Fields(l.text), " "):
		r.e.Change("%s is written as %s, which means the same here", l.text, r.j.Schedule)
	}
	return true
}

// elements calls each for the elements in another one.
func elements(n *doc.Node, each func(name string, v *doc.Node)) {
	n.Pairs(func(key string, v *doc.Node) {
		if !strings.HasPrefix(key, "@") {
			each(key, v)
		}
	})
}
