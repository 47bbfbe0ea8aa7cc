package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// jobsFiles are the -f flags of a command.
type jobsFiles struct {
	Files []string `short:"f" name:"file" required:"" sep:"none" help:"A jobs file; each further -f overrides those before it." placeholder:"FILE"`
}

// load reads the files with the environment's variables.
func (f jobsFiles) load() (jobfile.File, []jobfile.Problem, error) {
	sources := make([]jobfile.Source, len(f.Files))
	for i, name := range f.Files {
		data, err := readBounded(name, jobfile.MaxBytes)
		if err != nil {
			return jobfile.File{}, nil, usagef("reading the jobs file: %w", err)
		}
		sources[i] = jobfile.Source{Name: name, Data: data}
	}
	file, problems := jobfile.Load(sources, jobfile.Options{Env: os.LookupEnv, ReadFile: readBeside})
	return file, problems, nil
}

// read is load for commands that need a file without a problem; all of them
// come in one error. Undone says what was not done.
func (f jobsFiles) read(undone string) (jobfile.File, error) {
	file, problems, err := f.load()
	if err != nil || len(problems) == 0 {
		return file, err
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = problemLine(p)
	}
	return file, usagef("the jobs file has %s, so nothing was %s:\n%s", counted(len(problems), "problem"), undone, strings.Join(lines, "\n"))
}

func problemLine(p jobfile.Problem) string {
	if p.Line == 0 {
		return p.File + ": " + p.String()
	}
	return p.File + ":" + p.String()
}

// readBeside reads a file that a jobs file names, from where that file is.
func readBeside(source, name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(source), name)
	}
	return readBounded(name, jobfile.MaxBytes)
}

// readBounded reads a file, or one byte more of it than may be there.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the file that the person named
	if err != nil {
		return nil, err //nolint:wrapcheck // says which file
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return data, nil
}
