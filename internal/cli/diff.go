package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/notice"
)

type diffCmd struct {
	jobsFiles
	Against []string `required:"" sep:"none" help:"The jobs file or rendered template to compare with; may be repeated." placeholder:"FILE"`
}

// Run says what a deployment would change.
func (c *diffCmd) Run(ctx context.Context, a *app) error {
	file, err := c.read(ctx, "compared")
	if err != nil {
		return err
	}
	before, err := c.before(ctx)
	if err != nil {
		return err
	}
	changes := append(jobdiff.Definitions(before.Definitions, file.Definitions), jobdiff.Of(before.Jobs, file.Jobs, a.now())...)
	if a.json {
		return printAll(a.Stdout, changes)
	}
	return a.printChanges(changes, nil)
}

// printChanges prints changes in words, and which jobs are left alone. They may come from somebody else's
// file.
func (a *app) printChanges(changes []jobdiff.Change, left []string) error {
	var b bytes.Buffer
	count := map[jobdiff.Kind]int{}
	for _, change := range changes {
		count[change.Kind]++
		fmt.Fprintf(&b, "%s: %s\n", notice.Printable(change.Subject()), notice.Printable(string(change.Kind)))
		for _, w := range change.Words {
			fmt.Fprintf(&b, "  - %s\n", notice.Printable(w))
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(&b, "not in the files, left alone (--prune removes them): %s\n", notice.Printable(strings.Join(left, ", ")))
	}
	fmt.Fprintf(&b, "%d added, %d removed, %d changed\n", count[jobdiff.Added], count[jobdiff.Removed], count[jobdiff.Changed])
	return a.write(b.Bytes())
}

// isTerraform reports whether a file looks like the output of `render --terraform`.
func isTerraform(data []byte) bool {
	var has struct {
		Terraform, Resource map[string]any
	}
	return json.Unmarshal(data, &has) == nil && len(has.Terraform)+len(has.Resource) > 0
}

// before reads what to compare with: templates, or jobs files stacked on each other. It reads
// each only once, because a pipe cannot be read twice.
func (c *diffCmd) before(ctx context.Context) (file jobfile.File, err error) {
	var old []jobfile.Source
	for _, name := range c.Against {
		data, err := readBounded(ctx, name, jobfile.MaxBytes)
		if err != nil {
			return file, usagef("reading what to compare with: %w", err)
		}
		if isTerraform(data) {
			return file, usagef("%s is Terraform JSON, which cannot be read: compare with the jobs file it was rendered from, or with that file rendered without --terraform", name)
		}
		if !jobfile.IsTemplate(data) {
			old = append(old, jobfile.Source{Name: name, Data: data})
			continue
		}
		found, err := jobfile.FromTemplate(data)
		if err != nil {
			return file, usagef("%s: %w", name, err)
		}
		file.Jobs = append(file.Jobs, found.Jobs...)
		file.Definitions = append(file.Definitions, found.Definitions...)
	}
	if len(old) == 0 {
		return file, nil
	}
	yaml, problems := loadSources(old, func(path string) ([]byte, error) { return readBounded(ctx, path, jobfile.MaxBytes) })
	file.Jobs = append(file.Jobs, yaml.Jobs...)
	file.Definitions = append(file.Definitions, yaml.Definitions...)
	return file, refusal(problems, "compared")
}
