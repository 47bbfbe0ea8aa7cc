package signed

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// call sends a request, and again as long as the retryer and ctx allow. It returns the text of the
// answer.
func (c *Client) call(ctx context.Context, q request) ([]byte, error) {
	c.once.Do(func() {
		if c.Retryer != nil {
			c.retryer = c.Retryer()
			return
		}
		c.retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = cmp.Or(c.RetryMaxAttempts, o.MaxAttempts)
		})
	})
	release := c.retryer.GetInitialToken()
	for n := 1; ; n++ {
		text, err := c.send(ctx, q)
		_ = release(err) // it only counts how much may be sent again
		if err == nil || ctx.Err() != nil || n == c.retryer.MaxAttempts() || !c.retryer.IsErrorRetryable(err) {
			return text, err
		}
		delay, none := c.retryer.RetryDelay(n, err)
		if none != nil {
			return nil, err
		}
		if release, none = c.retryer.GetRetryToken(ctx, err); none != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(delay):
		}
	}
}

// unansweredError is the error of a request without an answer, as the SDK's retryer wants to be told.
type unansweredError struct{ error }

func (unansweredError) ConnectionError() bool { return true }

func (u unansweredError) Unwrap() error { return u.error }

// unreadableError is the error of an answer that was cut off or is no document of the service. It says
// nothing of what was asked about. For errors.As it is a *smithy.DeserializationError, as with the SDK.
type unreadableError struct{ error }

func (u *unreadableError) Unwrap() error { return u.error }

func (u *unreadableError) As(target any) bool {
	as, ok := target.(**smithy.DeserializationError)
	if ok {
		*as = &smithy.DeserializationError{Err: u.error}
	}
	return ok
}

// answeredError is the error of an answer with another status than 200, which the SDK's retryer asks for.
type answeredError struct {
	error
	status int
}

func (a answeredError) HTTPStatusCode() int { return a.status }

func (a answeredError) Unwrap() error { return a.error }

// refusal returns the error that a service answered, as the SDK represents it: said if it has a code,
// else the text as it is.
func refusal(status int, said *smithy.GenericAPIError, text []byte) error {
	if said.Code == "" {
		return answeredError{&unreadableError{fmt.Errorf("it was answered with status %d: %.300q", status, text)}, status}
	}
	if status >= http.StatusInternalServerError {
		said.Fault = smithy.FaultServer
	}
	return answeredError{said, status}
}
