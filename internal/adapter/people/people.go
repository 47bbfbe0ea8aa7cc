// Package people gives access to what a person's credentials open in a stack: the door for requests,
// the person's identity, and the parts of the stack.
package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
)

// Door implements plane.Door. It calls the trigger function by the alias for people's requests.
type Door struct {
	Lambda interface {
		Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
	}
	// Function is the ARN of that alias.
	Function string
}

// Ask implements plane.Door. If the answer is lost, the request may be sent again: it has an id of its
// own if that matters.
func (d *Door) Ask(ctx context.Context, r entry.Request) (port.Reply, error) {
	body, err := entry.Encode(r)
	if err != nil {
		return port.Reply{}, fmt.Errorf("nothing was asked for: %w", err)
	}
	out, err := d.Lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &d.Function, Payload: body})
	if err != nil {
		return port.Reply{}, fmt.Errorf("calling the trigger function: %w", err)
	}
	if out.FunctionError != nil {
		return port.Reply{}, functionError(out.Payload)
	}
	var reply port.Reply
	if err := json.Unmarshal(out.Payload, &reply); err != nil || reply.Outcome == "" {
		return port.Reply{}, fmt.Errorf("the trigger function's answer cannot be read: %.200q", out.Payload)
	}
	return reply, nil
}

// May returns why these credentials may not use the door, nil if they may. It does a dry run, which
// checks only that (AWS Lambda API reference, Invoke).
func (d *Door) May(ctx context.Context) error {
	if _, err := d.Lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &d.Function, InvocationType: types.InvocationTypeDryRun}); err != nil {
		return fmt.Errorf("asking whether requests are allowed: %w", err)
	}
	return nil
}

// functionError is the error for the answer of a failed function (AWS Lambda developer guide, "Go
// function errors").
func functionError(payload []byte) error {
	var said struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &said) != nil || said.ErrorMessage == "" {
		return fmt.Errorf("the trigger function failed: %.300q; see its log", payload)
	}
	return fmt.Errorf("the trigger function failed: %.600s; see its log", said.ErrorMessage)
}

// Who identifies the caller.
type Who struct {
	STS interface {
		GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
	}
}

// ARN returns the caller's ARN. Everybody may ask for their own (AWS STS API reference,
// GetCallerIdentity).
func (w Who) ARN(ctx context.Context) (string, error) {
	out, err := w.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", fmt.Errorf("asking AWS who you are: %w", err)
	}
	if out.Arn == nil {
		return "", errors.New("AWS does not say who you are")
	}
	return aws.ToString(out.Arn), nil
}
