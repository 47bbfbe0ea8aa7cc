// Package base contains what all functions of a stack share. Of the service clients it links only
// DynamoDB's: what a function links decides how fast it starts.
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

// Config is the part of the configuration that all functions share.
type Config struct {
	// Stack is the name that separates this control plane from others. CloudFormation must allow it,
	// and it must be short enough for a task's startedBy.
	Stack string `env:"BATCHPLANE_STACK" form:"a name of at most 48 letters, digits and hyphens that begins with a letter"`
	Table string `env:"BATCHPLANE_TABLE"`
	// KeepDays is how many days runs are kept after their end.
	KeepDays int `env:"BATCHPLANE_KEEP_DAYS" form:"a number from 1 to 9999"`
	// NotBefore and Standby are those of run.Timing.
	NotBefore string `env:"BATCHPLANE_NOT_BEFORE" form:"a time such as 2026-11-22T09:00Z, or nothing" default:""`
	Standby   string `env:"BATCHPLANE_STANDBY" form:"true or false" default:"false"`
	// Metrics says whether to print metrics of runs.
	Metrics string `env:"BATCHPLANE_METRICS" form:"true or false" default:"false"`
}

// Timing returns the control plane's timing, with what the stack was told about its past.
func Timing(c Config) run.Timing {
	t := run.DefaultTiming
	t.Standby = c.Standby == "true"
	t.NotBefore, _ = time.Parse(run.NotBeforeForm, c.NotBefore) // its form was checked
	return t
}

// Platform is what Lambda itself sets.
type Platform struct {
	Region       string `env:"AWS_REGION"`
	AccessKey    string `env:"AWS_ACCESS_KEY_ID"`
	SecretKey    string `env:"AWS_SECRET_ACCESS_KEY"`
	SessionToken string `env:"AWS_SESSION_TOKEN" default:""`
}

// AWS makes the configurations of clients from the environment alone, as Lambda sets it. The SDK's own
// ways to read it would link and ask for much more.
type AWS struct {
	Platform
	lookup environ.Lookup
}

// NewAWS reads what Lambda sets.
func NewAWS(lookup environ.Lookup) (AWS, error) {
	a := AWS{lookup: lookup}
	return a, environ.Fill(&a.Platform, lookup)
}

// Limits of calls. A Lambda process is frozen between its invocations, and its connections may die
// meanwhile. So a connection that was idle for long is not used again (net/http checks the wall clock,
// which goes on while the process is frozen).
const (
	// callLimit bounds each try of a call to a service.
	callLimit = 10 * time.Second
	// tableLimit is the same for the table, which answers within milliseconds.
	tableLimit = 3 * time.Second
	// idleLimit is how long a connection may have been idle.
	idleLimit = 5 * time.Second
)

// Transport returns a transport for calls that use no AWS client.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // it is one, until somebody sets it
	t.IdleConnTimeout = idleLimit
	return t
}

func client(limit time.Duration) signed.Whole {
	return signed.Whole{BuildableClient: awshttp.NewBuildableClient().WithTimeout(limit)}.With(func(t *http.Transport) { t.IdleConnTimeout = idleLimit })
}

// For returns the configuration of a service's client. service is spelt as in the variable
// AWS_ENDPOINT_URL_<SERVICE>, which takes precedence over AWS_ENDPOINT_URL. Without either, the client
// finds its endpoint itself.
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

// Signed returns a client of a service whose SDK module would be too large. service is that of For, and
// name the service as its addresses and signatures have it.
func (a AWS) Signed(service, name string) *signed.Client {
	return &signed.Client{Config: a.For(service), Service: name, Endpoint: signed.Endpoint(name, a.Region)}
}

// Store returns the stack's table as a store.
func Store(c Config, a AWS, log *slog.Logger) *dynamo.Store {
	return dynamo.New(dynamo.Config{
		DB: dynamodb.NewFromConfig(a.For(dynamoDB)), Table: c.Table, Log: log,
		RunsKept: time.Duration(c.KeepDays) * 24 * time.Hour,
	})
}

// Log returns a function's log: one JSON object a line, with times to the millisecond. It does not name
// the stack: the name of the function's log group does.
func Log(w io.Writer) *slog.Logger {
	shorter := func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			a.Value = slog.StringValue(a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		return a
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: shorter}))
}
