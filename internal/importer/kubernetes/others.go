package kubernetes

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// isCronJob reports whether an object is a CronJob of Kubernetes itself. Other API groups have kinds
// of the same name.
func isCronJob(o *doc.Node) bool {
	version := o.Get("apiVersion")
	return o.Get("kind").String() == "CronJob" &&
		(strings.HasPrefix(version.String(), "batch/") || version.Absent())
}

// complete switches off what no cluster has taken as it is. The items of a CronJobList name neither
// their kind nor their version.
func (r *reading) complete() {
	if r.cron.Has("kind") && r.cron.Get("apiVersion").Absent() {
		r.e.Off(&r.j, "it has no apiVersion, so kubectl refuses the file: check what is deployed")
	}
}

// scheduled gives the other objects of a document that have a schedule: Argo workflows, Velero
// backups, Spark applications.
func scheduled(d *doc.Node) (out []*doc.Node) {
	for _, o := range append([]*doc.Node{d}, d.Get("items").List()...) {
		spec := o.Get("spec")
		if kind := o.Get("kind").String(); kind != "" && !isCronJob(o) && (!spec.Get("schedule").Absent() || !spec.Get("schedules").Absent()) {
			out = append(out, o)
		}
	}
	return out
}

// refuse lists an object that has a schedule and is not a CronJob. Otherwise somebody might switch
// off its cluster because the report does not mention it.
func refuse(in *importer.Import, file string, o *doc.Node) {
	kind, spec := o.Get("kind").String(), o.Get("spec")
	e := importer.NewEntry(o.Line, strings.ToLower(kind), spec.Get("schedule").String())
	e.Item = strings.ToLower(kind) + " " + strings.TrimPrefix(o.Get("metadata", "namespace").String()+"/"+o.Get("metadata", "name").String(), "/")
	e.File = file
	if kind == "CronJob" {
		kind += " of " + o.Get("apiVersion").String()
	}
	e.Refuse("a %s has a schedule of its own and is no CronJob of Kubernetes: its controller goes on running it; write a job by hand if it is to move", importer.Clip(kind))
	in.Entries = append(in.Entries, e)
}
