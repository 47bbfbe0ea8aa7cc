// Package jobfile reads jobs.yaml: one file, many jobs, defaults above. It
// reports every problem at once, each with its place and what was likely
// meant, and yields jobs only when there is none.
package jobfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// Limits of a jobs file.
const (
	MaxBytes = 4 << 20
	MaxJobs  = 10_000
)

// maxRead bounds what aliases and defaults can make of a file.
const maxRead = 16 << 20

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
	file, p := syntaxTree(data)
	if p != nil {
		return nil, []Problem{*p}
	}
	d := &decoder{anchors: map[string]ast.Node{}, told: map[ast.Node]bool{}, left: maxRead}
	jobs := d.document(file)
	if d.left < 0 {
		return nil, []Problem{{Message: fmt.Sprintf("the file says more than %d bytes once its aliases and defaults are written out", maxRead)}}
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(d.problems) > 0 {
		// A fault in the defaults is seen in every job, and told once.
		return nil, slices.Compact(d.problems)
	}
	return jobs, nil
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
	d.mapping(docs[0], "", func(key string, n ast.Node) bool {
		switch key {
		case "defaults":
			d.places = map[string]ast.Node{}
			d.fields(n, "defaults", defaultFields, &defaults)
			d.defaults, d.places = d.places, nil
		case "jobs":
			jobs = d.sequence(n, "jobs")
			if list, ok := d.resolve(n).(*ast.SequenceNode); ok && len(list.Values) == 0 {
				d.add(n, "jobs: is empty: it needs at least one job")
			}
		default:
			return false
		}
		return true
	}, []string{"defaults", "jobs"})
	if pairs, ok := d.pairs(docs[0]); ok && !hasKey(pairs, "jobs") {
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
		if d.left < 0 {
			return nil
		}
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

// job reads one job over a copy of the defaults and validates it.
func (d *decoder) job(n ast.Node, defaults job.Job) (job.Job, ast.Node) {
	j := clone(defaults)
	d.spend(weight(j))
	d.places = map[string]ast.Node{"": n}
	pairs, ok := d.pairs(n)
	if !ok {
		d.add(n, "a job must be a mapping of keys to values")
		return j, n
	}
	before := len(d.problems)
	d.fields(n, "", jobFields, &j)
	if d.places["name"] == nil && !hasKey(pairs, "name") {
		d.add(n, "a job without a name")
	}
	d.validate(j, d.problems[before:])
	d.schedule(j)
	return j, d.place("name")
}

// validate adds what the whole job shows, but nothing about a value that was
// told to be wrong already.
func (d *decoder) validate(j job.Job, told []Problem) {
	wrong := func(field string) bool {
		n := d.place(field)
		return slices.ContainsFunc(told, func(p Problem) bool {
			line, column := position(n)
			return p.Line == line && p.Column == column
		})
	}
	for _, p := range j.Validate() {
		size := p.Field == "cpu" || p.Field == "memory"
		if wrong(p.Field) || size && (wrong("cpu") || wrong("memory")) || p.Field == "name" && j.Name == "" {
			continue
		}
		d.add(d.place(p.Field), "%s: %s", p.Field, p.Message)
	}
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

// place is where a field stands: in the job, in the defaults, or the nearest
// field around it.
func (d *decoder) place(field string) ast.Node {
	for field != "" {
		if n := d.places[field]; n != nil {
			return n
		}
		if n := d.defaults["defaults."+field]; n != nil {
			return n
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	return d.places[""]
}
