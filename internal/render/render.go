// Package render writes the CloudFormation template of a jobs stack: schedules that carry their
// jobs to the control plane's trigger, and base definitions of tasks. Equal jobs give equal
// bytes.
package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Limits of one template, with some room (CloudFormation user guide, "Understand CloudFormation
// quotas": 500 resources, 1 MB), and of inputs.
const (
	MaxResources = 480
	MaxBytes     = 900_000
	// maxInput is the most bytes of a schedule's input, which becomes an asynchronous call of
	// a Lambda function: 256 KB by the older of the limits that AWS states.
	maxInput = 256_000
)

// Exports of the control plane's stack. Each comes after the stack's name and a colon.
const (
	exportTrigger  = "TriggerArn"
	exportRules    = "RulesArn"
	exportGroup    = "ScheduleGroupName"
	exportRole     = "ScheduleRoleArn"
	exportFailures = "TriggerFailuresArn"
)

// ByHand is the expression of the disabled schedule that carries a job which only people run.
const ByHand = "at(2199-12-31T23:59:00)"

// Options says how to render.
type Options struct {
	// Rules renders scheduled EventBridge rules in place of schedules.
	Rules bool
	// Stack is the default of the parameter that names the control plane.
	Stack string
	// From is the time from which on translations are proved; see cron.Translate.
	From time.Time
}

// Template is one template. If the jobs do not fit into one, there are several, each for a stack of
// its own.
type Template struct {
	Text      []byte
	Resources int
}

// entry holds the resources of one job or base definition, which stay together.
type entry struct {
	key       string
	resources int
	// base is the family of the base definition that it refers to, or "".
	base string
	text func(part int) string
}

// Templates renders jobs. The error names every job that cannot be rendered.
func Templates(jobs []job.Job, definitions []job.TaskDefinition, o Options) ([]Template, error) {
	var entries []entry
	var faults []string
	bases := map[string]job.TaskDefinition{}
	for _, d := range definitions {
		if err := resolvedIn(d); err != nil {
			faults = append(faults, err.Error())
		}
		bases[d.Family] = d
	}
	named := map[string]bool{}
	for _, j := range jobs {
		e, err := o.job(j, bases)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		entries = append(entries, e)
		named[e.base] = true
	}
	for _, d := range definitions {
		if !named[d.Family] {
			entries = append(entries, entry{"definition " + d.Family, 0, d.Family, func(int) string { return "" }})
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(faults, "\n"))
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	return o.divided(entries, bases), nil
}

func (o Options) head(part, parts int) string {
	of := ""
	if parts > 1 {
		of = fmt.Sprintf(" (%d of %d)", part+1, parts)
	}
	return fmt.Sprintf(`# Written by batchplane render. Change the jobs file, not this.
AWSTemplateFormatVersion: "2010-09-09"
Description: %s
Parameters:
  ControlPlane:
    Type: String
    Default: %s
    Description: The stack of the control plane that runs these jobs.
Resources:
`, text("Jobs of a batchplane stack"+of), text(o.Stack))
}

// text gives a YAML text: a JSON string is also a YAML string.
func text(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("marshalling a string: %v", err)) // a string always marshals
	}
	return job.Visible(string(b)) // YAML does not take DEL and C1, which JSON leaves as they are
}

func imported(export string) string {
	return `{"Fn::ImportValue": {"Fn::Sub": "${ControlPlane}:` + export + `"}}`
}

// logicalID gives a resource's name in the template. A hash keeps names apart that differ only in
// characters which a logical ID cannot have.
func logicalID(kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	var b strings.Builder
	up := true
	for _, r := range name {
		switch {
		case r == '-' || r == '_':
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	return kind + b.String() + hex.EncodeToString(sum[:3])
}

// plan says what EventBridge must do for a job.
type plan struct {
	expressions []string
	zone        string
	state       string
}

func (o Options) plan(j job.Job) (plan, error) {
	p := plan{zone: j.Zone(), state: "ENABLED"}
	if j.Disabled {
		p.state = "DISABLED"
	}
	if j.Schedule == "" {
		return plan{expressions: []string{ByHand}, zone: "UTC", state: "DISABLED"}, nil
	}
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return plan{}, fmt.Errorf("job %s: %w", j.Name, err)
	}
	if t.Spec().Dialect() == cron.AWS {
		normal, err := t.Spec().Normal()
		if err != nil {
			return plan{}, fmt.Errorf("job %s: %w", j.Name, err)
		}
		p.expressions = []string{normal}
		return p, nil
	}
	// The job's own rule for changes of the clock decides which zone to use.
	translation, err := t.Translate(o.From)
	if err != nil {
		return plan{}, fmt.Errorf("job %s: %w", j.Name, err)
	}
	p.expressions, p.zone = translation.AWS, translation.Zone
	return p, nil
}

func (o Options) job(j job.Job, bases map[string]job.TaskDefinition) (entry, error) {
	p, err := o.plan(j)
	if err != nil {
		return entry{}, err
	}
	if resolves(j.Description) {
		return entry{}, fmt.Errorf("job %s: its description holds {{resolve:...}}, which CloudFormation replaces with the value it names, for anyone who lists schedules to read: reword it", j.Name)
	}
	in, err := o.input(j, 0, bases)
	if err != nil {
		return entry{}, err
	}
	if o.Rules {
		if err := ruleable(j, p); err != nil {
			return entry{}, err
		}
	}
	if err := inputFits(j, in.size()); err != nil {
		return entry{}, err
	}
	if o.Rules {
		return entry{"job " + j.Name, len(p.expressions) + 1, in.base, func(part int) string { return o.ruled(j, p, part, bases) }}, nil
	}
	return entry{"job " + j.Name, len(p.expressions), in.base, func(part int) string {
		var b strings.Builder
		for i, expression := range p.expressions {
			b.WriteString(o.schedule(j, p, i, part, expression, in.String()))
		}
		return b.String()
	}}, nil
}
