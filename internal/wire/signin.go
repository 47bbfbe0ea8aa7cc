package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
)

// roleFor is how long a profile's role is assumed, unless the profile says it: as long as every role
// allows and as the AWS CLI does. A further code is asked for only after that.
const roleFor = time.Hour

// loadAWS reads the person's AWS configuration, as the AWS CLI does.
func loadAWS(ctx context.Context, c StackConfig) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(client(silence)), config.WithLogger(logging.Nop{})}
	if c.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.Profile))
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if c.Code != nil {
		options = append(options, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = func() (string, error) { return c.Code(ctx, aws.ToString(o.SerialNumber)) }
			o.Duration = cmp.Or(o.Duration, roleFor)
		}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, noConfig(c, err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("no Region is set: give --region, set AWS_REGION, or put a region into the profile")
	}
	if cfg.Credentials == nil {
		return cfg, noCredentials(c, cfg.Region, nil)
	}
	in := signingIn{cfg.Credentials, c, cfg.Region}
	cfg.Credentials = in
	_, err = in.Retrieve(ctx)
	return cfg, err
}

// silence is how long AWS may send nothing while it is asked something: longer than the trigger function
// may take to answer, which is 30 s.
const silence = 40 * time.Second

// client returns what sends requests. One that gets no answer is sent again, as often as the SDK does.
func client(silence time.Duration) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithReadTimeout(silence).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 2*dynamo.Readers, dynamo.Readers
	})
}

// signingIn gets credentials, also when those of the start have expired. Its error is a signInError.
type signingIn struct {
	aws.CredentialsProvider
	c      StackConfig
	region string
}

// Retrieve implements aws.CredentialsProvider.
func (s signingIn) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := s.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		err = signInError{noCredentials(s.c, s.region, err)}
	}
	return got, err
}

// signInError says why there are no credentials. The SDK wraps it in the error of what they were for, which
// is not what went wrong.
type signInError struct{ error }

func (e signInError) Unwrap() error { return e.error }

func noConfig(c StackConfig, err error) error {
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return fmt.Errorf("there is no profile %s in your AWS configuration: `aws configure list-profiles` lists them all (%w)", cmp.Or(c.Profile, missing.Profile), err)
	}
	if _, ok := errors.AsType[config.AssumeRoleTokenProviderNotSetError](err); ok {
		return fmt.Errorf("the profile asks for an MFA code, and nobody can be asked here: run `eval \"$(aws configure export-credentials%s --format env)\"` first, then this without --profile (%w)", profileFlag(c), err)
	}
	return fmt.Errorf("reading the AWS configuration: %w", err)
}

// noCredentials explains why there are none. Off EC2, the last place to look for them cannot be reached, which
// says nothing about AWS.
func noCredentials(c StackConfig, region string, err error) error {
	api, _ := errors.AsType[smithy.APIError](err)
	switch {
	case err == nil:
		return fmt.Errorf("there are no AWS credentials: %s, or name a --profile that has some", signIn(c))
	case errors.Is(err, context.Canceled):
		return err
	case offline(err) && service(err) != "" && service(err) != "ec2imds":
		return unreached(region, err)
	case api != nil && expired[api.ErrorCode()], strings.Contains(err.Error(), "expired"):
		return fmt.Errorf("the AWS session has expired: %s, then ask again (%w)", signIn(c), err)
	case api != nil && (denied[api.ErrorCode()] || api.ErrorCode() == "ValidationError"): // a code is not six digits
		return fmt.Errorf("AWS refuses the role of the profile; if it asks for an MFA code, was the code right and new? (%w)", err)
	}
	return fmt.Errorf("there are no AWS credentials: %s, or name a --profile that has some (%w)", signIn(c), err)
}

func signIn(c StackConfig) string {
	return fmt.Sprintf("sign in with `aws login%[1]s` or `aws sso login%[1]s`", profileFlag(c))
}

func profileFlag(c StackConfig) string {
	if c.Profile == "" {
		return ""
	}
	return " --profile " + c.Profile
}
