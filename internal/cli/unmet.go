package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/wire"
)

// unmet lists, one sentence each, what the jobs ask for and this machine does not do.
func (c *localCmd) unmet(file jobfile.File, targets *wire.Targets) (out []string) {
	names := func(has func(job.Job) bool) (names []string) {
		for _, j := range file.Jobs {
			if has(j) {
				names = append(names, j.Name)
			}
		}
		return names
	}
	say := func(jobs []string, format string) {
		if len(jobs) > 0 {
			out = append(out, fmt.Sprintf(format, strings.Join(jobs[:min(len(jobs), 5)], ", ")+more(len(jobs)-5)))
		}
	}
	say(names(func(j job.Job) bool { return len(j.Command) == 0 }), "not here: an image's own command: give %s a `command` to run on this machine")
	say(names(func(j job.Job) bool { return j.CPU > 0 }), "not here: cpu is not limited on this machine (%s)")
	say(names(func(j job.Job) bool { return j.Window > 0 }), "not here: window: jobs start at their time, not some minutes later (%s)")
	if c.unlimited != nil {
		say(names(func(j job.Job) bool { return j.Memory > 0 || memoryOf(file.Definitions, j.TaskDefinition) > 0 }), "not here: memory is not limited (%s): "+strings.ReplaceAll(c.unlimited.Error(), "%", "%%"))
	}
	say(names(func(j job.Job) bool { return j.TaskRole != "" || j.ExecutionRole != "" || !j.Network.IsZero() }), "not here: roles and networks: tasks run as this user, in this machine's network (%s)")
	if c.switched {
		out = append(out, "the jobs file's folder is reached by a link; if each release moves the link, give --db, or each release starts with a new state that knows no runs")
	}
	if unknown := targets.Unknown(file.Jobs); len(unknown) > 0 {
		out = append(out, fmt.Sprintf("not here: targets that --targets does not have: %s; their notices go to the terminal only", strings.Join(unknown, ", ")))
	}
	say(c.absent(file.Definitions), "not here: secrets that neither --secrets nor the environment has: %s; jobs that need them fail")
	return out
}

// behindLink reports whether a state is new and lies beside a jobs file that is reached by a link
// to its folder. If each release switches that link, the next release gets another state, which
// knows of no runs.
func behindLink(file, db string) bool {
	if _, err := os.Stat(db); err == nil {
		return false
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return false
	}
	target, err := filepath.EvalSymlinks(dir)
	return err == nil && target != dir && strings.HasPrefix(db, target+string(filepath.Separator))
}

// memoryOf returns the memory that a task definition of a file sets, or 0.
func memoryOf(definitions []job.TaskDefinition, family string) int {
	for _, d := range definitions {
		if d.Family == family {
			return d.Memory
		}
	}
	return 0
}

// absent returns the secrets that are not known, by the names under which they are stored.
func (c *localCmd) absent(definitions []job.TaskDefinition) (absent []string) {
	for _, d := range definitions {
		for variable, storedAs := range d.Secrets {
			if _, ok := c.secrets.Lookup(storedAs, variable); !ok && !slices.Contains(absent, storedAs) {
				absent = append(absent, storedAs)
			}
		}
	}
	slices.Sort(absent)
	return absent
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}
