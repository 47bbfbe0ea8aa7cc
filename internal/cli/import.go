package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/notice"
)

type importCmd struct {
	Crontab importCrontabCmd `cmd:"" help:"A crontab, of a user or of the system."`
}

type importCrontabCmd struct {
	Name     string   `arg:"" name:"file" help:"The crontab; - is standard input."`
	Zone     string   `help:"The zone of its host." placeholder:"Z"`
	Users    string   `help:"Whether its sixth column names users: yes, no, or detect, which is by the file's name and all of its lines." enum:"detect,yes,no" default:"detect"`
	Disabled bool     `help:"Also bring over jobs that stand behind a #, switched off."`
	Output   string   `short:"o" help:"Write the jobs file here, and beside it the crontab with the imported lines commented out, as NAME.imported." placeholder:"FILE"`
	Undo     bool     `help:"Restore the lines that an import commented out: of FILE, to -o or standard output."`
	Jobs     []string `name:"job" help:"With --undo: only this job's line; may be repeated." placeholder:"NAME"`
}

// users is what is known of the user column before the file is read.
func (c *importCrontabCmd) users() crontab.UserColumn {
	switch c.Users {
	case "yes":
		return crontab.Present
	case "no":
		return crontab.Absent
	}
	return crontab.ExpectUsers(c.Name)
}

// Run imports a crontab, or undoes that.
func (c *importCrontabCmd) Run(_ context.Context, a *app) error {
	if len(c.Jobs) > 0 && !c.Undo {
		return usagef("--job goes with --undo")
	}
	data, err := c.read(a.Stdin)
	if err != nil {
		return usagef("reading the crontab: %w", err)
	}
	if c.Undo {
		return c.undo(a, data)
	}
	r, err := importer.Import(data, importer.Options{Zone: c.Zone, Users: c.users(), From: time.Now(), Disabled: c.Disabled})
	if err != nil {
		return usageError{err}
	}
	if err := a.printReport(r); err != nil {
		return err
	}
	if c.Output == "" {
		return nil
	}
	return c.write(a, r)
}

func (c *importCrontabCmd) read(stdin io.Reader) ([]byte, error) {
	if c.Name == "-" {
		return io.ReadAll(io.LimitReader(stdin, crontab.MaxFile+1)) //nolint:wrapcheck // the caller says what
	}
	return readBounded(c.Name, crontab.MaxFile)
}

func (c *importCrontabCmd) undo(a *app, data []byte) error {
	old, restored := importer.Undo(data, c.Jobs...)
	if len(restored) == 0 {
		return fmt.Errorf("%s has no line that an import commented out for these jobs", c.Name)
	}
	if c.Output == "" {
		return a.write(old)
	}
	if err := writeNew(c.Output, old); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.Stderr, "restored %s in %s\n", strings.Join(restored, ", "), c.Output)
	return nil
}

// write writes both files; neither may be there yet.
func (c *importCrontabCmd) write(a *app, r importer.Result) error {
	if len(r.Jobs) == 0 {
		return fmt.Errorf("no line became a job, so %s is not written", c.Output)
	}
	text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
	if err != nil {
		return err
	}
	name := filepath.Base(c.Name)
	if c.Name == "-" {
		name = "crontab"
	}
	old := filepath.Join(filepath.Dir(c.Output), name+".imported")
	// Both or none: one alone looks like an import that is done.
	for _, name := range []string{c.Output, old} {
		if _, err := os.Lstat(name); err == nil {
			return isThere(name)
		}
	}
	if err := writeNew(c.Output, text); err != nil {
		return err
	}
	if err := writeNew(old, r.Old); err != nil {
		return errors.Join(err, os.Remove(c.Output))
	}
	_, _ = fmt.Fprintf(a.Stderr, "wrote %s, and %s with the imported lines commented out\n", c.Output, old)
	return nil
}

func isThere(name string) error { return usagef("%s is there already: move it away first", name) }

// writeNew writes a file that does not exist. Only its owner may read it: a
// crontab may hold secrets.
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
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (a *app) printReport(r importer.Result) error {
	if a.json {
		for _, e := range r.Entries {
			if err := printJSON(a.Stdout, e); err != nil {
				return err
			}
		}
		return nil
	}
	var b bytes.Buffer
	count := map[importer.Verdict]int{}
	for _, e := range r.Entries {
		if e.Kind == "comment" && len(e.Notes) == 0 {
			continue
		}
		if e.Kind != "comment" {
			count[e.Verdict]++
		}
		reportEntry(&b, e)
	}
	fmt.Fprintf(&b, "%s: ", counted(len(r.Jobs), "job"))
	for i, v := range []importer.Verdict{importer.Kept, importer.Changed, importer.Decide, importer.Refused} {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", count[v], v)
	}
	b.WriteString("\n")
	return a.write(b.Bytes())
}

func reportEntry(b *bytes.Buffer, e importer.Entry) {
	fmt.Fprintf(b, "line %d, %s: %s\n", e.Line, e.Verdict, notice.Printable(e.Text))
	if e.Job != nil {
		fmt.Fprintf(b, "    job %s: %s\n", *e.Job, strings.Join(e.AWS, " and "))
	}
	for _, n := range e.Notes {
		fmt.Fprintf(b, "    - %s\n", notice.Printable(n))
	}
}
