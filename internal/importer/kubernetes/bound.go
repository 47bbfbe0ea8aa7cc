package kubernetes

import (
	"cmp"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// bindings holds the service accounts that a binding of the files gives a role, by namespace and name, and
// what it is called.
type bindings map[string]string

// add adds the bindings of a document, which may be a list.
func (b bindings) add(d *doc.Node) {
	if d.Kind != doc.Map {
		return
	}
	for _, one := range append(d.Get("items").List(), d) {
		kind := one.Get("kind").String()
		if kind != "RoleBinding" && kind != "ClusterRoleBinding" {
			continue
		}
		for _, s := range one.Get("subjects").List() {
			if s.Get("kind").String() == "ServiceAccount" {
				space := cmp.Or(s.Get("namespace").String(), one.Get("metadata", "namespace").String())
				by, name := kind+" "+one.Get("metadata", "name").String(), "/"+s.Get("name").String()
				b[space+name], b[anySpace+name] = by, by
			}
		}
	}
}

// rights switches off a job whose pod has rights in its cluster: its program asks the cluster's API, of which a
// task knows nothing.
func (r *reading) rights(spec *doc.Node) {
	account := cmp.Or(spec.Get("serviceAccountName").String(), spec.Get("serviceAccount").String())
	space := cmp.Or(r.cron.Get("metadata", "namespace").String(), anySpace)
	if by := r.bound[space+"/"+account]; by != "" {
		r.e.Off(&r.j, "its service account %s has rights in its cluster by the %s, so its program most likely asks the cluster's API, which a task does not reach by itself: leave it there, or give it a way in", importer.Clip(account), importer.Clip(by))
	}
}

// anySpace stands for the namespace of what leaves that to kubectl.
const anySpace = "*"
