package render

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// divided puts the entries into as few templates as possible.
func (o Options) divided(entries []entry, bases map[string]job.TaskDefinition) []Template {
	resources, bytes := 0, 0
	sizes := make([]size, len(entries))
	for i, e := range entries {
		sum := sha256.Sum256([]byte(e.key))
		sizes[i] = size{len(e.text(len(entries))), int(sum[0])<<8 | int(sum[1])} // no number of a template is longer
		resources += e.resources
		bytes += sizes[i].bytes
	}
	parts := max(1, (resources+MaxResources-1)/MaxResources, bytes/MaxBytes)
	for parts <= len(entries) && !fits(entries, sizes, bases, parts) {
		parts++
	}
	return o.write(divide(entries, sizes, bases, parts), parts)
}

// fits reports whether that many templates are enough.
func fits(entries []entry, sizes []size, bases map[string]job.TaskDefinition, parts int) bool {
	type key struct {
		at   int
		base string
	}
	there := map[key]bool{}
	resources, bytes := make([]int, parts), make([]int, parts)
	for i, e := range entries {
		at := sizes[i].place % parts
		resources[at] += e.resources
		bytes[at] += sizes[i].bytes
		if d, ok := bases[e.base]; ok && !there[key{at, e.base}] {
			there[key{at, e.base}] = true
			resources[at]++
			bytes[at] += len(definition(d))
		}
		if resources[at] > MaxResources || bytes[at] > MaxBytes {
			return false
		}
	}
	return true
}

// size is the size of an entry, and the place that its name gives it.
type size struct{ bytes, place int }

// place is the content of one template: its entries, and each base definition that they refer to. A
// base definition is in every template that needs it, since no template can refer to another's.
type place struct {
	entries   []entry
	bases     map[string]job.TaskDefinition
	resources int
}

// divide puts each entry into the template that its name gives it, so that a new job moves no
// other.
func divide(entries []entry, sizes []size, bases map[string]job.TaskDefinition, parts int) []place {
	places := make([]place, parts)
	for i, e := range entries {
		p := &places[sizes[i].place%parts]
		p.entries = append(p.entries, e)
		p.resources += e.resources
		if d, ok := bases[e.base]; ok && p.bases[e.base].Family == "" {
			if p.bases == nil {
				p.bases = map[string]job.TaskDefinition{}
			}
			p.bases[e.base] = d
			p.resources++
		}
	}
	return places
}

func (o Options) write(places []place, parts int) (out []Template) {
	for i, p := range places {
		if p.resources == 0 {
			continue
		}
		var b strings.Builder
		b.WriteString(o.head(i, parts))
		for _, family := range slices.Sorted(maps.Keys(p.bases)) {
			b.WriteString(definition(p.bases[family]))
		}
		for _, e := range p.entries {
			b.WriteString(e.text(i))
		}
		out = append(out, Template{Text: []byte(b.String()), Resources: p.resources})
	}
	return out
}
