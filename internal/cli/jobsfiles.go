package cli

import (
	"context"
	"os"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// jobsFiles are the -f flags of a command.
type jobsFiles struct {
	Files []string `short:"f" name:"file" required:"" sep:"none" help:"A jobs file; repeat -f to override earlier files." placeholder:"FILE"`

	// stamps are those of the files that were last read, and of the files that these name, from just before
	// each was read.
	stamps map[string]string
}

// load reads the files and the variables of the environment.
func (f *jobsFiles) load(ctx context.Context) (jobfile.File, []jobfile.Problem, error) {
	sources := make([]jobfile.Source, len(f.Files))
	f.stamps = map[string]string{}
	read := func(name string) ([]byte, error) {
		if _, again := f.stamps[name]; !again { // a calendar is read for each job that names it
			f.stamps[name] = stamp(name)
		}
		return readBounded(ctx, name, jobfile.MaxBytes)
	}
	for i, name := range f.Files {
		data, err := read(name)
		if err != nil {
			return jobfile.File{}, nil, usagef("reading the jobs file: %w", err)
		}
		sources[i] = jobfile.Source{Name: name, Data: data}
	}
	file, problems := loadSources(sources, read)
	return file, problems, nil
}

// loadSources reads jobs files, and by read the files that these name.
func loadSources(sources []jobfile.Source, read func(path string) ([]byte, error)) (jobfile.File, []jobfile.Problem) {
	return jobfile.Load(sources, jobfile.Options{Env: os.LookupEnv, ReadFile: read})
}

// read is like load, for commands that need files without a problem. It returns all problems in
// one error. undone says what was therefore not done.
func (f *jobsFiles) read(ctx context.Context, undone string) (jobfile.File, error) {
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
	return usagef("the jobs file has %s, so nothing was %s:\n%s", job.Counted(len(problems), "problem"), undone, strings.Join(lines, "\n"))
}

func problemLine(p jobfile.Problem) string {
	if p.Line == 0 {
		return p.File + ": " + p.String()
	}
	return p.File + ":" + p.String()
}
