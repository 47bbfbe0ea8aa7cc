package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
)

// TestExplain: for each AWS error that people meet, a sentence says what is missing and what to do
// next. The error itself is wrapped.
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
		"unknown credentials":     {said("UnrecognizedClientException", "x"), "AWS does not know these credentials in mars-1: sign in with `aws login --profile work` or `aws sso login --profile work`, name another --profile, or another --region if the account has not enabled this one ("},
		"a read that is denied":   {said("AccessDeniedException", "User: u is not authorized to perform: dynamodb:Query on resource: r"), "you may not do dynamodb:Query: the policy in the output ReaderPolicyArn of the stack prod allows it"},
		"a request":               {said("AccessDeniedException", "User: u is not authorized to perform: lambda:InvokeFunction on resource: r"), "you may not do lambda:InvokeFunction: the policy in the output OperatorPolicyArn"},
		"a deployment":            {said("AccessDeniedException", "User: u is not authorized to perform: scheduler:CreateSchedule on resource: r"), "you may not do scheduler:CreateSchedule: the policy in the output DeployerPolicyArn"},
		"a schedule that is read": {said("AccessDenied", "User: u is not authorized to perform: scheduler:GetSchedule on resource: r"), "you may not do scheduler:GetSchedule: the policy in the output ReaderPolicyArn"},
		"a throttled table":       {fmt.Errorf("reading: %w", dynamo.ErrBusy), "the table is busy: try again in a minute"},
		"a table that is gone": {
			fmt.Errorf("reading: %w", &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "Query", Err: &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "Cannot do operations"}}),
			"the table of the stack prod is gone: docs/lifecycle.md says how to restore it",
		},
		"a function that is gone": {
			fmt.Errorf("calling: %w", &smithy.OperationError{ServiceID: "Lambda", OperationName: "Invoke", Err: &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "Function not found: arn:aws:lambda:x"}}),
			"the function of the stack prod is gone: a change set with --deployment-mode REVERT_DRIFT puts back",
		},
		"a schedule group that is gone": {
			fmt.Errorf("writing: %w", &smithy.OperationError{ServiceID: "Scheduler", OperationName: "CreateSchedule", Err: &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "Schedule group prod does not exist."}}),
			"the schedule group of the stack prod is gone: a change set with --deployment-mode REVERT_DRIFT puts back",
		},
		"a stack that may be another": {
			said("AccessDenied", "User: u is not authorized to perform: cloudformation:DescribeStacks on resource: r"),
			"you may not look for a stack prod in mars-1: are its name and Region right? If they are, the policy in its output ReaderPolicyArn",
		},
		"a log group that is gone": {
			fmt.Errorf("reading: %w", &smithy.OperationError{ServiceID: "CloudWatch Logs", OperationName: "GetLogEvents", Err: &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "The specified log group does not exist."}}),
			"reading: operation error CloudWatch Logs",
		},
		"too many calls":          {said("ThrottlingException", "Rate exceeded"), "AWS is limiting calls now: try again in a minute ("},
		"a function that is busy": {said("TooManyRequestsException", "Rate exceeded"), "AWS is limiting calls now: try again in a minute ("},
		"a function that may not run": {
			fmt.Errorf("calling: %w", &types.TooManyRequestsException{Reason: types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded}),
			"the function Trigger of the stack prod may not run: its reserved concurrency is used up, or somebody set it to 0",
		},
		"a function of a busy account": {
			fmt.Errorf("calling: %w", &types.TooManyRequestsException{Reason: types.ThrottleReasonConcurrentInvocationLimitExceeded}),
			"AWS is limiting calls now: try again in a minute (",
		},
		"what somebody forbids": {
			said("AccessDeniedException", "User: u is not authorized to perform: dynamodb:Query on resource: r with an explicit deny in a service control policy"),
			"you may not do dynamodb:Query: a policy of the account or your own denies it, whatever others allow; ask whoever runs the account (",
		},
		"what a boundary leaves out": {
			said("AccessDeniedException", "User: u is not authorized to perform: dynamodb:Query on resource: r because no permissions boundary allows the dynamodb:Query action"),
			"you may not do dynamodb:Query: a policy of the account or your own denies it, whatever others allow; ask whoever runs the account (",
		},
		"who asks was interrupted": {fmt.Errorf("reading: %w", errors.Join(&net.OpError{Op: "dial", Net: "tcp", Err: context.Canceled}, context.Canceled)), "reading: "},
		"nobody listens":           {&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, "AWS cannot be reached in mars-1: is the Region right, and is there a network?"},
		"no way to the Region":     {&net.DNSError{Name: "dynamodb.mars-1.amazonaws.com", IsNotFound: true}, "AWS cannot be reached in mars-1: is the Region right, and is there a network?"},
		"another fault":            {said("ValidationException", "odd"), "reading the jobs: api error ValidationException: odd"},
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
	half := StackConfig{Name: "prod", state: "DELETE_FAILED"}
	gone := &smithy.OperationError{ServiceID: "Lambda", OperationName: "Invoke", Err: &smithy.GenericAPIError{Code: "ResourceNotFoundException"}}
	if err := explain(half, "mars-1", gone); !strings.HasPrefix(err.Error(), "the function of the stack prod is gone: the stack is DELETE_FAILED: delete it to the end; docs/lifecycle.md says") || !errors.Is(err, gone) {
		t.Errorf("of a stack that was deleted in part: %v", err)
	}
	missing := config.SharedConfigProfileNotExistError{Profile: "work"}
	if err := noConfig(StackConfig{Profile: "work"}, missing); !strings.HasPrefix(err.Error(), "there is no profile work in your AWS configuration: `aws configure list-profiles` lists them all") || !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
	if err := noConfig(StackConfig{}, net.ErrClosed); !strings.HasPrefix(err.Error(), "reading the AWS configuration: ") || !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := noCredentials(StackConfig{}, "mars-1", fmt.Errorf("token has expired and refresh failed")); !strings.HasPrefix(err.Error(), "the AWS session has expired: sign in with `aws login` or") {
		t.Errorf("got %v", err)
	}
	line := &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	for _, err := range []error{line, &smithy.OperationError{ServiceID: "ec2imds", OperationName: "GetMetadata", Err: line}} {
		if err := noCredentials(StackConfig{}, "mars-1", err); !strings.HasPrefix(err.Error(), "there are no AWS credentials: sign in") {
			t.Errorf("got %v", err)
		}
	}
	if err := noCredentials(StackConfig{}, "mars-1", context.Canceled); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "sign in") {
		t.Errorf("got %v", err)
	}
}

// TestInTime: a person learns after a while that AWS does not answer. An error that came in time, or
// because the person interrupted, is passed on.
func TestInTime(t *testing.T) {
	t.Parallel()
	waits := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	if err := inTime(t.Context(), time.Millisecond, "mars-1", waits); !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "AWS did not answer within 1ms in mars-1: is the Region right") {
		t.Errorf("no answer: %v", err)
	}
	if err := inTime(t.Context(), time.Millisecond, "mars-1", func(ctx context.Context) error { <-ctx.Done(); return nil }); err != nil {
		t.Errorf("an answer at the last moment: %v", err)
	}
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	if err := inTime(interrupted, time.Minute, "mars-1", waits); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "AWS") {
		t.Errorf("interrupted: %v", err)
	}
	refused := errors.New("refused")
	if err := inTime(t.Context(), time.Minute, "mars-1", func(context.Context) error { return refused }); err != refused { //nolint:errorlint // the same one
		t.Errorf("refused: %v", err)
	}
}
