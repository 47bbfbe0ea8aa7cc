package dynamo

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
)

// ErrBusy is wrapped by the error of a request that DynamoDB refused because of its load, even after
// the SDK's own retries. Nothing was written; the same request may be sent again later.
var ErrBusy = errors.New("DynamoDB is busy")

// throttled recognises the error codes of single requests; "TransactionInProgressException" is one of
// them.
var throttled = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// Codes of the reasons of a canceled transaction (Amazon DynamoDB API Reference, TransactWriteItems).
const (
	reasonCondition = "ConditionalCheckFailed"
	reasonConflict  = "TransactionConflict"
)

var busyReasons = map[string]bool{
	"ProvisionedThroughputExceeded": true, "ThrottlingError": true, "RequestLimitExceeded": true,
}

// failed says what a failed request was for, and marks it as port.ErrConflict if the item had
// changed or as ErrBusy if DynamoDB was busy.
func failed(what string, err error) error {
	switch {
	case isConflict(err):
		return fmt.Errorf("%s: %w (%w)", what, port.ErrConflict, err)
	case isBusy(err):
		return fmt.Errorf("%s: %w: %w", what, ErrBusy, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isConflict reports whether a condition did not hold, or another transaction holds the item at this
// moment.
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

// canceledFor reports whether a transaction was canceled for a reason that matches.
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

// inTheWay returns the item that made a condition fail. It is nil if the error is of another kind or
// there was no item.
func inTheWay(err error) attributes {
	if condition, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return condition.Item
	}
	return nil
}
