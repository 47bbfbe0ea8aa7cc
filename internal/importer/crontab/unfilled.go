package crontab

import (
	"maps"
	"slices"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
)

// unfilled disables a job of a template: what it did is not in the file.
func (v *environment) unfilled(r *importer.Command, l lines.Line) {
	if h := importer.Hole(l.Text); h != "" && importer.Hole(r.Line) == "" { // what the command holds is told with the command
		r.Off("it holds %s, %s", h, importer.FilledIn)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(v.vars)) {
		if h := importer.Hole(v.vars[name]); h != "" {
			r.Off("its %s holds %s, %s", name, h, importer.FilledIn)
			return
		}
	}
	if h := importer.Hole(v.shell); h != "" {
		r.Off("its SHELL holds %s, %s", h, importer.FilledIn)
	}
}

// ofTemplate refuses a line that is a line of a crontab only once another program has filled it in.
func ofTemplate(e *importer.Entry, l lines.Line) bool {
	h := importer.Hole(l.Text)
	if h == "" || l.Kind == lines.Env && taskVariable().MatchString(l.Name) {
		return false
	}
	e.Text, _ = importer.HideRest(e.Text)
	e.Refuse("it holds %s, %s", h, importer.FilledIn)
	return true
}
