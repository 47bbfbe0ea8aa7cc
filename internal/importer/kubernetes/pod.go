package kubernetes

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

func (r *reading) platform(spec *doc.Node) {
	if spec.Get("nodeSelector", "kubernetes.io/arch").String() == "arm64" {
		r.d.Architecture = "arm64"
		r.e.Note("nodeSelector kubernetes.io/arch is `architecture: arm64`")
	}
	others := false
	spec.Get("nodeSelector").Pairs(func(key string, _ *doc.Node) {
		others = others || key != "kubernetes.io/arch" && key != "kubernetes.io/os"
	})
	if others {
		r.e.Change("nodeSelector is dropped: Fargate has no nodes")
	}
	if spec.Get("nodeSelector", "kubernetes.io/os").String() == "windows" || spec.Get("os", "name").String() == "windows" {
		r.e.Off(&r.j, "it runs on Windows: its task definition has to say so")
	}
}

// pod reads the pod of each run: one container becomes the job.
func (r *reading) pod() {
	spec := r.cron.Get("spec", "jobTemplate", "spec", "template", "spec")
	r.meaningless(spec)
	r.platform(spec)
	if spec.Get("restartPolicy").String() == "OnFailure" {
		r.e.Note("restartPolicy OnFailure restarted its container inside the pod; here a failed run stays failed")
	}
	r.before(spec.Get("initContainers").List())
	containers := spec.Get("containers").List()
	switch {
	case len(containers) == 0:
		r.d.Image = importer.ReplaceMe
		r.e.Off(&r.j, "it has no container, so it is a patch or a part of one: import what `kubectl kustomize FOLDER` prints")
	case len(containers) > 1:
		r.e.Off(&r.j, "it has %d containers, and a job is one, %s: write the others (%s) into a task definition of your own", len(containers), containers[0].Get("name").String(), names(containers[1:]))
	}
	if user, ok := spec.Get("securityContext", "runAsUser").Int(); ok {
		r.d.User = strconv.Itoa(user)
	}
	r.security("", spec.Get("securityContext"))
	r.volumes(spec)
	r.unrendered(spec)
	if len(containers) > 0 {
		r.container(containers[0])
	}
}

// volumes reports what is mounted.
func (r *reading) volumes(spec *doc.Node) {
	for _, v := range spec.Get("volumes").List() {
		kind := "of unknown kind"
		v.Pairs(func(key string, _ *doc.Node) {
			if key != "name" {
				kind = key
			}
		})
		name := v.Get("name").String()
		at := mounted(spec, name)
		if kind == "emptyDir" {
			r.disk(v.Get(kind, "sizeLimit").String())
			r.e.Note("the volume %s is an emptyDir%s: a task has 20 GB of its own, gone with it", name, at)
			continue
		}
		r.e.Off(&r.j, "it mounts the volume %s (%s)%s, which a task does not have: put configuration into variables and secrets, data into S3 or EFS", name, kind, at)
	}
}

func (r *reading) container(c *doc.Node) {
	r.d.Image = c.Get("image").String()
	if r.d.Image == "" {
		r.d.Image = importer.ReplaceMe
		// Kubernetes refuses a pod without an image, so the file is not what is deployed.
		r.e.Off(&r.j, "it names no image, so it is a patch or a part of one: import what `kubectl kustomize FOLDER` prints")
	}
	if user, ok := c.Get("securityContext", "runAsUser").Int(); ok {
		r.d.User = strconv.Itoa(user)
	}
	r.d.Container = c.Get("name").String()
	command, args := c.Get("command").Texts(), c.Get("args").Texts()
	if len(command) > 0 {
		r.e.Decide("command replaces the image's entrypoint there, and follows it here: right if the image has none")
	}
	s, env := r.scope(c)
	words := r.words(&s, command, args)
	r.ofCluster(words)
	ecs.Command(&r.e, &r.j, words)
	if dir := c.Get("workingDir").String(); dir != "" {
		r.e.Off(&r.j, "its workingDir is %s, which a job cannot say: set the image's WORKDIR, or change into it in the command", importer.Clip(dir))
	}
	r.environment(c, env)
	r.services(words)
	r.size(c.Get("resources"))
	r.security("container's ", c.Get("securityContext"))
	r.dropped(c)
}

// disk reports a need for more disk than a task has.
func (r *reading) disk(quantity string) {
	if mebibytes(quantity) > 20<<10 {
		r.e.Off(&r.j, "it needs %s of disk, and a task has 20 GB: write your own task definition with more", quantity)
	}
}

// size takes the smallest size of Fargate that has room for the limits, or else for the requests.
func (r *reading) size(n *doc.Node) {
	of := func(key string) string {
		if v := n.Get("limits", key).String(); v != "" {
			return v
		}
		return n.Get("requests", key).String()
	}
	r.disk(of("ephemeral-storage"))
	r.devices(n)
	cpu, memory := cpuUnits(of("cpu")), mebibytes(of("memory"))
	odd := false
	for _, one := range []struct {
		key   string
		units int
	}{{"cpu", cpu}, {"memory", memory}} {
		if text := of(one.key); one.units == 0 && strings.ContainsAny(text, "123456789") {
			odd = true
			r.e.Off(&r.j, "its %s of %s could not be read: write cpu and memory", one.key, importer.Clip(text))
		}
	}
	if odd {
		return
	}
	if cpu == 0 && memory == 0 {
		r.e.Note("it names no size: the task definition has 256 CPU units and 512 MiB")
		return
	}
	c, m, ok := importer.FitFargate(cpu, memory)
	if !ok {
		r.e.Off(&r.j, "cpu %s and memory %s are more than Fargate has", of("cpu"), of("memory"))
		return
	}
	r.d.CPU, r.d.Memory = c, m
	if c != cpu || m != memory {
		const none = "(none)"
		r.e.Change("cpu %s and memory %s become %d CPU units and %d MiB, the smallest size of Fargate that holds them", cmp.Or(of("cpu"), none), cmp.Or(of("memory"), none), c, m)
	}
}

// cpuUnits reads a quantity of cpu: 500m or 0.5 is 512.
func cpuUnits(text string) int {
	scale := 1024.0
	if rest, found := strings.CutSuffix(text, "m"); found {
		text, scale = rest, 1.024
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < 0 || v > 1e6 {
		return 0
	}
	return int(math.Ceil(v*scale - 1e-9))
}

var suffixes = map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "m": 1e-3}

var quantity = lazyregexp.New(`^([0-9.]+(?:e[0-9]+)?)([A-Za-z]*)$`)

// mebibytes reads a quantity of memory.
func mebibytes(text string) int {
	m := quantity().FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	scale, known := suffixes[m[2]]
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil || !known || v*scale > 1e15 {
		return 0
	}
	return int(math.Ceil(v * scale / (1 << 20)))
}

// take puts the job and its task definition into the result.
func (r *reading) take(name string) {
	r.d.ExecutionRole = importer.ReplaceMe
	r.e.Note("its task definition is written from the pod: executionRole pulls the image and reads the secrets, logGroup says where output goes, network which subnets")
	r.in.TakeDefined(&r.e, r.j, r.d, name)
}
