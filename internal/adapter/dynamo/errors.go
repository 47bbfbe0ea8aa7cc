package dynamo

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/control"
)

// ErrBusy is wrapped by errors of requests that DynamoDB refused for its load,
// also after the SDK's own retries. Nothing was written; the same request may
// be sent again later.
var ErrBusy = errors.New("DynamoDB is busy")

// throttled knows the codes of single requests; "TransactionInProgressException"
// is one of them.
var throttled = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// Codes of a canceled transaction's reasons (Amazon DynamoDB API Reference,
// TransactWriteItems).
const (
	reasonCondition = "ConditionalCheckFailed"
	reasonConflict  = "TransactionConflict"
)

var busyReasons = map[string]bool{
	"ProvisionedThroughputExceeded": true, "ThrottlingError": true, "RequestLimitExceeded": true,
}

// failed says what a request that failed was for, and whether the item had
// changed (control.ErrConflict) or DynamoDB was busy (ErrBusy).
func failed(what string, err error) error {
	switch {
	case isConflict(err):
		return fmt.Errorf("%s: %w (%w)", what, control.ErrConflict, err)
	case isBusy(err):
		return fmt.Errorf("%s: %w: %w", what, ErrBusy, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isConflict is whether a condition did not hold, or another transaction holds
// the item at this moment.
func isConflict(err error) bool {
	var condition *types.ConditionalCheckFailedException
	var conflict *types.TransactionConflictException
	if errors.As(err, &condition) || errors.As(err, &conflict) {
		return true
	}
	return canceledFor(err, func(code string) bool { return code == reasonCondition || code == reasonConflict })
}

func isBusy(err error) bool {
	return throttled.IsErrorThrottle(err) == aws.TrueTernary || canceledFor(err, func(code string) bool { return busyReasons[code] })
}

// canceledFor is whether a transaction was canceled for a reason that matches.
func canceledFor(err error, match func(code string) bool) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	for _, r := range canceled.CancellationReasons {
		if match(aws.ToString(r.Code)) {
			return true
		}
	}
	return false
}

// inTheWay is the item that a failed condition found; nil when the error is of
// another kind, or there was no item.
func inTheWay(err error) attributes {
	var condition *types.ConditionalCheckFailedException
	if errors.As(err, &condition) {
		return condition.Item
	}
	return nil
}
