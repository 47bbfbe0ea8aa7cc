// Package base is what all functions of a stack are made of. It links the
// DynamoDB client and no other: what a function links decides how fast it
// starts.
package base

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the part of the configuration that every function has.
type Config struct {
	// Stack is the name that separates this control plane from others: what
	// CloudFormation allows, and short enough for a task's startedBy.
	Stack string `env:"BATCHPLANE_STACK" form:"a name of at most 48 letters, digits and hyphens that begins with a letter"`
	Table string `env:"BATCHPLANE_TABLE"`
	// KeepDays is how many days runs are kept after their end.
	KeepDays int `env:"BATCHPLANE_KEEP_DAYS" form:"a number from 1 to 9999"`
	// NotBefore and Standby are run.Timing's.
	NotBefore string `env:"BATCHPLANE_NOT_BEFORE" form:"a time such as 2026-11-22T09:00Z, or nothing" default:""`
	Standby   string `env:"BATCHPLANE_STANDBY" form:"true or false" default:"false"`
	// Metrics is whether what becomes of runs is printed as metrics.
	Metrics string `env:"BATCHPLANE_METRICS" form:"true or false" default:"false"`
}

// Timing is the control plane's, with what the stack was told of its past.
func Timing(c Config) run.Timing {
	t := run.DefaultTiming
	t.Standby = c.Standby == "true"
	t.NotBefore, _ = time.Parse(notBefore, c.NotBefore) // its form was checked
	return t
}

// notBefore is the form of a time with minutes.
const notBefore = "2006-01-02T15:04Z"

// Platform is what Lambda itself sets.
type Platform struct {
	Region       string `env:"AWS_REGION"`
	AccessKey    string `env:"AWS_ACCESS_KEY_ID"`
	SecretKey    string `env:"AWS_SECRET_ACCESS_KEY"`
	SessionToken string `env:"AWS_SESSION_TOKEN" default:""`
}

// AWS makes the configurations of clients from the environment alone, as Lambda
// gives it: reading it by the SDK's own means links and asks for much more.
type AWS struct {
	Platform
	lookup environ.Lookup
}

// NewAWS reads what Lambda sets.
func NewAWS(lookup environ.Lookup) (AWS, error) {
	a := AWS{lookup: lookup}
	return a, environ.Fill(&a.Platform, lookup)
}

// What a call may take. A process of Lambda sleeps between its invocations: what
// its connections wait for may have gone, so that one that was idle for long is not
// used again (net/http asks the wall clock, which goes on while the process sleeps).
const (
	// callLimit is for each try of a call to a service.
	callLimit = 10 * time.Second
	// tableLimit is the same for the table, which answers within milliseconds.
	tableLimit = 3 * time.Second
	// idleLimit is how long a connection may have been idle.
	idleLimit = 5 * time.Second
)

// Transport is net/http's for calls that go out by no client of AWS.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // it is one, until somebody sets it
	t.IdleConnTimeout = idleLimit
	return t
}

func client(limit time.Duration) signed.Whole {
	return signed.Whole{BuildableClient: awshttp.NewBuildableClient().WithTimeout(limit)}.With(func(t *http.Transport) { t.IdleConnTimeout = idleLimit })
}

// For is the configuration of a service's client. Its name is as in the variable
// AWS_ENDPOINT_URL_<SERVICE>, which goes before AWS_ENDPOINT_URL; without both
// the client finds its endpoint itself.
func (a AWS) For(service string) aws.Config {
	limit := callLimit
	if service == dynamoDB {
		limit = tableLimit
	}
	c := aws.Config{
		Region: a.Region, HTTPClient: client(limit),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: a.AccessKey, SecretAccessKey: a.SecretKey, SessionToken: a.SessionToken, Source: "environment",
			}, nil
		}),
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + strings.ToUpper(service), "AWS_ENDPOINT_URL"} {
		if url, _ := a.lookup(name); url != "" {
			c.BaseEndpoint = aws.String(url)
			break
		}
	}
	return c
}

const dynamoDB = "DYNAMODB"

// Signed is a client of a service whose SDK module would be too much. Its name is as
// in the service's addresses.
func (a AWS) Signed(service string) *signed.Client {
	return &signed.Client{Config: a.For(strings.ToUpper(service)), Service: service, Endpoint: signed.Endpoint(service, a.Region)}
}

// Store is the stack's table.
func Store(c Config, a AWS, log *slog.Logger) *dynamo.Store {
	return dynamo.New(dynamo.Config{
		DB: dynamodb.NewFromConfig(a.For(dynamoDB)), Table: c.Table, Log: log,
		RunsKept: time.Duration(c.KeepDays) * 24 * time.Hour,
	})
}

// Log is a function's log: one JSON object a line, with times to the millisecond. Which
// stack it is the name of the function's log group says.
func Log(w io.Writer) *slog.Logger {
	shorter := func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			a.Value = slog.StringValue(a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		return a
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: shorter}))
}
