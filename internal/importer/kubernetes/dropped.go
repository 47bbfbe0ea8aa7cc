package kubernetes

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// withoutMeaning are keys of a pod that mean nothing on Fargate, and the reasons.
var withoutMeaning = []struct{ key, why string }{
	{"serviceAccountName", "what it may do on AWS is the task role's: name one in taskRole"},
	{"serviceAccount", "what it may do on AWS is the task role's: name one in taskRole"},
	{"affinity", "Fargate has no nodes"},
	{"tolerations", "Fargate has no nodes"},
	{"topologySpreadConstraints", "Fargate has no nodes"},
	{"nodeName", "Fargate has no nodes"},
	{"priorityClassName", "tasks have no priority"},
	{"schedulerName", "Fargate places tasks itself"},
	{"runtimeClassName", "Fargate has its own runtime"},
	{"imagePullSecrets", "the execution role pulls from ECR; a private image of another registry needs repositoryCredentials in a task definition of your own"},
	{"dnsPolicy", "names are those of the VPC"},
	{"dnsConfig", "names are those of the VPC"},
	{"terminationGracePeriodSeconds", "stopTimeout of the task definition says that, 2 minutes at most"},
	{"shareProcessNamespace", "a job has one container"},
	{"overhead", "Fargate has no nodes"},
	{"activeDeadlineSeconds", "it bounds the pod, and timeout bounds a run: write that"},
}

// ofItsNode are keys by which a pod gets what a task does not have.
var ofItsNode = []struct{ key, why string }{
	{"hostNetwork", "a task has an interface of its own"},
	{"hostPID", "a task sees its own processes alone"},
	{"hostIPC", "a task shares no memory with its host"},
	{"hostAliases", "in a task these names are unknown or those of other hosts"},
}

// defaults are the values of these keys that nobody has set.
var defaults = []string{"false", "default", "ClusterFirst", "default-scheduler"}

// unset reports whether a value says nothing: charts write empty lists and maps too.
func unset(v *doc.Node) bool {
	return v.Absent() || slices.Contains(defaults, v.String()) || v.Kind == doc.List && len(v.Items) == 0 || v.Kind == doc.Map && len(v.Keys) == 0
}

// readOfPod are the keys of a pod that are read, or reported elsewhere.
var readOfPod = []string{"containers", "initContainers", "volumes", "restartPolicy", "nodeSelector", "os", "securityContext"}

// meaningless reports a pod's keys that mean nothing on Fargate, and those that are not known.
func (r *reading) meaningless(spec *doc.Node) {
	told := slices.Clone(readOfPod)
	for _, m := range withoutMeaning {
		told = append(told, m.key)
		if !unset(spec.Get(m.key)) {
			r.e.Change("%s is dropped: %s", m.key, m.why)
		}
	}
	r.rights(spec)
	for _, m := range ofItsNode {
		told = append(told, m.key)
		if !unset(spec.Get(m.key)) {
			r.e.Off(&r.j, "its pod has %s, but %s", m.key, m.why)
		}
	}
	r.others(spec, told)
}

// others reports keys that have a value and are not among those told.
func (r *reading) others(n *doc.Node, told []string) {
	n.Pairs(func(key string, v *doc.Node) {
		if !slices.Contains(told, key) && !unset(v) {
			r.e.Change("%s is dropped: a job has no counterpart", importer.Clip(key))
		}
	})
}

// readOfContainer are the keys of a container that are read, or that the API server fills in and
// that make no difference to a run.
var readOfContainer = []string{
	"name", "image", "command", "args", "workingDir", "env", "envFrom", "resources", "securityContext", "volumeMounts", "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy",
}

// dropped reports a container's keys that are lost.
func (r *reading) dropped(c *doc.Node) {
	told := slices.Clone(readOfContainer)
	for _, key := range []string{"livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports", "volumeDevices"} {
		told = append(told, key)
		if c.Has(key) {
			r.e.Change("%s is dropped: a job's container ends by itself, and the image says the rest", key)
		}
	}
	r.others(c, told)
}

// usual are the capabilities that a container on Fargate has: those of Docker
// (https://github.com/moby/moby/blob/master/daemon/pkg/oci/caps/defaults.go; Amazon ECS API reference,
// KernelCapabilities, add).
var usual = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

// more gives the capabilities that a container adds to those which it has on Fargate anyway.
func more(capabilities *doc.Node) []string {
	return slices.DeleteFunc(capabilities.Get("add").Texts(), func(c string) bool { return slices.Contains(usual, c) })
}

// security reports what is lost of a securityContext: everything except its user.
func (r *reading) security(whose string, n *doc.Node) {
	n.Pairs(func(key string, v *doc.Node) {
		switch {
		case key == "runAsUser" || v.Absent() || key == "privileged" && !v.True():
		case key == "privileged":
			r.e.Off(&r.j, "its container is privileged, and Fargate starts none that is")
		case key == "capabilities" && len(more(v)) > 0:
			r.e.Off(&r.j, "its container adds capabilities (%s), and a job has none to add", importer.Clip(strings.Join(more(v), ", ")))
		default:
			r.e.Change("%ssecurityContext.%s is dropped: of it a job says the user alone; the image or a task definition of your own says the rest", whose, importer.Clip(key))
		}
	})
}

// before reports initContainers, and those of them that are sidecars.
func (r *reading) before(all []*doc.Node) {
	var first, beside []*doc.Node
	for _, c := range all {
		if c.Get("restartPolicy").String() == "Always" {
			beside = append(beside, c)
			continue
		}
		first = append(first, c)
	}
	if len(first) > 0 {
		r.e.Off(&r.j, "it has %d initContainers (%s): do their work in the image or in the command", len(first), names(first))
	}
	if len(beside) > 0 {
		r.e.Off(&r.j, "it has %d sidecars (%s), and a job is one container: write them into a task definition of your own", len(beside), names(beside))
	}
}

func names(all []*doc.Node) string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.Get("name").String()
	}
	return strings.Join(out, ", ")
}

// mounted says where the job's container mounts a volume, with a word before it; "" if it does not.
func mounted(spec *doc.Node, volume string) string {
	containers := spec.Get("containers").List()
	for _, c := range containers[:min(1, len(containers))] {
		for _, m := range c.Get("volumeMounts").List() {
			if m.Get("name").String() == volume {
				return " at " + m.Get("mountPath").String()
			}
		}
	}
	return ""
}
