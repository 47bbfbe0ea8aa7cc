package people

import (
	"context"
	"fmt"

	"github.com/batchplane/batchplane/internal/plane"
)

// eventbridge is what begins the names of EventBridge's operations on the wire, and protocol its version of
// AWS JSON.
const (
	eventbridge = "AWSEvents."
	protocol    = "1.1"
)

// rule reads a rule of the stack. That it was deleted is no error.
func (i *Inspector) rule(ctx context.Context, p part) (plane.Rule, error) {
	out := plane.Rule{Name: p.name, On: p.id}
	var is struct{ State string }
	err := i.Events.JSON(ctx, protocol, eventbridge+"DescribeRule", map[string]string{"Name": p.id}, &is)
	if missing(err) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("reading the rule %s: %w", p.name, err)
	}
	var to struct{ Targets []struct{ Arn string } }
	if err := i.Events.JSON(ctx, protocol, eventbridge+"ListTargetsByRule", map[string]string{"Rule": p.id}, &to); err != nil {
		return out, fmt.Errorf("reading the targets of the rule %s: %w", p.name, err)
	}
	out.State, out.Targets = is.State, len(to.Targets)
	return out, nil
}
