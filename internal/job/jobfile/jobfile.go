// Package jobfile reads jobs.yaml: one file with many jobs, and defaults above them. It
// reports all problems at once, each with its place and what was probably meant. It gives jobs
// only if there is no problem.
package jobfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
)

// Limits of a jobs file.
const (
	MaxBytes = 4 << 20
	MaxJobs  = 10_000
)

// maxRead is the most bytes that a file may have once aliases and defaults are expanded.
const maxRead = 16 << 20

// Problem is one fault of the file. Line and Column count from 1; 0 means the file as a whole.
// File is the name of its source.
type Problem struct {
	File         string
	Line, Column int
	Message      string

	file int
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
}

// job reads one job over a copy of the defaults and validates it. The nodes of a later source
// override those of earlier ones.
func (d *decoder) job(nodes []located, defaults job.Job) (job.Job, ast.Node) {
	j := clone(defaults)
	d.spend(weight(j))
	first := nodes[0]
	d.enter(first.file)
	d.places, d.times = map[string]ast.Node{}, maps.Clone(d.defaultTimes)
	d.stands("", first.Node)
	before := len(d.problems)
	for _, n := range nodes {
		d.enter(n.file)
		pairs, ok := d.pairs(n.Node)
		if !ok {
			d.add(n.Node, "a job must be a mapping of keys to values")
			return j, n.Node
		}
		readFields(d, n.Node, "", jobFields, &j)
		if d.places["name"] == nil && !hasKey(pairs, "name") {
			d.add(n.Node, "a job without a name")
		}
	}
	d.setTimes(&j)
	d.validate(j, d.problems[before:])
	d.schedule(j)
	return j, d.place("name")
}

// validate adds the faults that only the whole job shows. It skips values that have been
// reported already.
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
		if wrong(p.Field) || size && (wrong("cpu") || wrong("memory")) || p.Field == "name" && d.places["name"] == nil {
			continue
		}
		d.add(d.place(p.Field), "%s: %s", p.Field, p.Message)
	}
}

// place finds where a field is: in the job, in the defaults, or else the nearest field around
// it.
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
