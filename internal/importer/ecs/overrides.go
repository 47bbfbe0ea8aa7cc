package ecs

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// overrides reads how the input overrides the task definition.
func (t Target) overrides(e *importer.Entry, j *job.Job) {
	in := t.input(e, j)
	if in.Absent() {
		return
	}
	in.Pairs(func(key string, _ *doc.Node) {
		if !slices.Contains([]string{"containeroverrides", "cpu", "memory", "taskrolearn", "executionrolearn", "launchtype"}, strings.ToLower(strings.ReplaceAll(key, "_", ""))) {
			e.Off(j, "%s in its input has no counterpart, and the task differs without it: put it into the task definition", key)
		}
	})
	if t.Input.Kind == doc.Text && in.Has("ContainerOverrides") {
		e.Off(j, "its input begins its keys with capitals, as only a universal target does, so ECS has most likely started the task without them: look at what ran")
	}
	size(e, j, Get(in, "Cpu"), Get(in, "Memory"))
	j.TaskRole, j.ExecutionRole = Get(in, "TaskRoleArn").String(), Get(in, "ExecutionRoleArn").String()
	Containers(e, j, Get(in, "ContainerOverrides").List())
}

// input gives the document of overrides. It is nil if there is none, or if it could not be read,
// which input reports.
func (t Target) input(e *importer.Entry, j *job.Job) *doc.Node {
	in := t.Input
	if in.Absent() || in.Kind != doc.Text {
		return in
	}
	if strings.TrimSpace(in.Text) == "" { // as Terraform's state has it
		return nil
	}
	overrides := doc.One(in.Text)
	switch {
	case strings.TrimSpace(in.Text) == importer.ReplaceMe: // reported where the value is
	case overrides == nil && strings.Contains(in.Text, importer.ReplaceMe):
		e.Off(j, "the file does not say all of its input, so its overrides could not be read: write command and environment")
	case overrides == nil || overrides.Kind != doc.Map:
		e.Off(j, "its input is not JSON of overrides, so ECS starts nothing with it: %s", importer.Clip(in.Text))
	default:
		return overrides
	}
	return nil
}

// Containers reads the overrides of containers: the first one's are the job's.
func Containers(e *importer.Entry, j *job.Job, all []*doc.Node) {
	if len(all) > 1 {
		var names []string
		for _, c := range all {
			names = append(names, Get(c, "Name").String())
		}
		e.Off(j, "it overrides several containers (%s), and a job is one of them: put what the others need into the task definition", strings.Join(names, ", "))
	}
	for _, c := range all[:min(1, len(all))] {
		j.Container = Get(c, "Name").String()
		Environment(e, j, Get(c, "Environment"))
		if command := Get(c, "Command"); command.Kind == doc.Text && command.Text != importer.ReplaceMe {
			e.Off(j, "its command is one text, where ECS takes a list of words and starts nothing: write the words, which it is as one")
		}
		Command(e, j, Get(c, "Command").Texts())
		c.Pairs(func(key string, v *doc.Node) {
			if slices.Contains([]string{"name", "command", "environment"}, strings.ToLower(key)) || v.Absent() || v.Kind == doc.List && len(v.Items) == 0 {
				return
			}
			e.Off(j, "%s of container %s is overridden, which a job cannot do: put it into the task definition, or use cpu and memory of the job", camel(key), j.Container)
		})
	}
}

// Environment reads variables: a list of names and values, or a map. It leaves out what looks
// like a secret and disables the job.
func Environment(e *importer.Entry, j *job.Job, n *doc.Node) {
	pairs := map[string]string{}
	if n.Kind == doc.Map {
		n.Pairs(func(key string, v *doc.Node) { pairs[key] = v.String() })
	} else {
		for _, v := range n.List() {
			pairs[Get(v, "Name").String()] = Get(v, "Value").String()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		value := pairs[name]
		if importer.HoldsSecret(name, value) {
			delete(pairs, name)
			e.Off(j, "its variable %s looks like a secret and is not written: put it into the secrets of the task definition", name)
		}
	}
	if len(pairs) > 0 {
		j.Environment = pairs
		e.Literals(pairs, "ECS events")
	}
}

// Command reads the words of a command. It replaces secrets in them, and reports what a shell would
// hide.
func Command(e *importer.Entry, j *job.Job, words []string) {
	if len(words) == 0 {
		return
	}
	shown := importer.Hide(importer.ShellWords(words))
	e.Command = &shown
	for i, w := range words {
		if found := importer.FindSecrets(w); len(found) > 0 {
			words[i] = importer.Replaced(w)
			e.Off(j, "its command holds what looks like a secret, and anyone who may read ECS events could read it: %s is written instead", importer.ReplaceMe)
		}
	}
	for i := 1; i < len(words); i++ {
		if option := words[i-1]; strings.HasPrefix(option, "-") && job.LooksSecret(strings.TrimLeft(option, "-"), words[i]) {
			words[i] = importer.ReplaceMe
			e.Off(j, "its command holds a value of %s, which looks like a secret: %s is written instead", option, importer.ReplaceMe)
		}
	}
	j.Command = words
	if s, ok := job.ScriptOf(words); ok && s.At < len(words) {
		importer.Remark(e, j, words[s.At])
	}
}

var sizeForm = lazyregexp.New(`(?i)^([0-9]+(?:\.[0-9]+)?)\s*(vcpu|gb|gib|mib|mb|)$`)

// Units reads ECS's sizes: CPU units or vCPU, MiB or GB. It gives 0 if there is none.
func Units(text string) int {
	m := sizeForm().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil || v > 1<<20 {
		return 0
	}
	if unit := strings.ToLower(m[2]); unit == "vcpu" || unit == "gb" || unit == "gib" {
		v *= 1024
	}
	return int(v)
}

// size reads cpu and memory, which belong together.
func size(e *importer.Entry, j *job.Job, cpu, memory *doc.Node) {
	c, m := Units(cpu.String()), Units(memory.String())
	switch {
	case c == 0 && m == 0:
	case c == 0 || m == 0:
		e.Off(j, "it overrides cpu or memory alone (cpu %q, memory %q), and a job names both or none", cpu.String(), memory.String())
	default:
		j.CPU, j.Memory = c, m
	}
}
