package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
)

// explain says of an error of AWS what is missing and what to do next. The error
// itself stays in it.
func explain(c StackConfig, region string, err error) error {
	var api smithy.APIError
	var dns *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, dynamo.ErrBusy):
		return fmt.Errorf("the table is busy: try again in a minute (%w)", err)
	case errors.As(err, &dns):
		return fmt.Errorf("AWS cannot be reached in %s: is the Region right, and is there a network? (%w)", region, err)
	case !errors.As(err, &api):
		return err
	}
	switch code := api.ErrorCode(); {
	case expired[code]:
		return fmt.Errorf("the AWS session has expired: %s, then ask again (%w)", signIn(c), err)
	case strange[code]:
		return fmt.Errorf("AWS does not know these credentials: %s, or name another --profile (%w)", signIn(c), err)
	case denied[code]:
		return notAllowed(c, api, err)
	case code == "ResourceNotFoundException" && strings.Contains(err.Error(), "able"):
		return fmt.Errorf("the table of the stack %s is gone: deploy the stack again (%w)", c.Name, err)
	}
	return err
}

// Codes by what they mean (AWS general reference, "Common errors").
var (
	expired = map[string]bool{"ExpiredToken": true, "ExpiredTokenException": true, "RequestExpired": true, "UnauthorizedSSOTokenError": true, "InvalidGrantException": true}
	strange = map[string]bool{"UnrecognizedClientException": true, "InvalidClientTokenId": true, "InvalidAccessKeyId": true, "SignatureDoesNotMatch": true, "InvalidSignatureException": true}
	denied  = map[string]bool{"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true, "AuthorizationError": true}
)

// action is in the message of a refusal: "User: ... is not authorized to perform:
// dynamodb:Query on resource: ..." (IAM user guide, "Troubleshoot access denied
// error messages").
var action = regexp.MustCompile(`perform: ([a-z0-9-]+:[A-Za-z0-9]+)`)

func notAllowed(c StackConfig, api smithy.APIError, err error) error {
	what := "that"
	if m := action.FindStringSubmatch(api.ErrorMessage()); m != nil {
		what = m[1]
	}
	return fmt.Errorf("you may not do %s: the policy in the output %s of the stack %s allows it; who runs the stack can attach it (%w)", what, policyFor(what), c.Name, err)
}

// policyFor is the least of the stack's policies that allows an action.
func policyFor(action string) string {
	switch service, name, _ := strings.Cut(action, ":"); {
	case service == "lambda":
		return "OperatorPolicyArn"
	case service == "iam", service == "scheduler" && name != "GetSchedule" && name != "ListSchedules", service == "ecs" && (name == "RegisterTaskDefinition" || name == "DeregisterTaskDefinition"):
		return "DeployerPolicyArn"
	}
	return "ReaderPolicyArn"
}

func noCredentials(c StackConfig, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var api smithy.APIError
	if errors.As(err, &api) && expired[api.ErrorCode()] || err != nil && strings.Contains(err.Error(), "expired") {
		return fmt.Errorf("the AWS session has expired: %s, then ask again (%w)", signIn(c), err)
	}
	if err == nil {
		return fmt.Errorf("there are no AWS credentials: %s, or name a --profile that has some", signIn(c))
	}
	return fmt.Errorf("there are no AWS credentials: %s, or name a --profile that has some (%w)", signIn(c), err)
}

func signIn(c StackConfig) string {
	profile := ""
	if p := cmp.Or(c.Profile); p != "" {
		profile = " --profile " + p
	}
	return fmt.Sprintf("sign in with `aws login%s` or `aws sso login%s`", profile, profile)
}

func isCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}
