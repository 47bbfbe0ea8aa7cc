package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
	"github.com/batchplane/batchplane/internal/importer/eventbridge"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/wire"
)

type importCmd struct {
	What  string   `arg:"" name:"kind-or-file" help:"What to read: a kind (${kinds}) and then its files. Without a kind, it is detected from the files. - is standard input."`
	Files []string `arg:"" optional:"" name:"file" help:"The files."`

	Live     bool     `help:"eventbridge: read the rules and schedules deployed in the account and Region of --profile and --region; changes nothing."`
	Zone     string   `help:"The time zone of the old scheduler's host, if its files do not say; with --for local, by default this machine's." placeholder:"Z"`
	For      string   `enum:"aws,local" default:"aws" help:"Where the jobs will run: aws, or local, for a crontab: on its own host, by local mode. What ties a command to its host then stays as it is." placeholder:"WHERE"`
	Env      string   `name:"env" help:"copilot: the environment to import, if the files have several." placeholder:"NAME"`
	Disabled bool     `help:"crontab: also import commented-out jobs, switched off."`
	Output   string   `short:"o" help:"Write the jobs file here; for a crontab also write NAME.imported, the crontab with the imported lines commented out. With -, only the jobs file is written, to standard output, and the report to standard error." placeholder:"FILE"`
	Users    string   `help:"crontab: does the sixth column name users? yes, no, or detect, from the file's name, heading and lines." enum:"detect,yes,no" default:"detect"`
	Undo     bool     `help:"crontab: restore the lines of FILE that an import commented out; write the result to -o or standard output."`
	Jobs     []string `name:"job" help:"With --undo: only this job's line; may be repeated." placeholder:"NAME"`
}

// stdout is the name of standard output, where a flag takes a file to write.
const stdout = "-"

// Run imports files, or undoes an import.
func (c *importCmd) Run(ctx context.Context, a *app) error {
	kind, names := c.split()
	if err := c.check(kind, names); err != nil {
		return err
	}
	files, readers, err := c.files(ctx, a, names)
	if err != nil {
		return err
	}
	if c.Undo {
		return c.undo(a, files[0])
	}
	r, err := kinds.Import(kind, files, c.options(a), readers)
	if err != nil {
		return importError(err)
	}
	if kind == "" && (!a.json || c.Output != stdout) { // standard error then has the report
		_, _ = fmt.Fprintf(a.Stderr, "read as %s\n", r.Kind)
	}
	report := *a
	if c.Output == stdout {
		report.Stdout = a.Stderr
	}
	if err := report.printReport(r, c.file()); err != nil {
		return err
	}
	if c.Output == "" {
		return nothingCame(r)
	}
	return c.write(a, r, files[0].Name)
}

// importError makes an error a usage error, unless the files are of another kind.
func importError(err error) error {
	var foreign *importer.ForeignError
	if errors.As(err, &foreign) {
		return err
	}
	return usageError{err}
}

// nothingCame returns an error if an import yielded no job although the files had something to
// import.
func nothingCame(r importer.Result) error {
	if len(r.Jobs) > 0 || !slices.ContainsFunc(r.Entries, func(e importer.Entry) bool { return e.Verdict == importer.Refused }) {
		return nil
	}
	return errors.New("none of it became a job")
}

// split separates the kind from the files. A first word that names a kind is one, unless it
// stands alone and is a file.
func (c *importCmd) split() (kind string, files []string) {
	if !kinds.Is(c.What) {
		return "", append([]string{c.What}, c.Files...)
	}
	if _, err := os.Stat(c.What); err == nil && len(c.Files) == 0 {
		return "", []string{c.What}
	}
	return c.What, c.Files
}

func (c *importCmd) check(kind string, files []string) error {
	if err := c.checkCrontab(kind, files); err != nil {
		return err
	}
	if _, err := os.Stat(c.What); kind == "" && len(files) > 1 && errors.Is(err, fs.ErrNotExist) {
		return usagef("%s is neither a file nor a kind that can be imported: %s; without a kind, it is detected from the files", c.What, strings.Join(kinds.Names(), ", "))
	}
	switch {
	case c.Live && (kind != eventbridge.Kind || len(files) > 0):
		return usagef("--live goes with `import eventbridge` alone, without files: it reads what is deployed")
	case c.Live:
	case len(files) == 0:
		return usagef("name a file: batchplane import %s FILE", kind)
	}
	return nil
}

