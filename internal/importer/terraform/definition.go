package terraform

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

var indexes = lazyregexp.New(`\[[^\]]*\]`)

// ruleOf begins the key of a reference to a rule.
const ruleOf = "rule of "

// inCodeAddress gives an address without the indexes of count and for_each, as the configuration
// has it.
func inCodeAddress(address string) string { return indexes().ReplaceAllString(address, "") }

// references learns from a plan's configuration which resource refers to which task definition. The
// ARN of a new one is known only after the apply.
func (s *show) references(module *doc.Node, path string, depth int) {
	for _, r := range module.Get("resources").List() {
		address := r.Get("address").String()
		s.written[path+address] = r.Get("expressions")
		s.refer(r.Get("expressions", "rule"), "aws_cloudwatch_event_rule", ruleOf, path, address)
		for _, block := range []string{"ecs_target", "target"} {
			for _, one := range r.Get("expressions", block).List() {
				if parameters := one.Get("ecs_parameters").List(); len(parameters) > 0 {
					one = parameters[0]
				}
				s.refer(one.Get("task_definition_arn"), "aws_ecs_task_definition", "", path, address)
			}
		}
	}
	if depth >= maxModules {
		return
	}
	module.Get("module_calls").Pairs(func(name string, call *doc.Node) {
		s.references(call.Get("module"), path+"module."+name+".", depth+1)
	})
}

// refer records which resource of a kind another one's expression refers to.
func (s *show) refer(expression *doc.Node, kind, as, path, address string) {
	for _, ref := range expression.Get("references").Texts() {
		if parts := strings.Split(ref, "."); len(parts) >= 2 && parts[0] == kind {
			s.refers[as+path+address] = path + kind + "." + inCodeAddress(parts[1])
		}
	}
}

// definition finds the task definition that a target names, by ARN or family, or in a plan by a
// reference.
func (s *show) definition(r resource, names ...string) (found resource, ok bool) {
	for _, name := range names {
		if i, known := s.definitions[name]; known && name != "" && i != several {
			return s.resources[i], true
		}
	}
	if strings.Join(names, "") != "" {
		return resource{}, false
	}
	code := s.refers[inCodeAddress(r.address)]
	for _, at := range []string{code, instance(code, r.address)} { // the only one, or the one with the same index
		if i, known := s.byCode[at]; known && code != "" {
			return s.resources[i], true
		}
	}
	return resource{}, false
}

// named puts the name of a task definition into a target's parameters.
func named(parameters *doc.Node, family string) *doc.Node {
	out := &doc.Node{Kind: doc.Map, Keys: []string{"TaskDefinitionArn"}, Values: []*doc.Node{{Kind: doc.Text, Text: family}}}
	parameters.Pairs(func(key string, v *doc.Node) {
		if key != "task_definition_arn" && key != "TaskDefinition" {
			out.Keys, out.Values = append(out.Keys, key), append(out.Values, v)
		}
	})
	return out
}

// carried are keys of a container that a definition in a jobs file has, or that make no difference
// for a task with one container. harmless are those of a task definition.
var (
	carried  = []string{"name", "image", "environment", "secrets", "command", "user", "logConfiguration", "essential", "cpu", "memory", "memoryReservation", "portMappings", "versionConsistency"}
	harmless = []string{
		"family", "arn", "arn_without_revision", "revision", "id", "container_definitions", "cpu", "memory", "execution_role_arn", "task_role_arn", "network_mode", "requires_compatibilities",
		"runtime_platform", "tags", "tags_all", "skip_destroy", "track_latest", "region", "enable_fault_injection",
	}
)

// says reports whether a value says something.
func says(n *doc.Node) bool {
	switch n.Kind {
	case doc.List:
		return len(n.Items) > 0
	case doc.Map:
		return len(n.Keys) > 0
	}
	return n.Text != "" && n.Text != "false" && n.Text != "0" && n.Text != "null"
}

// others gives the keys that say something and are not known.
func others(n *doc.Node, known []string) (out []string) {
	n.Pairs(func(key string, v *doc.Node) {
		if says(v) && !slices.Contains(known, key) {
			out = append(out, key)
		}
	})
	return out
}

// target fills a job with what a target says. It writes the task definition into the jobs file if
// the Terraform file has it and a definition in a jobs file can hold all of it. Otherwise the job
// keeps the deployed one.
func (s *show) target(e *importer.Entry, j *job.Job, r resource, t ecs.Target) {
	d, known := s.definition(r, ecs.Get(t.Parameters, "TaskDefinitionArn").String(), ecs.Get(t.Parameters, "TaskDefinition").String())
	if !known {
		t.Job(e, j)
		return
	}
	container, why := s.only(d)
	if name := ecs.Get(t.Parameters, "TaskDefinitionArn").String(); why == "" || name == "" {
		t.Parameters = named(t.Parameters, d.values.Get("family").String())
	}
	t.Job(e, j)
	if why != "" {
		e.Note("%s stays as it is, since a definition of a jobs file does not have %s", d.address, why)
		return
	}
	s.takeOver(e, j, d, container)
}

