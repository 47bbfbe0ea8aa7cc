// Package kinds is the table of what can be imported, and finds the kind of a file.
package kinds

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/copilot"
	"github.com/batchplane/batchplane/internal/importer/crontab"
	"github.com/batchplane/batchplane/internal/importer/ecschedule"
	"github.com/batchplane/batchplane/internal/importer/eventbridge"
	"github.com/batchplane/batchplane/internal/importer/foreign"
	"github.com/batchplane/batchplane/internal/importer/jenkins"
	"github.com/batchplane/batchplane/internal/importer/kubernetes"
	"github.com/batchplane/batchplane/internal/importer/systemd"
	"github.com/batchplane/batchplane/internal/importer/terraform"
)

// Options are for single readers.
type Options struct {
	// Users says what is known about a crontab's user column.
	Users lines.UserColumn
	// Flags are those for the AWS CLI in the steps, each with a blank before it.
	Flags string
}

// readers gives the readers of all kinds; the first that recognises a file reads it. The crontab is
// last, since almost any text has a line that could be one of a crontab.
func readers(o Options) []importer.Reader {
	return []importer.Reader{eventbridge.Reader{Flags: o.Flags}, terraform.Reader{}, copilot.Reader{}, ecschedule.Reader{}, kubernetes.Reader{}, jenkins.Reader{}, systemd.Reader{}, crontab.Reader{Users: o.Users}}
}

// Names gives the kinds as `import` takes them.
func Names() (names []string) {
	for _, r := range readers(Options{}) {
		names = append(names, r.Kind())
	}
	return names
}

// Is reports whether a word is a kind.
func Is(word string) bool {
	return slices.Contains(Names(), word)
}

// Import reads files of one kind. If kind is empty, it finds the kind from the files.
func Import(kind string, files []*importer.File, o importer.Options, of Options) (importer.Result, error) {
	if err := check(kind, files); err != nil {
		return importer.Result{}, err
	}
	reader, err := choose(kind, files, of)
	if err != nil {
		return importer.Result{}, err
	}
	if o.Local && reader.Kind() != crontab.Kind {
		return importer.Result{}, fmt.Errorf("--for local goes with a crontab: what %s starts are containers, and local mode starts commands on this machine", reader.Kind())
	}
	in := importer.New(reader.Kind(), o)
	if err := reader.Read(in, files); err != nil {
		return importer.Result{}, err
	}
	return in.Result, nil
}

func check(kind string, files []*importer.File) error {
	switch {
	case kind != "" && !Is(kind):
		return fmt.Errorf("%q is no kind that is imported: use one of %s", kind, strings.Join(Names(), ", "))
	case len(files) == 0:
		return errors.New("there is no file to import: name at least one")
	}
	for _, f := range files {
		if len(f.Data) > importer.MaxFile {
			return fmt.Errorf("%s has more than %d bytes: give it in parts", f.Name, importer.MaxFile)
		}
	}
	return nil
}

// choose finds the reader for files that check has passed. The error is one sentence for a file that another reader recognises, or
// whose kind is not imported.
func choose(kind string, files []*importer.File, of Options) (importer.Reader, error) {
	all := readers(of)
	i := slices.IndexFunc(all, func(r importer.Reader) bool { return r.Kind() == kind })
	for _, f := range telling(files) {
		r, what := recognised(all, f)
		switch {
		case r == nil:
			if err := other(kind, f); err != nil {
				return nil, err
			}
		case kind != "" && r.Kind() != kind:
			return nil, offered(f, r.Kind(), what, kind)
		default:
			at := slices.IndexFunc(all, func(o importer.Reader) bool { return o.Kind() == r.Kind() })
			if i >= 0 && at != i {
				return nil, errors.New("the files are of several kinds: import them one kind at a time")
			}
			i = at
		}
	}
	return all[i], nil
}

// telling leaves out the manifests of Copilot's services where one of a job is among the files, as in
// copilot/*/manifest.yml. The reader of the jobs lists them.
func telling(files []*importer.File) []*importer.File {
	others := slices.DeleteFunc(slices.Clone(files), copilot.Service)
	if slices.ContainsFunc(others, func(f *importer.File) bool { _, job := copilot.Reader{}.Recognise(f); return job }) {
		return others
	}
	return files
}

// ofKinds are words, one of which is in each YAML or JSON file that is imported.
var ofKinds = []string{"CronJob", "Scheduled Job", "scheduleExpression", "ScheduleExpression", "AWS::Events::Rule", `"format_version"`}

// other says what a file is that no reader recognises. It is nil if the reader that was asked for
// may try.
func other(kind string, f *importer.File) error {
	if known := named(kind, f); known != nil {
		return known
	}
	if err := unreadable(f); err != nil && kind != crontab.Kind {
		return err
	}
	if known := foreign.Loose(f); known != nil {
		return known
	}
	switch {
	case kind != "":
		return nil
	case len(bytes.TrimSpace(f.Data)) == 0:
		return fmt.Errorf("%s is empty: most likely the command that was to write it failed, so run that again", importer.Said(f.Name))
	}
	return fmt.Errorf("%s is of no kind that is recognised. If it is one of %s, say so: `batchplane import KIND FILE`. If not, write each of its schedules as a job of a jobs file (`batchplane cron` says what a schedule means)", importer.Said(f.Name), strings.Join(Names(), ", "))
}

// unreadable says why a file that looks like one of ours is not YAML or JSON.
func unreadable(f *importer.File) error {
	ours := slices.ContainsFunc(ofKinds, func(word string) bool { return bytes.Contains(f.Data, []byte(word)) })
	if _, err := f.Docs(); err != nil && (ours || bytes.HasPrefix(f.Data, []byte("\xff\xfe"))) {
		return fmt.Errorf("%s could not be read: %w", f.Name, err)
	}
	return nil
}

// named gives the sentence for a file that no reader recognises but whose kind is known, or nil.
func named(kind string, f *importer.File) error {
	if known := foreign.Name(f); known != nil {
		return known
	}
	if kind == "" {
		if known := crontab.Foreign(f); known != nil {
			return known
		}
	}
	return nil
}

// offered gives the sentence for a file that `import` takes as another kind.
func offered(f *importer.File, is, what, wanted string) error {
	article := "no file of "
	if wanted == "crontab" {
		article = "no "
	}
	return &importer.ForeignError{Sentence: fmt.Sprintf("%s is %s, %s%s: `batchplane import %s %s` reads it",
		importer.Said(f.Name), what, article, wanted, is, importer.Word(f.Name))}
}

func recognised(all []importer.Reader, f *importer.File) (importer.Reader, string) {
	for _, r := range all {
		if what, ok := r.Recognise(f); ok {
			return r, what
		}
	}
	return nil, ""
}
