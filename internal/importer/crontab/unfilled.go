package crontab

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
)

// holes match what a program replaces before cron reads the file: a variable of Jinja or Mustache
// and its filters; statements of Jinja; ERB; the tags of mySociety's own program; the names of
// YunoHost's and of sed scripts; those of configure; and a <name> within a path. A template that a
// command gives to docker or kubectl has a dot before each name, and so no hole.
var holes = regexp.MustCompile(`\{\{-?\s*[A-Za-z_][\w.\[\]'"]*\s*(?:\|[^{}]*)?-?\}\}|\{%-?\s*\w[^%]*%\}|<%[^%]*%>|!!\(\*.*?\*\)!!|__[A-Z][A-Z0-9_]*__|@@[A-Za-z_]\w*@@|(?:^|[\s"'=/:])@[A-Z][A-Z0-9_]*@|[/=:@]<[A-Za-z][\w -]*>`)

// noHoles look like holes: the constants of PHP and C, and statements of Go's templates.
var noHoles = regexp.MustCompile(`^(?:__(?:FILE|DIR|LINE|CLASS|FUNCTION|METHOD|NAMESPACE)__|\{\{-?\s*(?:end|else|break|continue)\s*-?\}\})$`)

// hole gives the first part of a text that another program still has to fill in, or "".
func hole(text string) string {
	for _, h := range holes.FindAllString(text, -1) {
		if !noHoles.MatchString(h) {
			return importer.Clip(importer.Hide(strings.TrimSpace(h)))
		}
	}
	return ""
}

const filledIn = "which another program fills in before cron reads the file: import what it writes, or what `crontab -l` prints"

// unfilled disables a job of a template: what it did is not in the file.
func (v *environment) unfilled(r *importer.Command, l lines.Line) {
	if h := hole(l.Text); h != "" {
		r.Off("it holds %s, %s", h, filledIn)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(v.vars)) {
		if h := hole(v.vars[name]); h != "" {
			r.Off("its %s holds %s, %s", name, h, filledIn)
			return
		}
	}
	if h := hole(v.shell); h != "" {
		r.Off("its SHELL holds %s, %s", h, filledIn)
	}
}

// ofTemplate refuses a line that is a line of a crontab only once another program has filled it in.
func ofTemplate(e *importer.Entry, l lines.Line) bool {
	h := hole(l.Text)
	if h == "" || l.Kind == lines.Env && taskVariable.MatchString(l.Name) {
		return false
	}
	e.Text, _ = importer.HideRest(e.Text)
	e.Refuse("it holds %s, %s", h, filledIn)
	return true
}
