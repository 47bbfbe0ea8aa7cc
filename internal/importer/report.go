// Package importer is what all readers of other schedulers' files share: the report, names,
// secrets, the rewriting of commands, the proof, and the steps that switch the old side off. A
// reader says what the file means by each item, what job it becomes, and where and why the two
// differ. It never guesses silently: it asks what it cannot know.
package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Verdict says how an item came over.
type Verdict string

// Verdicts, from good to bad. An item has the worst that was noted for it.
const (
	Kept    Verdict = "kept"
	Changed Verdict = "changed"
	Decide  Verdict = "needs a decision"
	Refused Verdict = "refused"
)

// Verdicts lists all of them, from good to bad.
var Verdicts = []Verdict{Kept, Changed, Decide, Refused}

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 10 << 20

// maxJobs is the most jobs of one import: a jobs file holds no more.
const maxJobs = 10_000

// Options is what a file does not say about itself.
type Options struct {
	// Zone is that of the old scheduler's host, for files that leave it open. If it is empty,
	// UTC is assumed, and the report says so.
	Zone string
	// From is the time from which on notes look at the schedules.
	From time.Time
	// Disabled also imports jobs that a crontab has behind a #. Items of other kinds that are
	// disabled are always imported so.
	Disabled bool
	// Environment chooses one of a file's own environments, if it has any.
	Environment string
	// Local says that the jobs are to run in local mode on the host of the old scheduler, and not in
	// containers on AWS: what ties them to that host stays as it is.
	Local bool
}

// Entry is a line of the report: what became of one line or item. Schedule to Stdin are as the
// old scheduler reads them; Hidden replaces a value that looks like a secret.
type Entry struct {
	// Line is the item's line in its file; 0 if it comes from no file.
	Line int    `json:"line"`
	Text string `json:"text"`
	// Item names what is not a line, such as "rule nightly". File is its file, if there are
	// several.
	Item       string   `json:"item,omitempty"`
	File       string   `json:"file,omitempty"`
	Kind       string   `json:"kind"`
	Verdict    Verdict  `json:"verdict"`
	Schedule   *string  `json:"schedule"`
	User       *string  `json:"user"`
	Command    *string  `json:"command"`
	Stdin      *string  `json:"stdin"`
	AWS        []string `json:"aws"`
	Guard      *string  `json:"guard"`
	NeverFires bool     `json:"neverFires"`
	Job        *string  `json:"job"`
	Notes      []string `json:"notes"`
	// Proof says what was proved about the schedule; "" if nothing was translated.
	Proof string `json:"proof,omitempty"`
}

// IfHarmless ends what is said of an old side that ran again what had failed.
const IfHarmless = "if running it twice does no harm, use `retry: {idempotent: true, exitCodes: [1]}`"

// NewEntry gives an entry without notes.
func NewEntry(line int, kind, text string) Entry {
	return Entry{Line: line, Text: text, Kind: kind, AWS: []string{}, Notes: []string{}, Verdict: Kept}
}

func (e *Entry) add(v Verdict, format string, args ...any) {
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = Hide(text)
		}
	}
	text := fmt.Sprintf(format, args...)
	if v != Kept {
		text = string(v) + ": " + text
	}
	if !slices.Contains(e.Notes, text) {
		e.Notes = append(e.Notes, text)
	}
	if slices.Index(Verdicts, v) > slices.Index(Verdicts, e.Verdict) {
		e.Verdict = v
	}
}

// Note, Change, Decide and Refuse add a sentence and its weight. Arguments that are texts are
// shown without what looks like a secret.
func (e *Entry) Note(format string, args ...any) { e.add(Kept, format, args...) }

// Change says what differs from before.
func (e *Entry) Change(format string, args ...any) { e.add(Changed, format, args...) }

// Decide says what a person has to decide.
func (e *Entry) Decide(format string, args ...any) { e.add(Decide, format, args...) }

// Refuse says why there is no job.
func (e *Entry) Refuse(format string, args ...any) { e.add(Refused, format, args...) }

// Off disables the job and says why.
func (e *Entry) Off(j *job.Job, format string, args ...any) {
	j.Disabled = true
	e.Decide(format+"; it is imported switched off", args...)
}

// Result is what became of the files.
type Result struct {
	// Kind is the kind that the files were read as.
	Kind        string
	Entries     []Entry
	Jobs        []job.Job
	Definitions []job.TaskDefinition
	// Notes are the notes on each job, by the job's name.
	Notes map[string][]string
	// Steps switch the old side off and on again; see Steps.
	Steps Steps
	// Old is the file with the imported lines commented out. It is nil for all kinds except
	// crontabs.
	Old []byte
}

