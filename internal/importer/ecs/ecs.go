// Package ecs makes jobs from what AWS schedulers say about an ECS task: the parameters of a target
// and the overrides in its input. These have several spellings (EcsParameters, ecs_parameters,
// RunTask's own request). The package reads all of them the same way.
package ecs

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
)

// Get gives the value of a key. The key is given in PascalCase; the file may have it in another
// case. A list of one map, as Terraform writes its blocks, counts as that map.
func Get(n *doc.Node, keys ...string) *doc.Node {
	for _, key := range keys {
		n = block(n)
		n = n.First(key, camel(key), snake(key), strings.ToLower(key))
	}
	return n
}

// block gives the map in a list of one map.
func block(n *doc.Node) *doc.Node {
	if n != nil && n.Kind == doc.List && len(n.Items) == 1 && n.Items[0].Kind == doc.Map {
		return n.Items[0]
	}
	return n
}

func camel(key string) string { return strings.ToLower(key[:1]) + key[1:] }

func snake(key string) string {
	var b strings.Builder
	for i, r := range key {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(key[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Target is a task that a scheduler starts. Parameters are what EcsParameters holds. Input holds
// the overrides, as a document or as its JSON text.
type Target struct {
	Cluster    string
	Parameters *doc.Node
	Input      *doc.Node
	// Definition is what is known about the task definition; nil if nothing is.
	Definition *doc.Node
	// Timeout is how long the task may take; 0 if the old side does not say.
	Timeout job.Duration
}

// Job fills a job with what the target says.
func (t Target) Job(e *importer.Entry, j *job.Job) {
	p := block(t.Parameters)
	j.Cluster = clusterOf(t.Cluster)
	j.TaskDefinition = definitionOf(cmp.Or(Get(p, "TaskDefinitionArn").String(), Get(p, "TaskDefinition").String()))
	if j.TaskDefinition == "" {
		e.Off(j, "it names no task definition")
	} else if j.Pinned() && !badRevision(j.TaskDefinition) {
		e.Note("it names one revision, and so does the job: without the number each run takes the newest")
	}
	for _, key := range []string{"TaskCount", "Count"} {
		if n, ok := Get(p, key).Int(); ok && n > 1 {
			e.Off(j, "it starts %d tasks at once, and a run is one task: make one job of each, or let one do the work", n)
		}
	}
	if j.Timeout = t.Timeout; j.Timeout > 0 {
		e.Note("its task had to end within %s, and so does the job's: `timeout`", j.Timeout)
	}
	capacity(e, j, p)
	network(e, j, p)
	tags(j, p)
	without(e, p)
	t.overrides(e, j)
	filled(e, j)
}

// definitionOf gives a task definition's name if no more of its ARN is known, as of one that a template puts
// together from AWS::Region and AWS::AccountId: tasks start where their schedule is.
func definitionOf(text string) string {
	if place, name, arn := strings.Cut(text, ":task-definition/"); arn && strings.Contains(place, importer.ReplaceMe) && !strings.Contains(name, importer.ReplaceMe) {
		return name
	}
	return text
}

// clusterOf gives a cluster's name, or "" for the default one.
func clusterOf(text string) string {
	if text == "default" || strings.HasSuffix(text, ":cluster/default") {
		return ""
	}
	return text
}

// capacity reads where the task runs.
func capacity(e *importer.Entry, j *job.Job, p *doc.Node) {
	launch := strings.ToUpper(Get(p, "LaunchType").String()) // a state of Terraform has "" for none
	if launch != "" && launch != "FARGATE" {
		e.Off(j, "it runs on %s, and jobs run on Fargate: its task definition has to be one for Fargate", launch)
	}
	providers := Get(p, "CapacityProviderStrategy").List()
	spot, demand, others := providerNames(providers)
	switch {
	case others != "":
		e.Off(j, "it runs on the capacity provider %s, and jobs run on Fargate", others)
	case spot && demand:
		mixed(e, j, providers)
	case spot:
		j.Capacity = job.Spot
	case len(providers) == 0 && launch == "" && !p.Absent():
		e.Note("it names neither launch type nor capacity provider, so the cluster's default strategy decided; the job runs on demand on Fargate")
	}
}

// providerNames gives the providers that can get the task. One of weight 0 gets none next to
// another (ECS API reference, CapacityProviderStrategyItem, weight). For one with a base that is
// not certain.
func providerNames(providers []*doc.Node) (spot, demand bool, others string) {
	weighs := func(item *doc.Node) bool {
		weight, _ := Get(item, "Weight").Int()
		base, _ := Get(item, "Base").Int()
		return weight > 0 || base > 0
	}
	some := slices.ContainsFunc(providers, weighs)
	for _, item := range providers {
		if some && !weighs(item) {
			continue
		}
		switch name := Get(item, "CapacityProvider").String(); name {
		case "FARGATE_SPOT":
			spot = true
		case "FARGATE":
			demand = true
		default:
			others = name
		}
	}
	return spot, demand, others
}

// mixed reads a strategy over FARGATE and FARGATE_SPOT.
func mixed(e *importer.Entry, j *job.Job, providers []*doc.Node) {
	if slices.ContainsFunc(providers, firstOnDemand) {
		e.Change("its strategy puts a task on FARGATE first (base) and spreads the rest by weights, and a run is one task: it runs on demand; `capacity: spot-then-on-demand` is cheaper")
		return
	}
	j.Capacity = job.SpotThenOnDemand
	e.Decide("it is spread over FARGATE and FARGATE_SPOT by weights, which a single task cannot be: `capacity: spot-then-on-demand` is proposed, which goes on demand once Spot has failed")
}

// firstOnDemand reports whether FARGATE gets tasks before the weights count (ECS API reference,
// CapacityProviderStrategyItem, base).
func firstOnDemand(item *doc.Node) bool {
	base, _ := Get(item, "Base").Int()
	return base > 0 && Get(item, "CapacityProvider").String() == "FARGATE"
}

// network reads the awsvpc configuration.
func network(e *importer.Entry, j *job.Job, p *doc.Node) {
	n := Get(p, "NetworkConfiguration")
	for _, key := range []string{"AwsvpcConfiguration", "AwsVpcConfiguration"} {
		if inner := Get(n, key); !inner.Absent() {
			n = inner
		}
	}
	j.Network = job.Network{Subnets: Get(n, "Subnets").Texts(), SecurityGroups: Get(n, "SecurityGroups").Texts()}
	assign := Get(n, "AssignPublicIp")
	j.Network.AssignPublicIP = assign.True() || strings.EqualFold(assign.String(), "ENABLED")
	if len(j.Network.Subnets) == 0 {
		e.Decide("it names no subnets, and Fargate needs one for each task: write network")
	}
}

// tags reads the tags of the tasks: a list of keys and values, or Terraform's map. Those of the
// task definition apply anyway.
func tags(j *job.Job, p *doc.Node) {
	for _, name := range []string{"Tags", "TagList"} {
		n := p.First(name, camel(name), snake(name))
		if n.Kind == doc.Map {
			n.Pairs(func(key string, v *doc.Node) { importer.Set(&j.Tags, key, v.String()) })
		}
		for _, one := range n.List() {
			if key := Get(one, "Key").String(); key != "" {
				importer.Set(&j.Tags, key, Get(one, "Value").String())
			}
		}
	}
}

// dropped are parameters without a counterpart, and the reasons.
var dropped = []struct{ key, why string }{
	{"PlatformVersion", "the newest platform version is used"},
	{"Group", "tasks are found by startedBy and their run"},
	{"EnableECSManagedTags", "tasks get no managed tags"},
	{"EnableEcsManagedTags", "tasks get no managed tags"},
	{"EnableExecuteCommand", "tasks do not allow `execute-command`"},
	{"PlacementConstraints", "Fargate places tasks itself"},
	{"PlacementStrategy", "Fargate places tasks itself"},
	{"PlacementConstraint", "Fargate places tasks itself"},
	{"PlacementStrategies", "Fargate places tasks itself"},
	{"OrderedPlacementStrategy", "Fargate places tasks itself"},
	{"ReferenceId", "a run has an id of its own"},
	{"ClientToken", "each attempt has a token of its own"},
	{"StartedBy", "it is how a stop event finds its run"},
	{"VolumeConfigurations", "volumes are the task definition's"},
}

// read are the other parameters that are read, in lower case and without _. They include those of a
// rule's target that are read elsewhere.
var read = []string{"taskdefinitionarn", "taskdefinition", "taskcount", "count", "launchtype", "capacityproviderstrategy", "networkconfiguration", "tags", "taglist", "cluster", "overrides"}

// Unread reports parameters that are not known, and tags that do not come along.
func Unread(e *importer.Entry, parameters *doc.Node) {
	known := slices.Clone(read)
	for _, d := range dropped {
		known = append(known, strings.ToLower(d.key))
	}
	block(parameters).Pairs(func(key string, v *doc.Node) {
		switch small := strings.ToLower(strings.ReplaceAll(key, "_", "")); {
		case !set(v) || slices.Contains(known, small):
		case small == "propagatetags":
			if v.String() != "TASK_DEFINITION" {
				e.Change("propagateTags %s is dropped: the tags of the task definition always come along", importer.Clip(v.String()))
			}
		default:
			e.Decide("its parameter %s is not known and is left out", importer.Clip(key))
		}
	})
}

// set reports whether a value says something: it is neither false nor empty.
func set(v *doc.Node) bool {
	switch v.Kind {
	case doc.Bool:
		return v.Text != "false"
	case doc.List:
		return len(v.Items) > 0
	case doc.Map:
		return len(v.Keys) > 0
	}
	return v.Text != ""
}

// without reports parameters that are dropped.
func without(e *importer.Entry, p *doc.Node) {
	for _, d := range dropped {
		v := Get(p, d.key)
		if !set(v) {
			continue
		}
		if d.key == "PlatformVersion" && (v.Text == "LATEST" || v.Text == "1.4.0") {
			continue
		}
		e.Change("%s is dropped: %s", strings.TrimSpace(camel(d.key)+" "+importer.Clip(v.String())), d.why)
	}
}
