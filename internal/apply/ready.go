package apply

import (
	"fmt"

	"github.com/batchplane/batchplane/internal/render"
)

// longestARN is as long as the ARN of any revision of a family may be.
func longestARN(family string) string {
	return "arn:aws-us-gov:ecs:ap-northeast-1:123456789012:task-definition/" + family + ":2147483647"
}

// Ready returns a step's schedule once the definitions of the plan are registered. arns holds
// their revisions by family.
func (s Step) Ready(arns map[string]string) (render.Schedule, error) {
	if s.Base == "" {
		return *s.Schedule, nil
	}
	arn := arns[s.Base]
	if arn == "" || s.Definition == nil {
		return render.Schedule{}, fmt.Errorf("schedule %s needs a revision of %s, and none was registered", s.Name, s.Base)
	}
	j := *s.Definition
	j.TaskDefinition = arn
	input, err := j.ScheduleInput()
	if err != nil {
		return render.Schedule{}, err
	}
	out := *s.Schedule
	out.Input = input
	return out, nil
}
