package kubernetes

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// scheduled gives the other objects of a document that have a schedule: Argo workflows, Velero
// backups, Spark applications.
func scheduled(d *doc.Node) (out []*doc.Node) {
	for _, o := range append([]*doc.Node{d}, d.Get("items").List()...) {
		spec := o.Get("spec")
		if kind := o.Get("kind").String(); kind != "" && kind != "CronJob" && (!spec.Get("schedule").Absent() || !spec.Get("schedules").Absent()) {
			out = append(out, o)
		}
	}
	return out
}

// refuse lists an object that has a schedule and is not a CronJob. Otherwise somebody might switch
// off its cluster because the report does not mention it.
func refuse(in *importer.Import, file string, several bool, o *doc.Node) {
	kind, spec := o.Get("kind").String(), o.Get("spec")
	e := importer.NewEntry(o.Line, strings.ToLower(kind), spec.Get("schedule").String())
	e.Item = strings.ToLower(kind) + " " + strings.TrimPrefix(o.Get("metadata", "namespace").String()+"/"+o.Get("metadata", "name").String(), "/")
	if several {
		e.File = file
	}
	e.Refuse("a %s has a schedule of its own and is no CronJob: its controller goes on running it; write a job by hand if it is to move", kind)
	in.Entries = append(in.Entries, e)
}
