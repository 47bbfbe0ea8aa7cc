package jobfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/batchplane/batchplane/internal/job"
)

// IsTemplate is whether a file is a CloudFormation template and no jobs file.
func IsTemplate(data []byte) bool {
	for line := range strings.Lines(string(data[:min(len(data), 64<<10)])) {
		line = strings.TrimLeft(line, "\"'{ ")
		if strings.HasPrefix(line, "AWSTemplateFormatVersion") || strings.HasPrefix(line, "Resources:") || strings.HasPrefix(line, `Resources":`) {
			return true
		}
	}
	return false
}

// FromTemplate gives the jobs that the schedules and rules of a rendered template
// carry, by name.
func FromTemplate(data []byte) ([]job.Job, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("the template has %d bytes; at most %d are read", len(data), MaxBytes)
	}
	if _, p := syntaxTree(data); p != nil {
		return nil, errors.New(p.String())
	}
	var t struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("reading the template: %s", firstLine(err.Error()))
	}
	found := map[string]job.Job{}
	for id, r := range t.Resources {
		for _, in := range r.inputs() {
			j, err := jobOf(in)
			if err != nil {
				return nil, fmt.Errorf("the input of %s: %w", id, err)
			}
			if j.Name != "" {
				found[j.Name] = j
			}
		}
	}
	out := make([]job.Job, 0, len(found))
	for _, j := range found {
		out = append(out, j)
	}
	slices.SortFunc(out, func(a, b job.Job) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// resource is as much of a resource as carries a job.
type resource struct {
	Type       string `yaml:"Type"`
	Properties struct {
		Target struct {
			Input any `yaml:"Input"`
		} `yaml:"Target"`
		Targets []struct {
			InputTransformer struct {
				InputTemplate any `yaml:"InputTemplate"`
			} `yaml:"InputTransformer"`
		} `yaml:"Targets"`
	} `yaml:"Properties"`
}

func (r resource) inputs() (out []any) {
	switch r.Type {
	case "AWS::Scheduler::Schedule":
		out = append(out, r.Properties.Target.Input)
	case "AWS::Events::Rule":
		for _, target := range r.Properties.Targets {
			out = append(out, target.InputTransformer.InputTemplate)
		}
	}
	return out
}

// jobOf is the job that an input carries, without a name where it carries none.
func jobOf(in any) (job.Job, error) {
	text, ok := in.(string)
	if !ok {
		return job.Job{}, nil
	}
	var carried struct {
		Job job.Job `json:"job"`
	}
	text = strings.Replace(text, `"scheduledFor":<time>`, `"scheduledFor":null`, 1)
	if err := json.Unmarshal([]byte(text), &carried); err != nil {
		return job.Job{}, err //nolint:wrapcheck // the caller says whose
	}
	return carried.Job, nil
}
