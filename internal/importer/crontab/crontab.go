// Package crontab makes jobs from a crontab. For each line it says what cron makes of it, what
// the job makes of it, and where and why the two differ.
package crontab

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/foreign"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Kind is the name of this kind of file.
const Kind = "crontab"

// Reader reads crontabs.
type Reader struct {
	// Users says whether a sixth column names users. Detect also goes by the file's name.
	Users lines.UserColumn
}

// Kind gives the word after `import`.
func (Reader) Kind() string { return Kind }

// Recognise reports whether a file has jobs, and at least as many as lines that cron rejects.
func (r Reader) Recognise(f *importer.File) (what string, ok bool) {
	all, err := lines.Parse(f.Data[:prefix(f.Data)], r.users(f))
	if err != nil {
		return "", false
	}
	good, bad := 0, 0
	for i := range all {
		switch all[i].Kind {
		case lines.Job, lines.Reboot:
			good++
		case lines.Invalid:
			bad++
		}
	}
	return "a crontab", good > 0 && good >= bad
}

// maxLooked is how many bytes of a file are examined to recognise it, and maxLines the most lines
// that a crontab may have.
const (
	maxLooked = 64 << 10
	maxLines  = 100_000
)

// prefix gives the length of the whole lines at the start of a file that are examined.
func prefix(data []byte) int {
	if len(data) <= maxLooked {
		return len(data)
	}
	return bytes.LastIndexByte(data[:maxLooked], '\n') + 1
}

func (r Reader) users(f *importer.File) lines.UserColumn {
	if r.Users != lines.Detect {
		return r.Users
	}
	return lines.ExpectUsers(f.Name)
}

// Read makes jobs from one crontab. It refuses several at once: variables hold only for the lines
// of their own file.
func (r Reader) Read(in *importer.Import, files []*importer.File) error {
	if len(files) != 1 {
		return &importer.ForeignError{Sentence: "a crontab is imported alone, since variables hold for the lines below them in its own file: import each by itself, with -o and a file of its own"}
	}
	f := files[0]
	if n := bytes.Count(f.Data, []byte("\n")); n > maxLines {
		return fmt.Errorf("%s has %d lines, and at most %d are read: import in parts", f.Name, n, maxLines)
	}
	all, err := lines.Parse(f.Data, r.users(f))
	if err != nil {
		return err
	}
	if name := wholeDialect(all); name != "" {
		return foreign.Dialect(f.Name, name)
	}
	if err := notCron(f, all); err != nil {
		return err
	}
	if in.Zone != "" {
		if _, err := cron.LoadZone(in.Zone); err != nil {
			return err
		}
	}
	c := &importing{
		Import: in, env: environment{zone: in.Zone, secrets: &in.Secrets, local: in.Local}, locks: map[string]string{}, dot: map[int]string{}, users: r.users(f),
		lines: make(map[int]lines.Line, len(all)), unread: unread().MatchString(f.Name), system: r.Users != lines.Absent && systemFile().MatchString(f.Name),
	}
	for _, l := range all {
		c.lines[l.Number] = l
		c.offUsers(l)
	}
	c.user = user(all)
	c.each(f.Data)
	in.BaseDefinition()
	in.Old = commentOut(f.Data, c.dot)
	c.steps(f)
	return nil
}

// systemFile matches files in which cron reads a user before each command.
var systemFile = lazyregexp.New(`^/etc/(?:crontab$|cron\.d/)`)

// unread matches files that Debian's cron ignores because of their name, as its cron(8) says
// (https://manpages.debian.org/bookworm/cron/cron.8.en.html).
var unread = lazyregexp.New(`^/etc/cron\.d/.*[^A-Za-z0-9_/-]`)

// importing is an import in progress.
type importing struct {
	*importer.Import
	env     environment
	locks   map[string]string // the first job that had a lock
	comment []string          // the comment lines right above, with their #
	lines   map[int]lines.Line
	names   map[int]string // of the jobs, by line
	dot     map[int]string // the imported jobs by line
	users   lines.UserColumn
	follows bool   // another job follows right below
	broke   bool   // the effect of a broken line on the file was reported
	unread  bool   // the effect of the file's name is still to be reported
	slurm   bool   // options of Slurm for the next job were read
	system  bool   // cron reads users before commands in the file's folder
	user    string // who starts local mode for the file; "" for the owner of a user's crontab
}

// offUsers learns from the lines of jobs how to read the lines that are commented out.
func (in *importing) offUsers(l lines.Line) {
	switch {
	case in.users == lines.Present || in.users == lines.Absent || l.Kind != lines.Job || l.Doubt != "":
	case l.User != "":
		in.users = lines.Present
	default:
		in.users = lines.Absent
	}
}

// each goes through the file twice, because each name depends on all others.
func (in *importing) each(data []byte) {
	in.nameAll(data)
	number := 0
	for text := range bytes.Lines(data) {
		number++
		next, more := in.lines[number+1]
		in.follows = more && (next.Kind == lines.Job || next.Kind == lines.Reboot)
		in.line(number, strings.TrimSuffix(string(text), "\n"))
	}
}

