package schedules

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
)

// Rules is the part of EventBridge that a Registry uses.
type Rules interface {
	// DescribeRule returns a rule of the account's bus; port.ErrNotFound if there is none.
	DescribeRule(ctx context.Context, name string) (Rule, error)
	// ListRules returns a page of up to limit rules. token continues a list, and next is "" at its end.
	ListRules(ctx context.Context, token string, limit int) (rules []Rule, next string, err error)
}

// Rule is a rule as EventBridge describes and lists it (Amazon EventBridge API reference, DescribeRule
// and Rule).
type Rule struct{ Name, ScheduleExpression, State string }

// Disabled reports whether the rule is switched off.
func (r *Rule) Disabled() bool { return r.State == "DISABLED" }

// Bus implements Rules without the SDK's module of EventBridge.
type Bus struct{ EventBridge *signed.Client }

// protocol is the version of AWS JSON that EventBridge speaks.
const protocol = "1.1"

// DescribeRule implements Rules.
func (b Bus) DescribeRule(ctx context.Context, name string) (rule Rule, err error) {
	err = b.EventBridge.JSON(ctx, protocol, "AWSEvents.DescribeRule", map[string]any{"Name": name}, &rule)
	if refused, ok := errors.AsType[smithy.APIError](err); ok && refused.ErrorCode() == "ResourceNotFoundException" {
		return Rule{}, fmt.Errorf("%w: %w", port.ErrNotFound, err)
	}
	return rule, err
}

// ListRules implements Rules.
func (b Bus) ListRules(ctx context.Context, token string, limit int) ([]Rule, string, error) {
	in := map[string]any{"Limit": limit}
	if token != "" {
		in["NextToken"] = token
	}
	var out struct {
		Rules     []Rule
		NextToken string
	}
	err := b.EventBridge.JSON(ctx, protocol, "AWSEvents.ListRules", in, &out)
	return out.Rules, out.NextToken, err
}
