package notify

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Batch is what DynamoDB's stream delivers, with those parts of each record that are used here. It
// demands less than the event types of the Lambda library, with which one odd record would make the
// whole batch unreadable.
type Batch struct {
	Records []Record `json:"Records"`
}

// Record is one change of the table.
type Record struct {
	Change struct {
		SequenceNumber string               `json:"SequenceNumber"`
		Keys           map[string]attribute `json:"Keys"`
		NewImage       map[string]attribute `json:"NewImage"`
	} `json:"dynamodb"`
}

// attribute is a string, a number or, in base64, a binary attribute. Any other kind is empty.
type attribute struct {
	S string `json:"S"`
	N string `json:"N"`
	B string `json:"B"`
}

type handler struct {
	stack   string
	ways    port.Notifier
	log     *slog.Logger
	control interface {
		Tell(ctx context.Context, id run.ID) error
	}
}

// spare is how much of the function's time is left when sending ends, so that what was sent and what
// was not can still be noted.
const spare = 10 * time.Second

// handle sends the notices that the records' runs owe. A record that fails does not keep the others
// from being handled. It is delivered again with all records that follow it, which then owe nothing
// more.
func (h handler) handle(ctx context.Context, b Batch) (events.DynamoDBEventResponse, error) {
	ctx, cancel := early(ctx)
	defer cancel()
	var again []events.DynamoDBBatchItemFailure
	for i, r := range b.Records {
		late := ctx.Err() != nil
		if late || h.record(ctx, r) != nil {
			again = append(again, events.DynamoDBBatchItemFailure{ItemIdentifier: r.Change.SequenceNumber})
		}
		if late && i == len(b.Records)-1 {
			h.log.WarnContext(ctx, "out of time: not all was told, the next delivery goes on", "again", len(again))
		}
	}
	return events.DynamoDBEventResponse{BatchItemFailures: again}, nil
}

// early ends before the function's own time does.
func early(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-spare))
	}
	return ctx, func() {}
}

func (h handler) record(ctx context.Context, r Record) error {
	pk, sk := r.Change.Keys["pk"].S, r.Change.Keys["sk"].S
	id, ok := dynamo.RunID(pk, sk)
	reason := r.Change.NewImage["reason"].S
	switch {
	case reason != "":
		image := r.Change.NewImage
		return h.said(ctx, pk+"/"+sk, h.tellKept(ctx, cmp.Or(dynamo.KeptID(image["at"].N, reason, image["raw"].B), sk), reason))
	case !ok:
		h.log.ErrorContext(ctx, "ignored a change of what is no run", "run", pk+"/"+sk, "why", "the stream's filter lets only runs and kept inputs through")
		return nil
	}
	return h.said(ctx, string(id), h.control.Tell(ctx, id))
}

func (h handler) tellKept(ctx context.Context, id, reason string) (err error) {
	defer panics.Recover(&err)
	_, err = h.ways.Notify(ctx, notice.Kept(h.stack, id, reason))
	return err
}

func (h handler) said(ctx context.Context, what string, err error) error {
	if err != nil {
		h.log.ErrorContext(ctx, "a notice was not carried", "run", what, "why", err.Error())
	}
	return err
}
