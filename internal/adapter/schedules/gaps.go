package schedules

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/job"
)

// gaps are what could not be read of the registry.
type gaps struct {
	problems, unread []error
	// halves are jobs that a schedule carried which could not be read again.
	halves map[string]bool
}

// add notes why a schedule was not read.
func (g *gaps) add(err error) {
	if passes(err) {
		g.unread = append(g.unread, err)
		return
	}
	g.problems = append(g.problems, err)
}

// half is whether a job may have been read by half. Where nobody knows whose
// schedule was not read, only one that is off may be: it is on where any of its
// schedules is.
func (g *gaps) half(j job.Job) bool {
	return g.halves[j.Name] || len(g.unread) > 0 && j.Disabled
}

func (g *gaps) err() error {
	var errs []error
	if len(g.problems) > 0 {
		errs = append(errs, &ProblemError{g.problems})
	}
	if len(g.unread) > 0 {
		errs = append(errs, &UnreadError{g.unread})
	}
	return errors.Join(errs...)
}

var retryable = retry.IsErrorRetryables(append(retry.DefaultRetryables, retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}))

// passes is whether a call to AWS failed for a reason that passes by itself: its
// rate, its time, the network, or a fault of the service.
func passes(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorFault() == smithy.FaultServer {
		return true
	}
	return retryable.IsErrorRetryable(err) == aws.TrueTernary
}
