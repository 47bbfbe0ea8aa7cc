// Package jobdiff says in words what a change of the jobs would change.
package jobdiff

import (
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

// Change is what happens to one job, a sentence each.
type Change struct {
	Job   string   `json:"job"`
	Kind  Kind     `json:"kind"`
	Words []string `json:"words"`
}

// Of compares jobs by name. Runs are compared over the year from a time on.
// Jobs that are the same are not in it; the order is that of the names.
func Of(before, after []job.Job, from time.Time) []Change {
	was, is := byName(before), byName(after)
	names := maps.Clone(was)
	maps.Copy(names, is)
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, had := was[name]
		b, has := is[name]
		switch {
		case !had:
			out = append(out, Change{name, Added, []string{running(b)}})
		case !has:
			out = append(out, Change{name, Removed, []string{"its schedule disappears, and nothing starts it any more; its history stays", "it was " + running(a)}})
		case a.Hash() != b.Hash():
			out = append(out, Change{name, Changed, slices.Concat(schedule(a, b, from), fields(a, b))})
		}
	}
	return out
}

func byName(jobs []job.Job) map[string]job.Job {
	m := make(map[string]job.Job, len(jobs))
	for _, j := range jobs {
		m[j.Name] = j
	}
	return m
}

// fields names the fields that differ, beside those that the schedule's words
// tell.
func fields(a, b job.Job) []string {
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

// flat is a job as paths and values in JSON; lists stay whole.
func flat(j job.Job) map[string]string {
	out := map[string]string{}
	b, err := json.Marshal(j)
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
