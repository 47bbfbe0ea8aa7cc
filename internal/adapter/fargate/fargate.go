// Package fargate launches tasks on Amazon ECS and translates its answers into batchplane's terms. A
// pure function builds the RunTask request, since ECS refuses a client token that comes with a
// different request.
package fargate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/stop"
)

// API is the part of the ECS client that a Launcher uses.
type API interface {
	RunTask(context.Context, *ecs.RunTaskInput, ...func(*ecs.Options)) (*ecs.RunTaskOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	StopTask(context.Context, *ecs.StopTaskInput, ...func(*ecs.Options)) (*ecs.StopTaskOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
}

// Launcher implements port.Launcher.
type Launcher struct {
	ECS API
	Now func() time.Time

	mu        sync.Mutex
	resolved  map[string]resolved
	forgotten int            // how often Forget was called
	fresh     aws.HTTPClient // keeps no connections
}

// callLimit is how long a call to ECS may take. RunTask answers within a second or two; a call that
// takes longer holds a place that another launch could have.
const callLimit = 10 * time.Second

// once turns off the SDK's own retries, which would send RunTask again without our counting it. It also
// sends the request on a new connection. A kept connection may have died in the meantime, for example
// while a function's process was frozen; it would swallow the request, and nobody could say whether a
// task was launched. For all other calls the SDK's retries make up for that.
func (f *Launcher) once(o *ecs.Options) {
	o.Retryer = aws.NopRetryer{}
	var kept signed.Whole
	switch client := o.HTTPClient.(type) {
	case signed.Whole:
		kept = client
	case *awshttp.BuildableClient:
		kept.BuildableClient = client
	default:
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fresh == nil {
		sessions := tls.NewLRUClientSessionCache(0) // a new connection resumes the last one's session
		f.fresh = kept.With(func(t *http.Transport) {
			t.DisableKeepAlives = true
			if t.TLSClientConfig != nil {
				t.TLSClientConfig.ClientSessionCache = sessions
			}
		})
	}
	o.HTTPClient = f.fresh
}

// Launch implements port.Launcher.
func (f *Launcher) Launch(ctx context.Context, l port.Launch) run.Event {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	out, err := f.ECS.RunTask(ctx, Input(l), f.once)
	if err != nil {
		answer := launchError(l.Attempt, err)
		if refused, ok := answer.(run.Refused); ok {
			refused.Mend = mend(refused.Stop, l.Job.Cluster)
			return refused
		}
		return answer
	}
	switch {
	case len(out.Tasks) > 0:
		return launched(l.Attempt, aws.ToString(out.Tasks[0].TaskArn), aws.ToString(out.Tasks[0].LastStatus))
	case len(out.Failures) > 0:
		return run.Refused{Attempt: l.Attempt, Stop: stop.Stop{
			Kind: stop.LaunchFailure, Reason: aws.ToString(out.Failures[0].Reason),
			Detail: aws.ToString(out.Failures[0].Detail), ARN: aws.ToString(out.Failures[0].Arn),
		}}
	}
	return run.NoAnswer{Attempt: l.Attempt, Err: "ECS answered with neither a task nor a failure"}
}

// launched tells of a task. Without its ARN, a run could never be looked at.
func launched(attempt int, arn, lastStatus string) run.Event {
	if arn == "" {
		return run.NoAnswer{Attempt: attempt, Err: "ECS answered with a task that has no ARN"}
	}
	return run.Launched{Attempt: attempt, TaskARN: arn, LastStatus: lastStatus}
}

// launchError turns an error of RunTask into an event. Only a 4xx answer proves that this request was
// refused; with any other error the task may have been launched.
func launchError(attempt int, err error) run.Event {
	if conflict, ok := errors.AsType[*types.ConflictException](err); ok && len(conflict.ResourceIds) > 0 {
		return launched(attempt, conflict.ResourceIds[0], "")
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && status(err) >= 400 && status(err) < 500 {
		return run.Refused{Attempt: attempt, Stop: stop.Stop{
			Kind: stop.LaunchException, ErrorCode: api.ErrorCode(), Reason: api.ErrorMessage(),
		}}
	}
	return run.NoAnswer{Attempt: attempt, Err: err.Error()}
}

// status returns the HTTP status of the answer behind an error, 0 if there was none.
func status(err error) int {
	if re, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return re.HTTPStatusCode()
	}
	return 0
}

// Describe implements port.Launcher.
func (f *Launcher) Describe(ctx context.Context, cluster string, arns []string) ([]ecsevent.Task, []string, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	out, err := f.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: optional(cluster), Tasks: arns})
	if noCluster(err) {
		return nil, arns, nil
	}
	if err != nil {
		return nil, nil, refused("describing tasks", err)
	}
	tasks := make([]ecsevent.Task, 0, len(out.Tasks))
	for _, t := range out.Tasks {
		tasks = append(tasks, task(t))
	}
	var missing []string
	untold := map[string]string{}
	for _, failure := range out.Failures {
		if reason := aws.ToString(failure.Reason); reason != "MISSING" {
			untold[aws.ToString(failure.Arn)] = strings.TrimSuffix(reason+": "+aws.ToString(failure.Detail), ": ")
			continue
		}
		missing = append(missing, aws.ToString(failure.Arn))
	}
	if len(untold) > 0 {
		return tasks, missing, &port.UntoldError{Tasks: untold}
	}
	return tasks, missing, nil
}

// noCluster reports whether the cluster no longer exists. A cluster cannot be deleted while one of its
// tasks is active (ECS API reference, DeleteCluster), so none of them runs.
func noCluster(err error) bool {
	var absent *types.ClusterNotFoundException
	return errors.As(err, &absent)
}

// refused says what a failed request was for. It marks the error as port.ErrRefused if asking again
// is likely to get the same answer.
func refused(what string, err error) error {
	if retryable(err) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %s", what, port.ErrRefused, said(err))
}

// said gives what AWS said, without the SDK's words around it. The error must be an answer, as one
// that is not retryable is.
func said(err error) string {
	var api smithy.APIError
	errors.As(err, &api)
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

// StopTask implements port.Launcher.
func (f *Launcher) StopTask(ctx context.Context, cluster, arn, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	_, err := f.ECS.StopTask(ctx, &ecs.StopTaskInput{
		Cluster: optional(cluster), Task: aws.String(arn), Reason: aws.String(cut(reason, 255)),
	})
	if invalid, ok := errors.AsType[*types.InvalidParameterException](err); ok && strings.Contains(invalid.ErrorMessage(), "not found") {
		return nil
	}
	if err != nil && !noCluster(err) {
		return refused("asking ECS to stop "+arn, err)
	}
	return nil
}

// Find implements port.Launcher. ListTasks allows startedBy only without any other filter, and then
// shows tasks whose desired status is RUNNING. Only the last page, which has no token, proves that there
// are no more (ECS API reference, ListTasks, nextToken).
func (f *Launcher) Find(ctx context.Context, cluster, startedBy string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	var found []string
	pages := ecs.NewListTasksPaginator(f.ECS, &ecs.ListTasksInput{Cluster: optional(cluster), StartedBy: aws.String(startedBy)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if noCluster(err) {
			return nil, nil
		}
		if err != nil {
			return nil, refused("listing tasks started by "+startedBy, err)
		}
		found = append(found, page.TaskArns...)
	}
	return found, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// passing are the error codes that do not concern what is asked for, but who asks and when. They pass by
// themselves: credentials are renewed, and clocks corrected (AWS General Reference, "Common errors"; AWS
// SDK for JavaScript v3, service-error-classification, CLOCK_SKEW_ERROR_CODES). UnknownError is the SDK's
// name for an answer that names no error, which is not from ECS.
var passing = map[string]bool{
	"UnknownError": true, "RequestTimeTooSkewed": true, "RequestInTheFuture": true,
	"ExpiredToken": true, "ExpiredTokenException": true, "RequestExpired": true,
	"InvalidSignatureException": true, "SignatureDoesNotMatch": true, "IncompleteSignature": true, "IncompleteSignatureException": true,
	"InvalidClientTokenId": true, "UnrecognizedClientException": true, "MissingAuthenticationToken": true, "MissingAuthenticationTokenException": true,
}

// retryable reports whether asking again may help: there was no answer, a fault of the service, a rate
// limit, or credentials that are not valid now.
func retryable(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || status(err) == 0 || status(err) >= http.StatusInternalServerError || passing[api.ErrorCode()] {
		return true
	}
	return stop.Throttled(stop.Stop{Kind: stop.LaunchException, ErrorCode: api.ErrorCode(), Reason: api.ErrorMessage()})
}
