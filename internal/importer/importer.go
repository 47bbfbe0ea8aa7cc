// Package importer makes jobs of a crontab. Of each line it says what cron makes
// of it, what the job makes of it, and where the two differ and why. It guesses
// nothing in silence: what it cannot know, it asks.
package importer

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/job"
)

// Verdict says how a line came over.
type Verdict string

// Verdicts, from good to bad: a line has the worst that befell it.
const (
	Kept    Verdict = "kept"
	Changed Verdict = "changed"
	Decide  Verdict = "needs a decision"
	Refused Verdict = "refused"
)

var rank = map[Verdict]int{Kept: 0, Changed: 1, Decide: 2, Refused: 3}

// Options is what a crontab does not say of itself.
type Options struct {
	// Zone is that of the host; UTC is assumed, and told, when it is empty.
	Zone string
	// Users says whether a sixth column names users.
	Users crontab.UserColumn
	// From is from when on notes look at the clocks.
	From time.Time
	// Disabled also imports jobs that stand behind a #, switched off.
	Disabled bool
}

// Entry is a line of the report. Schedule to Stdin are cron's own reading; a
// value that looks like a secret is replaced by Hidden.
type Entry struct {
	Line       int      `json:"line"`
	Text       string   `json:"text"`
	Kind       string   `json:"kind"`
	Schedule   *string  `json:"schedule"`
	User       *string  `json:"user"`
	Command    *string  `json:"command"`
	Stdin      *string  `json:"stdin"`
	AWS        []string `json:"aws"`
	Guard      *string  `json:"guard"`
	NeverFires bool     `json:"neverFires"`
	Job        *string  `json:"job"`
	Notes      []string `json:"notes"`

	Verdict Verdict `json:"-"`
	told    []string
}

func (e *Entry) add(v Verdict, format string, args ...any) {
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = hide(text)
		}
	}
	text := fmt.Sprintf(format, args...)
	if v != Kept {
		text = string(v) + ": " + text
	}
	e.Notes = append(e.Notes, text)
	if rank[v] > rank[e.Verdict] {
		e.Verdict = v
	}
}

func (e *Entry) note(format string, args ...any)   { e.add(Kept, format, args...) }
func (e *Entry) change(format string, args ...any) { e.add(Changed, format, args...) }
func (e *Entry) decide(format string, args ...any) { e.add(Decide, format, args...) }
func (e *Entry) refuse(format string, args ...any) { e.add(Refused, format, args...) }

// Result is what became of a crontab.
type Result struct {
	Entries     []Entry
	Jobs        []job.Job
	Definitions []job.TaskDefinition
	// Notes are the notes on each job, by its name.
	Notes map[string][]string
	// Old is the crontab with the imported lines commented out, see Undo.
	Old []byte
}

// importing is an import on its way.
type importing struct {
	Options
	Result
	env     environment
	names   names
	locks   map[string]string // the job that had a lock first
	comment string
	dot     map[int]string // jobs by line
	users   crontab.UserColumn
}

// offUsers learns from the lines of jobs how those behind a # are read.
func (in *importing) offUsers(l crontab.Line) {
	switch {
	case in.Users == crontab.Present || in.Users == crontab.Absent || l.Kind != crontab.Job || l.Doubt != "":
	case l.User != "":
		in.users = crontab.Present
	case in.users != crontab.Present:
		in.users = crontab.Absent
	}
}

// Import reads a crontab. The error is about the file as a whole or the zone.
func Import(data []byte, o Options) (Result, error) {
	lines, err := crontab.Parse(data, o.Users)
	if err != nil {
		return Result{}, err
	}
	if o.Zone != "" {
		if _, err := cron.LoadZone(o.Zone); err != nil {
			return Result{}, err
		}
	}
	in := &importing{
		Options: o, env: environment{zone: o.Zone}, names: names{}, locks: map[string]string{}, dot: map[int]string{}, users: o.Users,
		Result: Result{Notes: map[string][]string{}},
	}
	byNumber := make(map[int]crontab.Line, len(lines))
	for _, l := range lines {
		byNumber[l.Number] = l
		in.offUsers(l)
	}
	number := 0
	for text := range strings.Lines(string(data)) {
		number++
		in.line(number, strings.TrimSuffix(text, "\n"), byNumber)
	}
	in.definition()
	in.Old = commentOut(data, in.dot)
	return in.Result, nil
}

func (in *importing) line(number int, text string, byNumber map[int]crontab.Line) {
	l, ok := byNumber[number]
	trimmed := strings.TrimLeft(text, " \t\r")
	switch {
	case !ok && trimmed == "":
		in.comment = ""
	case !ok:
		in.commentLine(number, text, trimmed)
	default:
		e := Entry{Line: number, Text: text, Kind: string(l.Kind), AWS: []string{}, Notes: []string{}, Verdict: Kept}
		in.entry(&e, l)
		in.Entries = append(in.Entries, e)
		in.comment = ""
	}
}

// commentLine keeps a comment for the job below it, and sees jobs that are
// switched off.
func (in *importing) commentLine(number int, text, trimmed string) {
	e := Entry{Line: number, Text: text, Kind: "comment", AWS: []string{}, Notes: []string{}, Verdict: Kept}
	body := strings.TrimLeft(trimmed, "# \t")
	l, isJob := offJob(body, in.users)
	switch {
	case isJob && in.Disabled:
		l.Number, l.Text = number, text
		e.change("a job that is switched off comes over with enabled: false")
		in.job(&e, l)
		if e.Job != nil {
			in.Jobs[len(in.Jobs)-1].Disabled = true
		}
	case isJob:
		e.Text = hide(text)
		e.note("this looks like a job that is switched off: --disabled brings it over with enabled: false")
	case strings.HasPrefix(body, marker):
	default:
		in.comment = strings.TrimSpace(body)
		if hidden, secret := hideComment(text); secret {
			e.Text, in.comment = hidden, ""
			e.note("the comment looks as if it holds a secret, and is not written")
		}
		in.comment = strings.ToValidUTF8(in.comment, "?")
	}
	in.Entries = append(in.Entries, e)
}

// offJob reads what stands behind a # as a job. Prose that begins with five
// words that happen to be fields does not exist.
func offJob(body string, users crontab.UserColumn) (crontab.Line, bool) {
	lines, err := crontab.Parse([]byte(body+"\n"), users)
	if err != nil || len(lines) != 1 || lines[0].Kind != crontab.Job {
		return crontab.Line{}, false
	}
	return lines[0], true
}

func (in *importing) entry(e *Entry, l crontab.Line) {
	switch l.Kind {
	case crontab.Env:
		if name := dialect(l.Text); name != "" || strings.HasPrefix(l.Text, byteOrderMark) {
			e.reject(l)
			return
		}
		in.env.set(e, l.Name, l.Value)
		return
	case crontab.Invalid:
		e.reject(l)
		return
	case crontab.Reboot:
		e.reading(l)
		e.refuse("@reboot has no times and a container no boot: make it a service, or a step of the deployment")
		return
	}
	in.job(e, l)
}

// reading puts cron's own reading of a job line into the report.
func (e *Entry) reading(l crontab.Line) {
	e.Text = hide(e.Text)
	schedule, command := l.Schedule, hide(l.Command)
	e.Schedule, e.Command = &schedule, &command
	if l.User != "" {
		e.User = &l.User
	}
	if l.Stdin != "" {
		stdin := hide(l.Stdin)
		e.Stdin = &stdin
	}
}
