package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// jobsFiles are the -f flags of a command.
type jobsFiles struct {
	Files []string `short:"f" name:"file" required:"" sep:"none" help:"A jobs file; repeat -f to override earlier files." placeholder:"FILE"`
}

// load reads the files and the variables of the environment.
func (f jobsFiles) load(ctx context.Context) (jobfile.File, []jobfile.Problem, error) {
	sources := make([]jobfile.Source, len(f.Files))
	for i, name := range f.Files {
		data, err := readBounded(ctx, name, jobfile.MaxBytes)
		if err != nil {
			return jobfile.File{}, nil, usagef("reading the jobs file: %w", err)
		}
		sources[i] = jobfile.Source{Name: name, Data: data}
	}
	file, problems := loadSources(ctx, sources)
	return file, problems, nil
}

func loadSources(ctx context.Context, sources []jobfile.Source) (jobfile.File, []jobfile.Problem) {
	return jobfile.Load(sources, jobfile.Options{Env: os.LookupEnv, ReadFile: func(source, name string) ([]byte, error) {
		return readBeside(ctx, source, name)
	}})
}

// read is like load, for commands that need files without a problem. It returns all problems in
// one error. undone says what was therefore not done.
func (f jobsFiles) read(ctx context.Context, undone string) (jobfile.File, error) {
	file, problems, err := f.load(ctx)
	if err != nil {
		return file, err
	}
	return file, refusal(problems, undone)
}

// refusal returns all problems of jobs files in one error, or nil if there are none.
func refusal(problems []jobfile.Problem, undone string) error {
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = problemLine(p)
	}
	return usagef("the jobs file has %s, so nothing was %s:\n%s", counted(len(problems), "problem"), undone, strings.Join(lines, "\n"))
}

func problemLine(p jobfile.Problem) string {
	if p.Line == 0 {
		return p.File + ": " + p.String()
	}
	return p.File + ":" + p.String()
}

// readBeside reads a file that a jobs file names, relative to the jobs file.
func readBeside(ctx context.Context, source, name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(source), name)
	}
	return readBounded(ctx, name, jobfile.MaxBytes)
}
