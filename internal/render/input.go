package render

import (
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// maxRevision is the longest ARN of a revision: a stack's name has up to 128 characters, and a
// family's name here has up to 48.
const maxRevision = 256

// maxStack is the longest name of a stack (CloudFormation API, CreateStack).
const maxStack = 128

// input is what a schedule sends. For a job that names a base definition of its file it is two
// texts, with the revision between them that this template's deployment has registered; otherwise
// it is one text. The input that carries the job of a rule begins with the rule's name, whose first
// part is the stack's name.
type input struct {
	rule, before, after string
	base                string
}

func (o Options) input(j job.Job, part int, bases map[string]job.TaskDefinition) (input, error) {
	var in input
	family, revision, pinned := strings.Cut(j.TaskDefinition, ":")
	if _, ok := bases[family]; ok {
		if pinned {
			return in, fmt.Errorf("job %s: taskDefinition %s names revision %s of a family in this file, whose name on AWS begins with the stack's: leave the revision out, the deployed one is used", j.Name, j.TaskDefinition, revision)
		}
		in.base = family
	}
	text, err := j.ScheduleInput()
	if o.Rules {
		in.rule, text, err = j.CarrierInput()
		text = "-" + name(j, 0, part) + text
	}
	if err != nil {
		return in, err
	}
	text = unresolved(text)
	in.before = text
	if in.base == "" {
		return in, nil
	}
	// A quote within an earlier field is escaped, so only the field itself matches.
	const key = `"taskDefinition":"`
	before, after, ok := strings.Cut(text, key+family)
	if !ok {
		return in, fmt.Errorf("job %s: its input does not name %s", j.Name, family)
	}
	in.before, in.after = before+key, after
	return in, nil
}

func (i input) size() int {
	n := len(i.rule) + len(i.before)
	if i.rule != "" {
		n += maxStack
	}
	if i.base == "" {
		return n
	}
	return n + maxRevision + len(i.after)
}

// inputFits reports an input that is too large for a schedule.
func inputFits(j job.Job, size int) error {
	if size > maxInput {
		return fmt.Errorf("job %s: its definition has %d bytes; a schedule's input takes at most %d", j.Name, size, maxInput)
	}
	return nil
}

// String gives the value in the template.
func (i input) String() string {
	before := text(i.before)
	if i.rule != "" {
		before = text(i.rule) + `, {Ref: AWS::StackName}, ` + before
	}
	switch {
	case i.base != "":
		return `{"Fn::Join": ["", [` + before + `, {Ref: ` + logicalID("Task", i.base) + `}, ` + text(i.after) + `]]}`
	case i.rule != "":
		return `{"Fn::Join": ["", [` + before + `]]}`
	}
	return before
}
