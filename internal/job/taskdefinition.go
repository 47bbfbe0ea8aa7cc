package job

import (
	"slices"
	"strings"
)

// TaskDefinition is a base that jobs name in their taskDefinition: what many
// jobs share, so that it need not be written for each of them. Command, size
// and environment of a job go over it as overrides.
type TaskDefinition struct {
	// Family is its name, in jobs.yaml the key.
	Family string `json:"family"`
	Image  string `json:"image"`
	// Container is the container's name; Family when empty.
	Container string `json:"container,omitempty"`
	// CPU is in CPU units, Memory in MiB; 256 and 512 when both are 0.
	CPU    int `json:"cpu,omitempty"`
	Memory int `json:"memory,omitempty"`
	// Architecture is x86_64 (also when empty) or arm64.
	Architecture  string `json:"architecture,omitempty"`
	ExecutionRole string `json:"executionRole,omitempty"`
	TaskRole      string `json:"taskRole,omitempty"`
	// User is whom the container runs as; the image's own when empty.
	User string `json:"user,omitempty"`
	// LogGroup gets what the container writes.
	LogGroup    string            `json:"logGroup,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets are ARNs of Secrets Manager secrets or SSM parameters by variable.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Tags are those of the definition and its log group: what all jobs that name it
	// have in common, see CommonTags.
	Tags map[string]string `json:"tags,omitempty"`
}

// StackFamily is what the family of a rendered definition begins with, for
// CloudFormation to fill in: environments that share an account share no family.
const StackFamily = "${AWS::StackName}-"

// Architectures are the values that Validate accepts.
var Architectures = []string{"x86_64", "arm64"}

// Validate returns every fault that can be seen in the definition alone.
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
		if !envName().MatchString(name) {
			ps.add("secrets."+name, "%q cannot name a variable", name)
		} else if v := t.Secrets[name]; !strings.HasPrefix(v, "arn:") && !strings.HasPrefix(v, "/") {
			ps.add("secrets."+name, "must be the ARN of a secret or parameter, or a parameter's path, never the secret itself")
		}
	}
}

// Size is its CPU units and MiB.
func (t TaskDefinition) Size() (cpu, memory int) {
	if t.CPU == 0 {
		return 256, 512
	}
	return t.CPU, t.Memory
}