// nameAll names the jobs after what tells them apart.
func (in *importing) nameAll(data []byte) {
	variables := map[string]string{}
	var numbers []int
	var parts [][]string
	number := 0
	for text := range bytes.Lines(data) {
		number++
		l, ok := in.lines[number]
		if body := strings.TrimLeft(string(text), "# \t\r\n"); !ok && in.Disabled && body != "" {
			l, ok = offJob(strings.TrimRight(body, "\n"), in.users)
		}
		switch {
		case ok && l.Kind == lines.Env:
			variables[l.Name] = l.Value
		case ok && l.Kind == lines.Job:
			numbers, parts = append(numbers, number), append(parts, importer.Parts(importer.Masked(l.Command), variables))
		}
	}
	in.names = make(map[int]string, len(numbers))
	for i, name := range in.Distinct(parts) {
		in.names[numbers[i]] = name
	}
}

func (in *importing) line(number int, text string) {
	l, ok := in.lines[number]
	trimmed := strings.TrimLeft(text, " \t\r")
	switch {
	case !ok && trimmed == "":
		in.comment = nil
	case !ok:
		in.commentLine(number, text, trimmed)
	default:
		e := importer.NewEntry(number, string(l.Kind), text)
		in.entry(&e, l)
		in.Entries = append(in.Entries, e)
		in.comment, in.slurm = nil, in.slurm && l.Kind == lines.Env
	}
}

// commentLine keeps a comment for the job below it, and recognises jobs that are commented out.
func (in *importing) commentLine(number int, text, trimmed string) {
	e := importer.NewEntry(number, "comment", text)
	body := strings.TrimLeft(trimmed, "# \t")
	l, isJob := offJob(body, in.users)
	shown := trimmed
	isJob = isJob && !importer.Exemplary(in.comment)
	switch {
	case isJob && in.Disabled:
		l.Number, l.Text = number, text
		e.Change("a switched-off job is imported with enabled: false")
		in.job(&e, l)
		if e.Job != nil {
			in.Jobs[len(in.Jobs)-1].Disabled = true
		}
	case isJob:
		e.Text = importer.Hide(text)
		e.Note("this looks like a switched-off job: --disabled imports it with enabled: false")
	case strings.HasPrefix(body, marker):
	case strings.HasPrefix(trimmed, "#SCRON"): // https://slurm.schedmd.com/scrontab.html
		in.slurm, shown = true, ""
	default:
		if hidden, secret := importer.HideComment(text); secret {
			e.Text, shown = hidden, ""
			e.Note("the comment looks as if it holds a secret, and is not written")
		}
	}
	if in.comment = append(in.comment, shown); shown == "" {
		in.comment = []string{"#"}
	}
	in.Entries = append(in.Entries, e)
}

// offJob reads what follows a # as a job. No prose begins with five words that are also time
// fields.
func offJob(body string, users lines.UserColumn) (lines.Line, bool) {
	if body == "" || !strings.ContainsRune("*-@0123456789", rune(body[0])) {
		return lines.Line{}, false
	}
	all, err := lines.Parse([]byte(body+"\n"), users)
	if err != nil || len(all) != 1 || all[0].Kind != lines.Job {
		return lines.Line{}, false
	}
	return all[0], !slices.Contains(placeholders, strings.Join(strings.Fields(all[0].Command), " "))
}

// placeholders are what legends and examples have in place of a command.
var placeholders = []string{"command to be executed", "command to execute", "command", "user-name command to be executed", "user command to be executed", "/path/to/command", "/path/to/script"}

func (in *importing) entry(e *importer.Entry, l lines.Line) {
	if (l.Kind == lines.Env || l.Kind == lines.Invalid) && ofTemplate(e, l) {
		return
	}
	switch l.Kind {
	case lines.Env:
		if name := dialect(l.Text); name != "" || strings.HasPrefix(l.Text, byteOrderMark) {
			reject(e, l)
			return
		}
		in.env.set(e, l.Name, l.Value)
		return
	case lines.Invalid:
		reject(e, l)
		in.broken(e, l)
		return
	case lines.Reboot:
		reading(e, l)
		if in.Local {
			e.Refuse("@reboot has no times: leave it in the crontab, or make it a service")
			return
		}
		e.Refuse("@reboot has no times and a container no boot: make it a service, or a step of the deployment")
		return
	}
	in.job(e, l)
}

// reading puts cron's own reading of a job's line into the report.
func reading(e *importer.Entry, l lines.Line) {
	e.Text = importer.Hide(e.Text)
	schedule, command := l.Schedule, importer.Hide(l.Command)
	e.Schedule, e.Command = &schedule, &command
	if l.User != "" {
		e.User = &l.User
	}
	if l.Stdin != "" {
		stdin := importer.Hide(l.Stdin)
		e.Stdin = &stdin
	}
}
