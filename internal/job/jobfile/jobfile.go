// Package jobfile reads jobs.yaml: one file, many jobs, defaults above. It
// reports every problem at once, each with its place and what was likely
// meant, and yields jobs only when there is none.
package jobfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// Limits of a jobs file.
const (
	MaxBytes = 4 << 20
	MaxJobs  = 10_000
)

// Problem is one fault of the file. Line and Column count from 1; 0 is the
// file as a whole.
type Problem struct {
	Line, Column int
	Message      string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
}

// Parse reads a jobs file. Jobs come in the file's order and only when there
// is no problem; problems come in the order of their places.
func Parse(data []byte) ([]job.Job, []Problem) {
	if len(data) > MaxBytes {
		return nil, []Problem{{Message: fmt.Sprintf("the file has %d bytes; at most %d are read", len(data), MaxBytes)}}
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []Problem{syntaxProblem(err)}
	}
	d := &decoder{anchors: map[string]ast.Node{}}
	jobs := d.document(file)
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	return jobs, nil
}

func syntaxProblem(err error) Problem {
	p := Problem{Message: "this is not YAML: " + firstLine(err.Error())}
	var ye yaml.Error
	if errors.As(err, &ye) {
		p.Message = "this is not YAML: " + ye.GetMessage()
		if t := ye.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (d *decoder) document(file *ast.File) []job.Job {
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	switch {
	case len(docs) == 0:
		d.problems = append(d.problems, Problem{Message: "the file is empty: it needs `jobs:` with at least one job"})
		return nil
	case len(docs) > 1:
		d.add(docs[1], "a second document: put all jobs under one `jobs:`")
		return nil
	}
	var defaults job.Job
	var jobs []ast.Node
	found := false
	d.mapping(docs[0], "", func(key string, n ast.Node) bool {
		switch key {
		case "defaults":
			d.fields(n, "defaults", defaultFields, &defaults)
		case "jobs":
			found = true
			jobs = d.sequence(n, "jobs")
		default:
			return false
		}
		return true
	}, []string{"defaults", "jobs"})
	if !found {
		d.add(docs[0], "`jobs:` is missing: it holds the list of jobs")
	}
	return d.jobs(jobs, defaults)
}

func (d *decoder) jobs(nodes []ast.Node, defaults job.Job) []job.Job {
	if len(nodes) > MaxJobs {
		d.add(nodes[MaxJobs], "more than %d jobs in one file", MaxJobs)
		return nil
	}
	first := map[string]ast.Node{}
	out := make([]job.Job, 0, len(nodes))
	for _, n := range nodes {
		j, nameNode := d.job(n, defaults)
		if j.Name == "" {
			continue
		}
		if other, dup := first[j.Name]; dup {
			d.add(nameNode, "a second job named %q; the first is on line %d", j.Name, other.GetToken().Position.Line)
			continue
		}
		first[j.Name] = nameNode
		out = append(out, j)
	}
	return out
}

// job reads one job over a copy of the defaults and validates it. Faults that
// the fields already showed are not told again.
func (d *decoder) job(n ast.Node, defaults job.Job) (job.Job, ast.Node) {
	j := clone(defaults)
	d.places = map[string]ast.Node{"": n}
	before := len(d.problems)
	d.fields(n, "", jobFields, &j)
	if j.Name == "" {
		if d.places["name"] == nil {
			d.add(n, "a job without a name")
		}
		return j, n
	}
	if len(d.problems) > before {
		return j, d.place("name")
	}
	for _, p := range j.Validate() {
		d.add(d.place(p.Field), "%s: %s", p.Field, p.Message)
	}
	d.schedule(j)
	return j, d.place("name")
}

func (d *decoder) schedule(j job.Job) {
	zone, err := cron.LoadZone(j.Zone())
	if err != nil {
		d.add(d.place("timezone"), "timezone: %v", err)
	}
	if j.Schedule == "" {
		return
	}
	spec, bad := cron.Parse(j.Schedule)
	if bad != nil {
		d.add(d.place("schedule"), "schedule: %v", bad)
	}
	if err != nil || bad != nil {
		return
	}
	if spec.NeverFires() {
		d.add(d.place("schedule"), "schedule: %q never fires: no such day exists", j.Schedule)
		return
	}
	if period, ok := shortestPeriod(spec.In(zone, cron.DST{})); ok && j.StartWithin > 0 && time.Duration(j.StartWithin) > period {
		d.add(d.place("startWithin"), "startWithin: %s is longer than the %s between two slots of %q: a late slot would run beside the next one",
			j.StartWithin, job.Duration(period), j.Schedule)
	}
}

// periodSample is how many slots are looked at for the shortest time between
// two: enough for a day of every minute.
const periodSample = 1500

// shortestPeriod is the shortest time between two slots of a schedule in a year
// without surprises.
func shortestPeriod(s cron.Schedule) (time.Duration, bool) {
	at, ok := s.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC))
	shortest := time.Duration(0)
	for range periodSample {
		next, more := s.Next(at)
		if !ok || !more {
			break
		}
		if d := next.Sub(at); shortest == 0 || d < shortest {
			shortest = d
		}
		at = next
	}
	return shortest, shortest > 0
}

// place is where a field, or the nearest one around it, stands.
func (d *decoder) place(field string) ast.Node {
	for {
		if n := d.places[field]; n != nil {
			return n
		}
		i := strings.LastIndexAny(field, ".[")
		if i < 0 {
			return d.places[""]
		}
		field = field[:i]
	}
}
