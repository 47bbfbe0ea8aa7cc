package eventbus

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/batchplane/batchplane/internal/notice"
)

type bus struct {
	in  *eventbridge.PutEventsInput
	out *eventbridge.PutEventsOutput
	err error
}

func (b *bus) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	b.in = in
	return b.out, b.err
}

func TestNotify(t *testing.T) {
	t.Parallel()
	back := &bus{out: &eventbridge.PutEventsOutput{}}
	log := &strings.Builder{}
	n := Notifier{Events: back, Bus: "default", Log: slog.New(slog.NewJSONHandler(log, nil))}
	x := notice.Notice{
		Job: "etl", Run: "etl/20261122T0900Z", Kind: notice.Failed, Logs: []string{"a name and a number"},
		Attempts: []notice.Attempt{{N: 1, TaskARN: "arn:1"}, {N: 2, TaskARN: "arn:2"}, {N: 3}},
	}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	e := back.in.Entries[0]
	if *e.Source != "batchplane" || *e.DetailType != "Batch Run State Change" || *e.EventBusName != "default" || e.Resources[0] != "arn:2" {
		t.Errorf("got %+v", e)
	}
	var detail notice.Notice
	if err := json.Unmarshal([]byte(*e.Detail), &detail); err != nil || detail.Run != x.Run || detail.Logs != nil {
		t.Errorf("got detail %s, %v", *e.Detail, err)
	}

	for _, large := range []notice.Notice{{Run: x.Run, Cause: strings.Repeat("\x01", 1<<20)}, {Run: x.Run, Description: strings.Repeat("<&", 1<<19)}, {Run: x.Run, Owner: strings.Repeat("<&", 1<<19)}} {
		log.Reset()
		if err := n.Notify(t.Context(), large); err != nil || len(*back.in.Entries[0].Detail) > 256<<10 {
			t.Errorf("%v; %d bytes", err, len(*back.in.Entries[0].Detail))
		}
		if !strings.Contains(log.String(), `"msg":"a notice was cut","run":"etl/20261122T0900Z","why":"it had `) {
			t.Errorf("logged %s", log)
		}
	}

	back.out = &eventbridge.PutEventsOutput{FailedEntryCount: 1, Entries: []types.PutEventsResultEntry{{ErrorCode: aws.String("ThrottlingException"), ErrorMessage: aws.String("slow down")}}}
	if err := n.Notify(t.Context(), x); err == nil || !strings.Contains(err.Error(), "slow down") {
		t.Errorf("a refused entry: %v", err)
	}
	back.err = errors.New("denied")
	if err := n.Notify(t.Context(), x); !errors.Is(err, back.err) {
		t.Errorf("got %v", err)
	}
}
