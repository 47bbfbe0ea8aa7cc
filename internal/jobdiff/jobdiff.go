// Package jobdiff describes in sentences what changing the jobs would change.
package jobdiff

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Kind is what happens to a job.
type Kind string

// Kinds of changes.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Change is what happens to one job or one base definition of tasks, in sentences.
type Change struct {
	Job string `json:"job,omitempty"`
	// Definition is the family of a task definition.
	Definition string   `json:"taskDefinition,omitempty"`
	Kind       Kind     `json:"kind"`
	Words      []string `json:"words"`
}

// Subject names what changes.
func (c Change) Subject() string {
	if c.Definition != "" {
		return "task definition " + c.Definition
	}
	return c.Job
}

// Of compares jobs by name, and their runs over the year from a time on. It leaves out jobs that
// are the same. The changes are in the order of the names.
func Of(before, after []job.Job, from time.Time) []Change {
	was, is := byName(before), byName(after)
	names := maps.Clone(was)
	maps.Copy(names, is)
	compared := comparison{from, map[[2]string][]string{}}
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, had := was[name]
		b, has := is[name]
		switch {
		case !had:
			out = append(out, Change{Job: name, Kind: Added, Words: []string{running(b)}})
		case !has:
			out = append(out, Change{Job: name, Kind: Removed, Words: []string{"its schedule is removed, so nothing starts it any more; its history stays", "it was " + running(a)}})
		case a.Hash() != b.Hash():
			out = append(out, Change{Job: name, Kind: Changed, Words: slices.Concat(compared.schedule(a, b), fields(a, b))})
		}
	}
	return out
}

// Definitions compares base definitions of tasks by family, in the order of the families. A
// default equals the same value written out.
func Definitions(before, after []job.TaskDefinition) []Change {
	was, is := byFamily(before), byFamily(after)
	families := maps.Clone(was)
	maps.Copy(families, is)
	var out []Change
	for _, family := range slices.Sorted(maps.Keys(families)) {
		a, had := was[family]
		b, has := is[family]
		words := Settings(a, b)
		switch {
		case !had:
			out = append(out, Change{Definition: family, Kind: Added, Words: []string{"image: " + b.Image}})
		case !has:
			out = append(out, Change{Definition: family, Kind: Removed, Words: []string{"the deployment deregisters it: a job that still names it cannot be launched"}})
		case len(words) > 0:
			out = append(out, Change{Definition: family, Kind: Changed, Words: append(words, "the deployment registers a new revision: the jobs that name it use it from their next run")})
		}
	}
	return out
}

// Settings names the settings that differ between two definitions of a family. A default equals the same
// value written out.
func Settings(before, after job.TaskDefinition) []string { return fields(whole(before), whole(after)) }

// whole fills in the defaults of a definition.
func whole(d job.TaskDefinition) job.TaskDefinition {
	d.CPU, d.Memory = d.Size()
	d.Container = cmp.Or(d.Container, d.Family)
	d.Architecture = cmp.Or(d.Architecture, job.Architectures[0])
	return d
}

func byFamily(definitions []job.TaskDefinition) map[string]job.TaskDefinition {
	m := make(map[string]job.TaskDefinition, len(definitions))
	for _, d := range definitions {
		m[d.Family] = d
	}
	return m
}

func byName(jobs []job.Job) map[string]job.Job {
	m := make(map[string]job.Job, len(jobs))
	for _, j := range jobs {
		m[j.Name] = j
	}
	return m
}

// fields names the fields that differ, except those that the schedule's sentences describe.
func fields(a, b any) []string {
	was, is := flat(a), flat(b)
	names := maps.Clone(was)
	maps.Copy(names, is)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(names)) {
		x, had := was[path]
		y, has := is[path]
		switch {
		case x == y || path == "schedule" || path == "timezone" || path == "disabled":
		case !had:
			out = append(out, fmt.Sprintf("%s: now %s", path, clip(y)))
		case !has:
			out = append(out, fmt.Sprintf("%s: no longer %s", path, clip(x)))
		default:
			out = append(out, fmt.Sprintf("%s: %s becomes %s", path, clip(x), clip(y)))
		}
	}
	return out
}

// flat gives a job or definition as paths and values in JSON. Lists stay whole.
func flat(of any) map[string]string {
	out := map[string]string{}
	b, err := json.Marshal(of)
	if err != nil {
		return out // strings, numbers, slices and string maps always marshal
	}
	var top map[string]any
	if err := json.Unmarshal(b, &top); err != nil {
		return out
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if m, ok := v.(map[string]any); ok {
			for key, value := range m {
				walk(strings.TrimPrefix(path+"."+key, "."), value)
			}
			return
		}
		var text strings.Builder
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		_ = e.Encode(v) // it was JSON
		out[path] = strings.TrimSpace(text.String())
	}
	walk("", top)
	return out
}

func clip(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:117]) + "..."
	}
	return s
}
