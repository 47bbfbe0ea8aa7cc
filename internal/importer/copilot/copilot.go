// Package copilot makes jobs from the manifests of AWS Copilot's Scheduled Jobs. If Copilot
// deployed something other than what is written, the package takes what it deployed.
package copilot

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
)

// Reader reads manifests.
type Reader struct{}

// Kind gives the word after `import`.
func (Reader) Kind() string { return "copilot" }

// Recognise reports whether a file is the manifest of a Scheduled Job.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	if !bytes.Contains(f.Data, []byte("Scheduled Job")) {
		return "", false
	}
	return "a manifest of an AWS Copilot job", f.Any(isManifest)
}

func isManifest(d *doc.Node) bool { return d.Get("type").String() == "Scheduled Job" && d.Has("name") }

// services are the other types of Copilot's manifests, which lie beside those of jobs.
var services = []string{"Load Balanced Web Service", "Backend Service", "Worker Service", "Request-Driven Web Service", "Static Site"}

func isService(d *doc.Node) bool {
	return slices.Contains(services, d.Get("type").String()) && d.Has("name")
}

// Service reports whether a file is the manifest of a service.
func Service(f *importer.File) bool {
	return bytes.Contains(f.Data, []byte("type")) && f.Any(isService)
}

// Read makes a job of each manifest.
func (Reader) Read(in *importer.Import, files []*importer.File) error {
	found := 0
	err := importer.EachDoc(files, func(_ *importer.File, name string, d *doc.Node) {
		m := &manifest{in: in, e: importer.NewEntry(d.Line, "manifest", ""), node: d}
		m.e.File = name
		switch {
		case isManifest(d):
			found++
			m.read()
		case isService(d):
			m.e.Item = "service " + d.Get("name").String()
			m.e.Refuse("it is a %s, and only a Scheduled Job has a schedule", d.Get("type").String())
		default:
			return
		}
		in.Entries = append(in.Entries, m.e)
	})
	if err == nil && found == 0 {
		return &importer.ForeignError{Sentence: files[0].Name + " is no manifest of a Scheduled Job: they are the files copilot/NAME/manifest.yml"}
	}
	return err
}

// manifest is the import of one manifest.
type manifest struct {
	in   *importer.Import
	e    importer.Entry
	node *doc.Node
	j    job.Job
	d    job.TaskDefinition
}

func (m *manifest) read() {
	name := m.node.Get("name").String()
	m.e.Item = "job " + name
	m.environment()
	m.fill()
	if !m.schedule() {
		return
	}
	m.retries()
	m.task()
	m.variables()
	m.network()
	m.unread()
	none := m.j.Schedule == ""
	m.in.Again(&m.e, &m.j, m.e.Item)
	m.in.TakeDefined(&m.e, m.j, m.d, name)
	if m.e.Job != nil && !none {
		rule := `"$(aws cloudformation describe-stack-resource --stack-name ` + m.stack() + ` --logical-resource-id Rule --query StackResourceDetail.PhysicalResourceId --output text)"`
		note := `   # and set on.schedule to "none" in its manifest, or the next copilot deploy brings it back`
		m.in.Switch("aws events disable-rule --name "+rule+note, "aws events enable-rule --name "+rule)
	}
}

// stack gives the name of what Copilot deployed: of its stack, and of its task definition's family.
func (m *manifest) stack() string {
	return "APP-" + importer.Word(cmp.Or(m.in.Environment, "ENV")) + "-" + importer.Word(m.node.Get("name").String())
}

// environment overrides the manifest with the part for one environment. Values override even if
// they are zero, but not if they are null; lists are replaced, maps are merged by key, and
// image.build and image.location replace each other.
func (m *manifest) environment() {
	all := m.node.Get("environments")
	if all.Absent() {
		return
	}
	var some []string // an environment without values takes those for all
	all.Pairs(func(name string, v *doc.Node) {
		if !v.Absent() {
			some = append(some, name)
		}
	})
	names := strings.Join(some, ", ")
	if names == "" {
		return
	}
	if m.in.Environment == "" {
		m.e.Off(&m.j, "it has other values for some environments (%s): choose one with --env; without it, the part for all is imported", names)
		return
	}
	over := all.Get(m.in.Environment)
	if over.Absent() {
		m.e.Note("it has no values for the environment %s (only for %s)", m.in.Environment, names)
		return
	}
	m.node = m.node.Over(over)
	if !over.Get("image", "build").Absent() { // of the two, only the location is read
		none := &doc.Node{Kind: doc.Map, Keys: []string{"location"}, Values: []*doc.Node{{Kind: doc.Text}}}
		m.node = m.node.Over(&doc.Node{Kind: doc.Map, Keys: []string{"image"}, Values: []*doc.Node{none}})
	}
}

// schedule reads on.schedule. ok is false if no job can be made.
func (m *manifest) schedule() (ok bool) {
	text := strings.TrimSpace(m.node.Get("on", "schedule").String())
	m.e.Text, m.e.Schedule = text, &text
	switch {
	case text == "":
		m.e.Refuse("it has no on.schedule")
		return false
	case strings.Contains(text, importer.ReplaceMe):
		m.e.Refuse("Copilot filled in its schedule when it deployed, and the file does not say with what: import what was deployed with `batchplane import eventbridge --live`, or write the schedule")
		return false
	case text == "none":
		m.e.Note("its schedule is none, so Copilot deploys a disabled rule; the job has no schedule, only people run it")
		return true
	case strings.Contains(text, "rate(") || strings.Contains(text, "cron("):
		return m.in.EventBridge(&m.e, &m.j, text, "")
	}
	expression, err := deployed(text)
	if err != nil {
		m.e.Refuse("%s", err.Error())
		return false
	}
	if !m.in.EventBridge(&m.e, &m.j, expression, "") {
		m.e.Note("Copilot made %s of %s", expression, text)
		return false
	}
	m.e.Schedule = &text
	m.e.Change("Copilot deployed %s as %s, in UTC, and that is imported", text, expression)
	if first := differs(m.in, text, expression); first != "" {
		m.e.Decide("a crontab would read it otherwise, and Copilot never did: %s", first)
	}
	return true
}

