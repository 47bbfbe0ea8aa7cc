package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
)

// TestExplain: of each fault of AWS that people meet, a sentence says what is missing
// and what to do next; the fault itself stays in it.
func TestExplain(t *testing.T) {
	t.Parallel()
	said := func(code, message string) error {
		return fmt.Errorf("reading the jobs: %w", &smithy.GenericAPIError{Code: code, Message: message})
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing":                 {nil, ""},
		"an expired session":      {said("ExpiredTokenException", "x"), "the AWS session has expired: sign in with `aws login --profile work` or `aws sso login --profile work`, then ask again"},
		"an expired SSO session":  {said("UnauthorizedSSOTokenError", "x"), "the AWS session has expired: "},
		"unknown credentials":     {said("UnrecognizedClientException", "x"), "AWS does not know these credentials: sign in with"},
		"a read that is denied":   {said("AccessDeniedException", "User: u is not authorized to perform: dynamodb:Query on resource: r"), "you may not do dynamodb:Query: the policy in the output ReaderPolicyArn of the stack prod allows it"},
		"a request":               {said("AccessDeniedException", "User: u is not authorized to perform: lambda:InvokeFunction on resource: r"), "you may not do lambda:InvokeFunction: the policy in the output OperatorPolicyArn"},
		"a deployment":            {said("AccessDeniedException", "User: u is not authorized to perform: scheduler:CreateSchedule on resource: r"), "you may not do scheduler:CreateSchedule: the policy in the output DeployerPolicyArn"},
		"a schedule that is read": {said("AccessDenied", "User: u is not authorized to perform: scheduler:GetSchedule on resource: r"), "you may not do scheduler:GetSchedule: the policy in the output ReaderPolicyArn"},
		"a throttled table":       {fmt.Errorf("reading: %w", dynamo.ErrBusy), "the table is busy: try again in a minute"},
		"a table that is gone":    {said("ResourceNotFoundException", "Requested resource not found: Table: x not found"), "the table of the stack prod is gone: deploy the stack again"},
		"no way to the Region":    {&net.DNSError{Name: "dynamodb.mars-1.amazonaws.com", IsNotFound: true}, "AWS cannot be reached in mars-1: is the Region right, and is there a network?"},
		"another fault":           {said("ValidationException", "odd"), "reading the jobs: api error ValidationException: odd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := explain(StackConfig{Name: "prod", Profile: "work"}, "mars-1", c.err)
			if c.err == nil {
				if got != nil {
					t.Errorf("got %v", got)
				}
				return
			}
			if !strings.HasPrefix(got.Error(), c.want) || !errors.Is(got, c.err) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
	if err := noCredentials(StackConfig{}, fmt.Errorf("token has expired and refresh failed")); !strings.HasPrefix(err.Error(), "the AWS session has expired: sign in with `aws login` or") {
		t.Errorf("got %v", err)
	}
	if err := noCredentials(StackConfig{}, context.Canceled); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "sign in") {
		t.Errorf("got %v", err)
	}
}
