package kubernetes

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// configMaps holds the ConfigMaps of the files, by namespace and name.
type configMaps map[string]*doc.Node

// add adds the ConfigMaps of a document, which may be a list.
func (c configMaps) add(d *doc.Node) {
	if d.Kind != doc.Map {
		return
	}
	for _, one := range append(d.Get("items").List(), d) {
		if one.Get("kind").String() == "ConfigMap" {
			c[one.Get("metadata", "namespace").String()+"/"+one.Get("metadata", "name").String()] = one.Get("data")
		}
	}
}

// configMap gives a ConfigMap that the CronJob may read.
func (r *reading) configMap(name string) (data *doc.Node, ok bool) {
	data, ok = r.maps[r.cron.Get("metadata", "namespace").String()+"/"+name]
	return data, ok
}

// environment reads the variables. They go into the task definition, as they were in the pod, and
// env overrides envFrom. It reports references to what only the cluster knows.
func (r *reading) environment(c *doc.Node, values []expanded) {
	own := map[string]bool{}
	for _, v := range c.Get("env").List() {
		own[v.Get("name").String()] = true
	}
	for _, from := range c.Get("envFrom").List() {
		r.all(from, own)
	}
	for i, v := range c.Get("env").List() {
		r.variable(v.Get("name").String(), v, values[i])
	}
	r.e.Literals(r.d.Environment, "task definitions")
}

// all adds the variables of a whole ConfigMap, except those that env sets.
func (r *reading) all(from *doc.Node, own map[string]bool) {
	if name := from.Get("configMapRef", "name").String(); name != "" {
		if data, ok := r.configMap(name); ok {
			data.Pairs(func(key string, v *doc.Node) {
				if name := from.Get("prefix").String() + key; !own[name] {
					r.literal(name, v.String())
				}
			})
			r.e.Note("its variables of the ConfigMap %s are written into the task definition", name)
			return
		}
	}
	for _, source := range []string{"configMapRef", "secretRef"} {
		if ref := from.Get(source); !ref.Absent() {
			r.e.Off(&r.j, "its variables include all of %s %s%s, which the file does not hold: write them into environment and secrets", source, ref.Get("name").String(), prefixed(from.Get("prefix").String()))
		}
	}
}

// prefixed says what precedes the name of each variable.
func prefixed(prefix string) string {
	if prefix == "" {
		return ""
	}
	return ", each with " + prefix + " before its name"
}

func (r *reading) variable(name string, v *doc.Node, value expanded) {
	from := v.Get("valueFrom")
	secret, config := from.Get("secretKeyRef"), from.Get("configMapKeyRef")
	switch {
	case !secret.Absent():
		importer.Set(&r.d.Secrets, name, "arn:"+importer.ReplaceMe)
		r.e.Decide("%s comes from the key %s of the Secret %s: put it into Secrets Manager or a SecureString and write its ARN into secrets", name, secret.Get("key").String(), secret.Get("name").String())
	case !config.Absent():
		data, ok := r.configMap(config.Get("name").String())
		if value := data.Get(config.Get("key").String()); ok && !value.Absent() {
			r.literal(name, value.String())
			return
		}
		importer.Set(&r.d.Environment, name, importer.ReplaceMe)
		r.e.Off(&r.j, "%s comes from the key %s of the ConfigMap %s, whose value the file does not hold: %s is written instead", name, config.Get("key").String(), config.Get("name").String(), importer.ReplaceMe)
	case !from.Absent():
		source, _ := from.Only()
		r.e.Off(&r.j, "%s comes from the pod (%s), which a task does not have: BATCHPLANE_RUN_ID and its like say which run it is", name, source)
	case len(value.asks) > 0:
		importer.Set(&r.d.Environment, name, importer.ReplaceMe)
		r.e.Off(&r.j, "Kubernetes puts $(%s) into its variable %s, which the file does not say and ECS does not put in: %s is written instead; let the command put it together, or store all of it as one secret", strings.Join(value.asks, "), $("), name, importer.ReplaceMe)
	default:
		r.literal(name, value.text)
	}
}

// literal sets a variable to a value, unless the value looks like a secret; that is not written.
func (r *reading) literal(name, value string) {
	if importer.HoldsSecret(name, value) {
		importer.Set(&r.d.Secrets, name, "arn:"+importer.ReplaceMe)
		r.hidden = append(r.hidden, value)
		r.e.Off(&r.j, "its variable %s looks like a secret and is not written: put it into Secrets Manager or a SecureString and write its ARN into secrets", name)
		return
	}
	importer.Set(&r.d.Environment, name, value)
}