// Import is an import in progress.
type Import struct {
	Options
	Result
	names   Names
	proofs  map[string]string        // what differs, by crontab fields
	periods map[string]time.Duration // by schedule and zone
	read    map[string]bool          // identities
	home    Place                    // of the first job
	Secrets Secrets
}

// New starts an import.
func New(kind string, o Options) *Import {
	return &Import{Options: o, Result: Result{Kind: kind, Notes: map[string][]string{}}, names: Names{}, proofs: map[string]string{}, periods: map[string]time.Duration{}, read: map[string]bool{}}
}

// Take adds a job that a reader has made to the jobs of the result. It gives the job a name of
// its own and reports what Validate says. The wanted name may be any text.
func (in *Import) Take(e *Entry, j job.Job, wanted string) {
	j.Name = in.name(e, wanted)
	in.Place(e, j)
}

// name gives a job a name of its own, and says if it is not the wanted one.
func (in *Import) name(e *Entry, wanted string) string {
	name := in.names.unique(Clean(wanted))
	if wanted != "" && name != wanted {
		e.Change("its name is %s: letters, digits, - and _, at most %d, each once", name, job.MaxNameLength)
	}
	return name
}

// Place is Take for a job that already has its name. An entry whose Job is nil has no job.
func (in *Import) Place(e *Entry, j job.Job) {
	if len(in.Jobs) >= maxJobs {
		e.Refuse("a jobs file holds at most %d jobs: import in parts", maxJobs)
		return
	}
	if !in.fit(e, &j) {
		return
	}
	name := j.Name
	e.Job = &name
	in.Jobs = append(in.Jobs, j)
	in.Notes[name] = e.Notes
}

// Literals lists the values of a job's variables for review. readers says who can read them.
func (e *Entry) Literals(variables map[string]string, readers string) {
	if len(variables) == 0 {
		return
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if variables[name] != ReplaceMe {
			all = append(all, name+"="+Clip(Hide(variables[name])))
		}
	}
	if len(all) > 0 {
		e.Note("these values are written as they are, and whoever may read %s sees them: %s", readers, judged(strings.Join(all, ", ")))
	}
}

// judged is a text whose parts were searched for secrets one by one: a name in it does not make
// a secret of what follows.
type judged string

// ForeignError says that a file is of another kind than the one asked for, or of a kind that is
// not imported. It is one sentence about the file.
type ForeignError struct {
	// Sentence says what to do.
	Sentence string
}

// Error gives the sentence.
func (f *ForeignError) Error() string { return f.Sentence }

// TakeDefined is Take for a job with its own task definition, which gets the job's name.
func (in *Import) TakeDefined(e *Entry, j job.Job, d job.TaskDefinition, wanted string) {
	name := in.name(e, wanted)
	j.Name, d.Family, j.TaskDefinition = name, name, name
	FitDefinition(e, &j, &d)
	in.Place(e, j)
	if e.Job != nil {
		in.Definitions = append(in.Definitions, d)
	}
}

// TakeVariables gives a job variables, except for what looks like a secret, which it leaves to the task
// definition. It returns those that the job got.
func (in *Import) TakeVariables(e *Entry, j *job.Job, values map[string]string) map[string]string {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if HoldsSecret(name, values[name]) {
			in.TakeSecret(e, j, name, values[name])
			delete(values, name)
		}
	}
	if len(values) > 0 && j.Environment == nil {
		j.Environment = map[string]string{}
	}
	maps.Copy(j.Environment, values)
	return values
}

// TakeSecret leaves a variable to the task definition.
func (in *Import) TakeSecret(e *Entry, j *job.Job, name, value string) {
	if !job.NamesVariable(name) {
		e.Off(j, "its variable %q is left out: it looks like a secret, and a task's variable cannot have that name", Clip(name))
		return
	}
	e.Decide("its variable %s looks like a secret and is not written: the job gets it from the task definition's secrets, which hold a placeholder", Clip(name))
	if in.Secrets.Remember(name, value) {
		e.Off(j, "%s has another value in another job, but the task definition has one for all: rename one of them", Clip(name))
	}
}

// BaseDefinition gives all jobs one task definition, which is to be filled in, if commands have left
// their secrets to it.
func (in *Import) BaseDefinition() {
	if len(in.Secrets.All()) == 0 {
		return
	}
	in.Definitions = []job.TaskDefinition{{Family: "imported", Image: ReplaceMe, ExecutionRole: ReplaceMe, Secrets: in.Secrets.All()}}
	for i := range in.Jobs {
		in.Jobs[i].TaskDefinition = "imported"
	}
}
