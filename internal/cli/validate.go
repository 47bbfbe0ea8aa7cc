package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/notice"
)

type validateCmd struct {
	jobsFiles
	Print bool `help:"Print what the files say together, with the variables' values."`
}

// problem is a fault of a jobs file as JSON.
type problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// validated is what validate says as JSON of files without a problem.
type validated struct {
	Jobs     int `json:"jobs"`
	Problems int `json:"problems"`
	// Warnings are of jobs that will never run.
	Warnings []string `json:"warnings,omitempty"`
}

// Run tells all problems of the files at once.
func (c *validateCmd) Run(_ context.Context, a *app) error {
	file, problems, err := c.load()
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return a.printProblems(problems)
	}
	warnings := over(file.Jobs, time.Now())
	a.warn(warnings)
	switch {
	case c.Print && a.json:
		for _, j := range file.Jobs {
			if err := printJSON(a.Stdout, j); err != nil {
				return err
			}
		}
		return nil
	case c.Print:
		text, err := jobfile.Encode(file, nil)
		if err != nil {
			return err
		}
		return a.write(text)
	case a.json:
		return printJSON(a.Stdout, validated{Jobs: len(file.Jobs), Warnings: warnings})
	}
	return a.write([]byte(counted(len(file.Jobs), "job") + ", no problem\n"))
}

// warn prints warnings beside the output; as JSON they are in it.
func (a *app) warn(warnings []string) {
	if a.json {
		return
	}
	for _, w := range warnings {
		_, _ = fmt.Fprintln(a.Stderr, "warning: "+notice.Printable(w))
	}
}

func (a *app) printProblems(problems []jobfile.Problem) error {
	if !a.json {
		for _, p := range problems {
			_, _ = fmt.Fprintln(a.Stderr, notice.Printable(problemLine(p)))
		}
		return usagef("%s", counted(len(problems), "problem"))
	}
	for _, p := range problems {
		if err := printJSON(a.Stdout, problem{p.File, p.Line, p.Column, p.Message}); err != nil {
			return err
		}
	}
	return usagef("%s", counted(len(problems), "problem"))
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
