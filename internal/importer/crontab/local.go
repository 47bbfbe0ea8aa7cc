package crontab

import (
	"slices"
	"strings"

	lines "github.com/batchplane/batchplane/internal/cron/crontab"
	"github.com/batchplane/batchplane/internal/importer"
)

const root = "root"

// user gives who is to start local mode for a file: root, who may become another, if the file names root,
// or else the first user that it names. It is "" for a user's crontab.
func user(all []lines.Line) (first string) {
	for i := range all {
		if l := &all[i]; l.Kind == lines.Job && l.Doubt == "" && (first == "" || l.User == root) {
			first = l.User
		}
	}
	return first
}

// ranAs says what becomes of the user of a line. Local mode runs all jobs as the user who starts it.
func (in *importing) ranAs(r *importer.Command, user string) {
	switch {
	case user == "":
	case !in.Local:
		r.E.Note("it ran as %s: in a container, the task definition sets the user, and the task role its rights", user)
	case user == in.user:
		r.E.Note("it ran as %s, and does so again if that user starts local mode", user)
	case in.user == root:
		r.Off("it ran as %s, and local mode runs all jobs as the user who starts it, here root: let the whole line run as that user, by `command: [runuser, -u, %s, --, /bin/sh, -c, \"cd; LINE\"]`, or run it from a jobs file of its own as %s", user, user, user)
	default:
		r.Off("it ran as %s, and local mode runs all jobs as the user who starts it, here %s: run it from a jobs file of its own as %s", user, in.user, user)
	}
}

// asWritten says how local mode reads the schedule of a line: package cron reads it on both sides.
func (in *importing) asWritten(e *importer.Entry, l lines.Line) {
	warn(e, l)
	if slices.ContainsFunc(strings.Fields(l.Schedule), func(f string) bool { return strings.Contains(f, "~") }) {
		e.Note("the ~ range becomes a fixed value; cron would draw a new one each time it loads the file")
	}
	e.Proof = "the schedule stays as it is, and local mode reads it by the rules of this import, which are cronie's"
}
