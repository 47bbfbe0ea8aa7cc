// Package ecschedule makes jobs from the files of Songmu/ecschedule.
package ecschedule

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/job"
)

// Reader reads configurations of ecschedule, in YAML and JSON.
type Reader struct{}

// Kind gives the word after `import`.
func (Reader) Kind() string { return "ecschedule" }

// Recognise reports whether a file has rules with a schedule, or templates that may make them.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	if !bytes.Contains(f.Data, []byte("scheduleExpression")) {
		return "", false
	}
	const is = "a configuration of ecschedule"
	if f.Any(isConfiguration) {
		return is, true
	}
	// Templates are rendered before the text is YAML.
	return is, bytes.Contains(f.Data, []byte("{{")) && bytes.Contains(f.Data, []byte("taskDefinition")) && bytes.Contains(f.Data, []byte("rules"))
}

func isConfiguration(d *doc.Node) bool {
	return slices.ContainsFunc(d.Get("rules").List(), func(r *doc.Node) bool { return r.Has("scheduleExpression") })
}

// Read makes jobs from the rules in the files.
func (Reader) Read(in *importer.Import, files []*importer.File) error {
	for _, f := range files {
		docs, err := f.Docs()
		if err != nil {
			return unrendered(f, err)
		}
		for _, d := range docs {
			for _, p := range d.Get("plugins").List() {
				e := importer.NewEntry(p.Line, "plugin", p.Get("name").String())
				e.Item = "plugin " + p.Get("name").String()
				e.Note("it feeds templates in the file: render them before the import")
				in.Entries = append(in.Entries, e)
			}
			in.At(importer.Place{Region: d.Get("region").String()})
			for _, r := range d.Get("rules").List() {
				rule(in, f, len(files) > 1, d, r)
			}
		}
	}
	return nil
}

// unrendered gives the error for a file that is YAML only once its templates are rendered.
func unrendered(f *importer.File, err error) error {
	if !bytes.Contains(f.Data, []byte("{{")) {
		return fmt.Errorf("%s could not be read: %w", importer.Said(f.Name), err)
	}
	return &importer.ForeignError{
		Sentence: f.Name + " holds templates ({{ ... }}), which ecschedule renders before it reads YAML: `ecschedule dump --cluster CLUSTER --region REGION` prints what is deployed, or import that with `batchplane import eventbridge --live`",
	}
}

func rule(in *importer.Import, f *importer.File, several bool, top, r *doc.Node) {
	name, expression := r.Get("name").String(), r.Get("scheduleExpression").String()
	e := importer.NewEntry(r.Line, "rule", expression)
	e.Item = "rule " + name
	if several {
		e.File = f.Name
	}
	defer func() { in.Entries = append(in.Entries, e) }()
	if open := templates(r); open != "" {
		e.Refuse("it holds the template %s, whose value the file does not say: import what is deployed with `batchplane import eventbridge --live`, or render it first", open)
		return
	}
	j := job.Job{Description: importer.Hide(r.Get("description").String()), Disabled: r.Get("disabled").True()}
	if !in.EventBridge(&e, &j, expression, "") {
		return
	}
	if j.Disabled {
		e.Note("it is disabled, so the job is switched off")
	}
	over := &doc.Node{Kind: doc.Map}
	for _, key := range []string{"cpu", "memory"} {
		if v := r.Get("taskOverride", key); !v.Absent() {
			over.Keys, over.Values = append(over.Keys, key), append(over.Values, v)
		}
	}
	if v := r.Get("containerOverrides"); !v.Absent() {
		over.Keys, over.Values = append(over.Keys, "containerOverrides"), append(over.Values, v)
	}
	off := j.Disabled
	ecs.Target{Cluster: either(r, top, "cluster"), Parameters: r, Input: over}.Job(&e, &j)
	others(&e, r)
	in.Elsewhere(&e, &j, importer.Place{Region: either(r, top, "region")})
	in.Again(&e, &j, either(r, top, "region")+" "+name)
	in.Take(&e, j, name)
	if e.Job != nil && !off {
		region := ""
		if v := either(r, top, "region"); v != "" {
			region = " --region " + importer.Word(v)
		}
		hint := "   # and set disabled in " + importer.Word(f.Base()) + ": the next `ecschedule apply` brings back what that says"
		in.Switch("aws events disable-rule --name "+importer.Word(name)+region+hint, "aws events enable-rule --name "+importer.Word(name)+region+hint)
	}
}

// either gives a rule's own value, or else that of the whole file.
func either(r, top *doc.Node, key string) string {
	return cmp.Or(r.Get(key).String(), top.Get(key).String())
}

func others(e *importer.Entry, r *doc.Node) {
	ecs.DeadLetters(e, r.Get("dead_letter_config", "sqs").String())
	if role := r.Get("role").String(); role != "" {
		e.Note("the role %s started the task; here the stack's own role does", role)
	}
	if r.Has("targets") {
		e.Decide("it has further targets: make a job of each")
	}
	switch tags := ecs.Get(r, "PropagateTags").String(); tags {
	case "":
	case "TASK_DEFINITION":
		e.Note("propagateTags %s: the tags of the task definition come along here too", tags)
	default:
		e.Change("propagateTags %s is dropped: the tags of the task definition always come along", importer.Clip(tags))
	}
	unread(e, r, "", known)
	unread(e, r.Get("taskOverride"), "taskOverride.", []string{"cpu", "memory"})
}

// known are the keys of a rule that are read, reported by name, or irrelevant to the job, in lower
// case and without _.
var known = []string{
	"name", "description", "scheduleexpression", "disabled", "targetid", "taskdefinition", "taskcount", "taskoverride", "containeroverrides", "role", "group", "platformversion", "launchtype",
	"networkconfiguration", "deadletterconfig", "propagatetags", "capacityproviderstrategy", "targets", "region", "cluster", "trackingid",
	"enableecsmanagedtags", "enableexecutecommand", "placementconstraints", "placementstrategy", "tags",
}

// unread reports keys that are not known.
func unread(e *importer.Entry, n *doc.Node, prefix string, known []string) {
	n.Pairs(func(key string, _ *doc.Node) {
		if !slices.Contains(known, strings.ToLower(strings.ReplaceAll(key, "_", ""))) {
			e.Decide("its key %s is not known and is left out", prefix+importer.Clip(key))
		}
	})
}

// templates gives the first template that is left in a rule, or "". ecschedule itself writes
// ecschedule::<NAME> for a variable that is not set
// (https://github.com/Songmu/ecschedule/blob/main/template.go).
func templates(n *doc.Node) string {
	if strings.Contains(n.String(), "{{") || strings.Contains(n.String(), "ecschedule::") {
		return importer.Clip(n.String())
	}
	for _, v := range append(append([]*doc.Node(nil), n.Items...), n.Values...) {
		if found := templates(v); found != "" {
			return found
		}
	}
	return ""
}
