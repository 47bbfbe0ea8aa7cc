package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/render"
)

type validateCmd struct {
	jobsFiles
	For      string   `enum:"auto,aws,local" default:"auto" help:"Where the jobs will run: aws (also checks what ECS needs), local, or auto (aws if the files mention anything of AWS)." placeholder:"WHERE"`
	Clusters clusters `help:"The stack's parameter Clusters: names or ARNs of the clusters where jobs may run." placeholder:"C"`
	Print    bool     `help:"Print the merged files with their variables filled in."`
}

// problem is a fault of a jobs file as JSON.
type problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// validated is what validate prints as JSON about files without a problem.
type validated struct {
	Jobs     int `json:"jobs"`
	Problems int `json:"problems"`
	// For is where the jobs were checked to run: aws or local.
	For string `json:"for"`
	// Warnings are about jobs that will never run, or could not run if they were switched on, and about
	// secrets in commands.
	Warnings []string `json:"warnings,omitempty"`
}

// Run reports all problems of the files at once.
func (c *validateCmd) Run(ctx context.Context, a *app) error {
	file, problems, err := c.load(ctx)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return a.printProblems(problems)
	}
	problems, warnings := c.onAWS(file)
	warnings = append(warnings, over(file.Jobs, a.now())...)
	switch {
	case c.Print:
		a.warn(warnings)
		return a.printFile(file, problems)
	case len(problems) > 0:
		return a.printProblems(problems)
	case a.json:
		return printJSON(a.Stdout, validated{Jobs: len(file.Jobs), For: c.where(file), Warnings: warnings})
	}
	a.warn(warnings)
	text := job.Counted(len(file.Jobs), "job") + ", no problem"
	if c.For == "auto" && c.where(file) == "local" {
		text += " on one machine; --for aws also checks what ECS needs"
	}
	return a.write([]byte(text + "\n"))
}

// printFile prints the files merged into one, and beside it what keeps the jobs from running on AWS.
func (a *app) printFile(file jobfile.File, problems []jobfile.Problem) error {
	var err error
	if a.json {
		err = printAll(a.Stdout, file.Jobs)
	} else if text, wrong := jobfile.Encode(file, nil); wrong != nil {
		err = wrong
	} else {
		err = a.write(text)
	}
	if err != nil || len(problems) == 0 {
		return err
	}
	return (&app{Env: a.Env}).printProblems(problems)
}

// where returns where the jobs are meant to run: aws or local.
func (c *validateCmd) where(file jobfile.File) string {
	switch {
	case c.For != "auto":
		return c.For
	case len(c.Clusters) > 0 || render.ForAWS(file.Jobs, file.Definitions):
		return "aws"
	}
	return "local"
}

// onAWS returns what keeps the jobs from running on AWS, if they are meant to run there.
func (c *validateCmd) onAWS(file jobfile.File) (problems []jobfile.Problem, warnings []string) {
	if c.where(file) == "local" {
		return nil, nil
	}
	faults, warnings := render.Runnable(file.Jobs, file.Definitions, c.Clusters, holdsSecret)
	for _, f := range faults {
		problems = append(problems, jobfile.Problem{File: strings.Join(c.Files, ", "), Message: f})
	}
	return problems, warnings
}

// warn prints warnings beside the output.
func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		_, _ = fmt.Fprintln(a.Stderr, "warning: "+notice.Printable(w))
	}
}

func (a *app) printProblems(problems []jobfile.Problem) error {
	if !a.json {
		for _, p := range problems {
			_, _ = fmt.Fprintln(a.Stderr, notice.Printable(problemLine(p)))
		}
		return usagef("%s", job.Counted(len(problems), "problem"))
	}
	for _, p := range problems {
		if err := printJSON(a.Stdout, problem{p.File, p.Line, p.Column, p.Message}); err != nil {
			return err
		}
	}
	return usagef("%s", job.Counted(len(problems), "problem"))
}

func (a *app) write(text []byte) error {
	if _, err := a.Stdout.Write(text); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

type schemaCmd struct{}

// Run prints the JSON schema of jobs files.
func (c *schemaCmd) Run(_ context.Context, a *app) error {
	text, err := jobfile.Schema()
	if err != nil {
		return err
	}
	return a.write(text)
}
