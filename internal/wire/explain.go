package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/people"
	"github.com/batchplane/batchplane/internal/lazyregexp"
	"github.com/batchplane/batchplane/internal/plane"
)

// explain adds to an AWS error what is missing and what to do next. It wraps the error.
func explain(c StackConfig, region string, err error) error {
	var api smithy.APIError
	var none signInError
	var silent *awshttp.ResponseTimeoutError
	var throttled *types.TooManyRequestsException
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &none):
		return none
	case errors.As(err, &silent):
		return unanswered(region, silent.TimeoutDur, err)
	case errors.Is(err, dynamo.ErrBusy):
		return fmt.Errorf("the table is busy: try again in a minute (%w)", err)
	case offline(err):
		return unreached(region, err)
	case errors.As(err, &throttled) && throttled.Reason == types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded:
		return fmt.Errorf("the function Trigger of the stack %s may not run: its reserved concurrency is used up, or somebody set it to 0, as Throttle in Lambda's console does: `aws lambda delete-function-concurrency` takes that back (%w)", c.Name, err)
	case errors.As(err, &api):
		return refused(c, region, api, err)
	}
	return err
}

// refused explains what AWS answered by its error code.
func refused(c StackConfig, region string, api smithy.APIError, err error) error {
	switch code := api.ErrorCode(); {
	case expired[code]:
		return fmt.Errorf("the AWS session has expired: %s, then ask again (%w)", signIn(c), err)
	case strange[code]:
		return fmt.Errorf("AWS does not know these credentials in %s: %s, name another --profile, or another --region if the account has not enabled this one (%w)", region, signIn(c), err)
	case denied[code]:
		return notAllowed(c, region, api, err)
	case busy[code]:
		return fmt.Errorf("AWS is limiting calls now: try again in a minute (%w)", err)
	case code == "ResourceNotFoundException" && parts[service(err)] != "":
		return gone(c, parts[service(err)], err)
	}
	return err
}

// gone says how to mend a stack that lost a part. An empty table in place of the old one would know of no run.
func gone(c StackConfig, part string, err error) error {
	mend := plane.PutBack
	switch {
	case people.Deleting(c.state):
		mend = "the stack is " + c.state + ": " + people.Deleted
	case part == table:
		mend = "docs/lifecycle.md says how to restore it"
	}
	return fmt.Errorf("the %s of the stack %s is gone: %s (%w)", part, c.Name, mend, err)
}

// offline reports whether no connection was made.
func offline(err error) bool {
	_, name := errors.AsType[*net.DNSError](err)
	_, line := errors.AsType[*net.OpError](err)
	return name || line
}

func unreached(region string, err error) error {
	return fmt.Errorf("AWS cannot be reached in %s: is the Region right, and is there a network? (%w)", region, err)
}

func unanswered(region string, within time.Duration, err error) error {
	return fmt.Errorf("AWS did not answer within %s in %s: is the Region right, and does a proxy or a firewall hold calls back? (%w)", within, region, err)
}

// parts names the parts of a stack that people's tools call, by service.
// Of EventBridge Scheduler, that is what remains: a schedule that is gone is no error.
var parts = map[string]string{"DynamoDB": table, "Lambda": "function", "Scheduler": "schedule group"}

const table = "table"

// service returns the name of the service that answered.
func service(err error) string {
	var of *smithy.OperationError
	if !errors.As(err, &of) {
		return ""
	}
	return of.Service()
}

// Error codes by what they mean (AWS general reference, "Common errors").
var (
	expired = map[string]bool{"ExpiredToken": true, "ExpiredTokenException": true, "RequestExpired": true, "UnauthorizedSSOTokenError": true, "InvalidGrantException": true}
	strange = map[string]bool{"UnrecognizedClientException": true, "InvalidClientTokenId": true, "InvalidAccessKeyId": true, "SignatureDoesNotMatch": true, "InvalidSignatureException": true}
	busy    = map[string]bool{"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "TooManyRequestsException": true, "RequestLimitExceeded": true, "RequestThrottled": true, "SlowDown": true}
	denied  = map[string]bool{"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true, "AuthorizationError": true}
)

// action finds the action in the message of a refusal: "User: ... is not authorized to perform:
// dynamodb:Query on resource: ..." (IAM user guide, "Troubleshoot access denied error messages").
var action = lazyregexp.New(`perform: ([a-z0-9-]+:[A-Za-z0-9]+)`)

func notAllowed(c StackConfig, region string, api smithy.APIError, err error) error {
	what := "that"
	if m := action().FindStringSubmatch(api.ErrorMessage()); m != nil {
		what = m[1]
	}
	if fargate.ForbiddenBy(api.ErrorMessage()) != "" {
		return fmt.Errorf("you may not do %s: a policy of the account or your own denies it, whatever others allow; ask whoever runs the account (%w)", what, err)
	}
	if what == "cloudformation:DescribeStacks" { // the policies allow it for their own stack, by name and Region
		return fmt.Errorf("you may not look for a stack %s in %s: are its name and Region right? If they are, the policy in its output ReaderPolicyArn allows %s; ask whoever runs the stack to attach it (%w)", c.Name, region, what, err)
	}
	return fmt.Errorf("you may not do %s: the policy in the output %s of the stack %s allows it; ask whoever runs the stack to attach it (%w)", what, policyFor(what), c.Name, err)
}

// policyFor returns the output that names the least of the stack's policies that allows an action.
func policyFor(action string) string {
	switch service, name, _ := strings.Cut(action, ":"); {
	case service == "lambda":
		return "OperatorPolicyArn"
	case service == "iam", service == "scheduler" && name != "GetSchedule" && name != "ListSchedules", service == "ecs" && name == "RegisterTaskDefinition":
		return "DeployerPolicyArn"
	}
	return "ReaderPolicyArn"
}

func isCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}