// retries reports what was retried, and for how long.
func (m *manifest) retries() {
	n, _ := m.node.Get("retries").Int()
	if n > 0 {
		m.e.Change("its retries (%d) ran the task again whatever it had done, even after its own exit 1; here only what provably never started is launched again: %s", n, importer.IfHarmless)
	}
	if text := m.node.Get("timeout").String(); text != "" {
		d, err := job.ParseDuration(text)
		if err != nil || d == 0 {
			m.e.Decide("its timeout %s could not be read", importer.Clip(text))
			return
		}
		m.j.Timeout = min(d, job.Duration(job.MaxTimeout))
		if n > 0 {
			m.e.Change("its timeout %s was for all tries together, but `timeout` is for each", text)
		}
	}
	m.e.Note("executions could overlap, and so can runs: `overlap: forbid` changes that")
}

// task reads what runs.
func (m *manifest) task() {
	m.d.CPU, m.d.Memory = 256, 512
	if n, ok := m.node.Get("cpu").Int(); ok {
		m.d.CPU = n
	}
	if n, ok := m.node.Get("memory").Int(); ok {
		m.d.Memory = n
	}
	if n, ok := m.node.Get("count").Int(); ok && n > 1 {
		m.e.Off(&m.j, "it starts %d tasks at once, and a run is one task", n)
	}
	m.platform()
	m.d.Image = m.node.Get("image", "location").String()
	if m.d.Image == "" {
		m.d.Image = importer.ReplaceMe
		m.e.Decide("Copilot builds its image, and only the deployed task definition has its name: write it into image")
	}
	m.d.ExecutionRole, m.d.TaskRole = importer.ReplaceMe, importer.ReplaceMe
	m.e.Note("its task definition is written from the manifest, since Copilot's goes with its stack: executionRole pulls the image and reads the secrets, logGroup says where output goes")
	m.e.Decide("Copilot gave its task what the manifest does not hold: a role, the variables COPILOT_APPLICATION_NAME, COPILOT_ENVIRONMENT_NAME, COPILOT_SERVICE_NAME and COPILOT_SERVICE_DISCOVERY_ENDPOINT, and what its addons and overrides add: `aws ecs describe-task-definition --task-definition %s` prints all of it, write taskRole and the environment that the program reads", m.stack())
	ecs.Command(&m.e, &m.j, m.words("command"))
	if entry := m.words("entrypoint"); len(entry) > 0 {
		m.e.Off(&m.j, "its entrypoint %s replaces the image's, which a job cannot do: put it into the image, or before the command if the image has none", importer.ShellWords(entry))
	}
}

func (m *manifest) platform() {
	p := m.node.Get("platform")
	text := strings.ToLower(p.String() + p.Get("osfamily").String() + "/" + p.Get("architecture").String())
	if strings.Contains(text, "arm64") {
		m.d.Architecture = "arm64"
	}
	if strings.Contains(text, "windows") {
		m.e.Off(&m.j, "it runs on Windows: its task definition has to say so")
	}
}

// words gives a list, or splits a text as Copilot does: with google/shlex, which expands nothing
// and knows no operators.
func (m *manifest) words(key string) []string {
	n := m.node.Get(key)
	if n.Kind == doc.List {
		return n.Texts()
	}
	text := n.String()
	if text == "" {
		return nil
	}
	words, err := shell.Split(text)
	if err != nil {
		m.e.Off(&m.j, "its %s cannot be split into words (%v), so Copilot has never deployed it: write command", key, err)
		return nil
	}
	return words
}

// Keys of a manifest by what becomes of them (ScheduledJobConfig in internal/pkg/manifest/job.go and
// workload_ecs.go of aws/copilot-cli; `port` is a service's). Copilot reads no others and ignores them
// (yaml.Unmarshal in workload.go).
var (
	read      = []string{"name", "type", "on", "image", "entrypoint", "command", "cpu", "memory", "count", "platform", "retries", "timeout", "network", "variables", "secrets", "environments", "exec"}
	watching  = []string{"logging", "observability"} // these make no difference to what a task does
	lost      = []string{"env_file", "publish", "sidecars", "storage", "taskdef_overrides"}
	readImage = []string{"build", "location", "port"}
	lostImage = []string{"credentials", "depends_on", "healthcheck", "labels"}
)

func (m *manifest) unread() {
	m.node.Pairs(func(key string, v *doc.Node) {
		if slices.Contains(watching, key) && !v.Absent() {
			m.e.Decide("%s has no counterpart in a jobs file: if the job needs it, write your own task definition and name it", key)
			return
		}
		m.rest("", key, v, read, lost)
	})
	m.node.Get("image").Pairs(func(key string, v *doc.Node) { m.rest("image.", key, v, readImage, lostImage) })
	if m.node.Get("exec").True() {
		m.e.Change("exec is dropped: tasks do not allow `execute-command`")
	}
}

// rest reports a key that is not read.
func (m *manifest) rest(prefix, key string, v *doc.Node, read, lost []string) {
	switch {
	case slices.Contains(read, key), v.Absent():
	case slices.Contains(lost, key):
		m.e.Off(&m.j, "%s has no counterpart in a jobs file: if the job needs it, write your own task definition and name it", prefix+key)
	default:
		m.e.Decide("Copilot knows no key %s and ignores it, and so does the import", prefix+importer.Clip(key))
	}
}