func (s *show) takeOver(e *importer.Entry, j *job.Job, d resource, container *doc.Node) {
	j.Container = ""
	d.values.Get("tags").Pairs(func(key string, v *doc.Node) {
		if _, own := j.Tags[key]; !own {
			importer.Set(&j.Tags, key, v.String())
		}
	})
	if len(j.Command) == 0 {
		ecs.Command(e, j, container.Get("command").Texts())
	}
	if name, ok := s.taken[d.address]; ok {
		j.TaskDefinition = name
		e.Note("it shares the task definition %s", name)
		if s.open[d.address] {
			e.Off(j, "a secret of that is not written yet")
		}
		return
	}
	v := d.values
	t := job.TaskDefinition{
		Family: importer.Clean(v.Get("family").String()), Image: container.Get("image").String(), Container: container.Get("name").String(), User: container.Get("user").String(),
		CPU: ecs.Units(v.Get("cpu").String()), Memory: ecs.Units(v.Get("memory").String()), ExecutionRole: v.Get("execution_role_arn").String(), TaskRole: v.Get("task_role_arn").String(),
		LogGroup: container.Get("logConfiguration", "options", "awslogs-group").String(),
	}
	if first(v.Get("runtime_platform")).Get("cpu_architecture").String() == "ARM64" {
		t.Architecture = "arm64"
	}
	s.open[d.address] = variables(e, j, &t, container)
	lostLogs(e, container)
	if t.ExecutionRole == "" && (t.LogGroup != "" || len(t.Secrets) > 0 || d.unknown.Get("execution_role_arn").True()) {
		t.ExecutionRole = importer.ReplaceMe
	}
	importer.FitDefinition(e, j, &t)
	s.in.Definitions = append(s.in.Definitions, t)
	s.taken[d.address], j.TaskDefinition = t.Family, t.Family
	e.Change("its task definition is taken over from %s, and batchplane makes its own from it; to keep Terraform's, use `taskDefinition: %s` and remove it from taskDefinitions", d.address, v.Get("family").String())
}

// only gives the only container of a task definition, or says why the definition cannot be carried.
func (s *show) only(d resource) (container *doc.Node, why string) {
	if d.sensitive.Get("container_definitions").True() {
		return nil, "what is marked sensitive"
	}
	all := doc.One(d.values.Get("container_definitions").String()).List()
	if len(all) == 0 {
		return nil, "containers that are known only after the apply"
	}
	if len(all) > 1 {
		return nil, "more than one container"
	}
	container = all[0]
	return container, strings.Join(s.odd(d, container), ", ")
}

// odd gives what a definition in a jobs file cannot hold.
func (s *show) odd(d resource, container *doc.Node) []string {
	odd := append(others(d.values, harmless), others(container, carried)...)
	if open := unknown(nil, d.unknown, "", computed); len(open) > 0 {
		odd = append(odd, "what only the apply knows ("+strings.Join(open, ", ")+")")
	}
	if driver := container.Get("logConfiguration", "logDriver").String(); driver != "" && driver != "awslogs" {
		odd = append(odd, "the log driver "+driver)
	}
	if mode := d.values.Get("network_mode").String(); mode != "" && mode != "awsvpc" {
		odd = append(odd, "the network mode "+mode)
	}
	if platform := first(d.values.Get("runtime_platform")).Get("operating_system_family").String(); platform != "" && platform != "LINUX" {
		odd = append(odd, platform)
	}
	for _, name := range s.in.Definitions {
		if name.Family == importer.Clean(d.values.Get("family").String()) && s.taken[d.address] == "" {
			odd = append(odd, "a second family of this name")
		}
	}
	return odd
}

// variables reads environment and secrets. A value that looks like a secret is not written, and the
// job is disabled. open reports whether a secret is still to be written.
func variables(e *importer.Entry, j *job.Job, t *job.TaskDefinition, container *doc.Node) (open bool) {
	for _, v := range container.Get("environment").List() {
		name, value := v.Get("name").String(), v.Get("value").String()
		if importer.HoldsSecret(name, value) {
			open = true
			importer.Set(&t.Secrets, name, "arn:"+importer.ReplaceMe)
			e.Off(j, "the variable %s of its task definition looks like a secret and is not written: put it into Secrets Manager or a SecureString and write its ARN into secrets", name)
			continue
		}
		importer.Set(&t.Environment, name, value)
	}
	for _, v := range container.Get("secrets").List() {
		from := v.Get("valueFrom").String()
		if !strings.HasPrefix(from, "arn:") && !strings.HasPrefix(from, "/") {
			open = true
			e.Off(j, "its secret %s names the parameter or secret %s only by its name: write its ARN", v.Get("name").String(), importer.Clip(from))
			from = "arn:" + importer.ReplaceMe
		}
		importer.Set(&t.Secrets, v.Get("name").String(), from)
	}
	e.Literals(t.Environment, "task definitions")
	return open
}
