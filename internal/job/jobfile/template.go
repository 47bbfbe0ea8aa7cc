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
		Resources map[string]struct {
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
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("reading the template: %s", firstLine(err.Error()))
	}
	found := map[string]job.Job{}
	for id, r := range t.Resources {
		var inputs []any
		switch r.Type {
		case "AWS::Scheduler::Schedule":
			inputs = append(inputs, r.Properties.Target.Input)
		case "AWS::Events::Rule":
			for _, target := range r.Properties.Targets {
				inputs = append(inputs, target.InputTransformer.InputTemplate)
			}
		}
		for _, in := range inputs {
			text, ok := in.(string)
			if !ok {
				continue
			}
			var carried struct{ Job job.Job }
			text = strings.Replace(text, `"scheduledFor":<time>`, `"scheduledFor":null`, 1)
			if err := json.Unmarshal([]byte(text), &carried); err != nil {
				return nil, fmt.Errorf("the input of %s: %w", id, err)
			}
			if carried.Job.Name != "" {
				found[carried.Job.Name] = carried.Job
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
