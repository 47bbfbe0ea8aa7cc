package job

import (
	"slices"
	"strings"
)

// TaskDefinition is a base that jobs name in their taskDefinition. It holds what many jobs
// share, so that it need not be written for each of them. A job's command, size and environment
// override it.
type TaskDefinition struct {
	// Family is its name, and its key in jobs.yaml.
	Family string `json:"family"`
	Image  string `json:"image"`
	// Container is the container's name; empty means Family.
	Container string `json:"container,omitempty"`
	// CPU is in CPU units and Memory in MiB. If both are 0, they are 256 and 512.
	CPU    int `json:"cpu,omitempty"`
	Memory int `json:"memory,omitempty"`
	// Architecture is x86_64 or arm64; empty means x86_64.
	Architecture  string `json:"architecture,omitempty"`
	ExecutionRole string `json:"executionRole,omitempty"`
	TaskRole      string `json:"taskRole,omitempty"`
	// User is the user that the container runs as; empty means the image's own.
	User string `json:"user,omitempty"`
	// LogGroup receives the output of the container.
	LogGroup    string            `json:"logGroup,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets are ARNs of Secrets Manager secrets or SSM parameters, by variable.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Tags are those of the definition and its log group: what all jobs that name it have in
	// common; see CommonTags.
	Tags map[string]string `json:"tags,omitempty"`
}

// StackFamily is the prefix of the family of a rendered definition, which CloudFormation fills
// in. So environments that share an account share no family.
const StackFamily = "${AWS::StackName}-"

// Architectures are the values that Validate accepts.
var Architectures = []string{"x86_64", "arm64"}

// Validate returns every fault that the definition alone shows.
func (t TaskDefinition) Validate() []Problem {
	var ps problems
	if !ValidName(t.Family) {
		ps.add("family", "%q cannot name a task definition: use letters, digits, - and _, at most %d of them", t.Family, MaxNameLength)
	}
	if t.Image == "" || strings.ContainsAny(t.Image, " \t\n") {
		ps.add("image", "%q is not an image", t.Image)
	}
	if t.Architecture != "" && !slices.Contains(Architectures, t.Architecture) {
		ps.add("architecture", "%q is not one of %s", t.Architecture, oneOf(Architectures))
	}
	t.validateSecrets(&ps)
	as := Job{Name: "x", CPU: t.CPU, Memory: t.Memory, Environment: t.Environment}
	as.validateSize(&ps)
	as.validateEnvironment(&ps)
	return ps
}

func (t TaskDefinition) validateSecrets(ps *problems) {
	for _, name := range sortedKeys(t.Secrets) {
		if !NamesVariable(name) {
			ps.add("secrets."+name, "%q cannot name a variable", name)
		} else if v := t.Secrets[name]; !strings.HasPrefix(v, "arn:") && !strings.HasPrefix(v, "/") {
			ps.add("secrets."+name, "must be the ARN of a secret or parameter, or a parameter's path, never the secret itself")
		}
	}
}

// Size gives its CPU units and MiB of memory.
func (t TaskDefinition) Size() (cpu, memory int) {
	if t.CPU == 0 {
		return 256, 512
	}
	return t.CPU, t.Memory
}