// checkCrontab checks the flags that only crontabs have.
func (c *importCmd) checkCrontab(kind string, files []string) error {
	switch {
	case len(c.Jobs) > 0 && !c.Undo:
		return usagef("--job goes with --undo")
	case (c.Undo || c.Users != "detect") && kind != "" && kind != crontab.Kind:
		return usagef("--undo and --users go with `import crontab`")
	case c.Undo && len(files) != 1:
		return usagef("--undo takes one file")
	}
	return nil
}

// files reads what is to be imported: files, or what is deployed.
func (c *importCmd) files(ctx context.Context, a *app, names []string) ([]*importer.File, kinds.Options, error) {
	o := kinds.Options{Users: c.users()}
	if !c.Live {
		files, err := readImports(ctx, names, a.Stdin)
		return files, o, err
	}
	data, region, err := wire.Scheduled(ctx, a.account(func() {}))
	if err != nil {
		return nil, o, err
	}
	o.Flags = accountFlags(a.profile, region)
	return []*importer.File{{Name: "what is deployed in " + region, Data: data}}, o, nil
}

// users returns what is known about the user column before the file is read.
func (c *importCmd) users() lines.UserColumn {
	switch c.Users {
	case "yes":
		return lines.Present
	case "no":
		return lines.Absent
	}
	return lines.Detect
}

func readImports(ctx context.Context, names []string, stdin io.Reader) ([]*importer.File, error) {
	files := make([]*importer.File, len(names))
	for i, name := range names {
		var data []byte
		var err error
		if name == "-" {
			data, err = io.ReadAll(io.LimitReader(input{ctx, stdin}, importer.MaxFile+1))
		} else {
			data, err = readBounded(ctx, name, importer.MaxFile)
		}
		if errors.Is(err, syscall.EISDIR) {
			return nil, usagef("%s is a folder: name its files, and crontabs one at a time", name)
		}
		if err != nil {
			return nil, usagef("reading the file to import: %w", err)
		}
		files[i] = &importer.File{Name: name, Data: data}
		if at, err := filepath.Abs(name); err == nil && name != stdout {
			files[i].Path = at
		}
	}
	return files, nil
}

func (c *importCmd) undo(a *app, f *importer.File) error {
	old, restored := crontab.Undo(f.Data, c.Jobs...)
	if len(restored) == 0 {
		return fmt.Errorf("an import commented out no line of these jobs in %s", f.Name)
	}
	if c.Output == "" || c.Output == stdout {
		return a.writeForeign(old)
	}
	if err := writeNew(c.Output, old); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.Stderr, "restored %s in %s\n", strings.Join(restored, ", "), c.Output)
	return nil
}

// writeForeign prints text that others wrote: unchanged, unless a terminal shows it.
func (a *app) writeForeign(text []byte) error {
	if a.Screen.Width > 0 {
		text = []byte(notice.PrintableText(string(text)))
	}
	return a.write(text)
}

// write writes the jobs file and, for a crontab, the file of old lines. Neither may exist yet.
func (c *importCmd) write(a *app, r importer.Result, source string) error {
	if len(r.Jobs) == 0 {
		return errors.New("none of it became a job, so nothing is written")
	}
	text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
	if err != nil {
		return err
	}
	if c.Output == stdout {
		if r.Old != nil && !a.json {
			_, _ = fmt.Fprintln(a.Stderr, "the crontab with the imported lines commented out, which the steps need, is not written: give -o a file")
		}
		return a.writeForeign(text)
	}
	if r.Old != nil {
		return c.writeBoth(a, text, r.Old, source)
	}
	if err := writeNew(c.Output, text); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.Stderr, "wrote %s\n", c.Output)
	return nil
}

// writeBoth writes the jobs file and, beside it, the crontab with the imported lines commented out.
func (c *importCmd) writeBoth(a *app, text, commented []byte, source string) error {
	name := filepath.Base(source)
	if source == "-" {
		name = "crontab"
	}
	old := filepath.Join(filepath.Dir(c.Output), name+".imported")
	// Both or none: one alone would look like a finished import.
	for _, name := range []string{c.Output, old} {
		if _, err := os.Lstat(name); err == nil {
			return isThere(name)
		}
	}
	if err := writeNew(c.Output, text); err != nil {
		return err
	}
	if err := writeNew(old, commented); err != nil {
		return errors.Join(err, os.Remove(c.Output))
	}
	_, _ = fmt.Fprintf(a.Stderr, "wrote %s, and %s with the imported lines commented out\n", c.Output, old)
	return nil
}

func isThere(name string) error { return usagef("%s already exists: move it away first", name) }

// writeNew writes a file that must not exist yet, all of it or none. Only its owner may read it,
// because a crontab may hold secrets.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the file that the person named
	if os.IsExist(err) {
		return isThere(name)
	}
	if err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", name, err), os.Remove(name))
	}
	return nil
}
