package dynamo

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/run"
)

// aRun is a run that has succeeded, as most items are.
func aRun() run.Run {
	at := time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)
	r := run.New(run.Request{
		ID: run.ScheduledID("nightly-report", at), ScheduledFor: at, Definition: "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
		Task:    run.TaskDefinition{ARN: "arn:aws:ecs:eu-central-1:111122223333:task-definition/nightly-report:42", Container: "app"},
		Trigger: run.Trigger{At: at, Kind: run.BySchedule},
	}, at, run.DefaultTiming)
	a := r.Last()
	a.TaskARN = "arn:aws:ecs:eu-central-1:111122223333:task/jobs/0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	a.AcceptedAt, a.StartedAt, a.EndedAt = at.Add(time.Second), at.Add(20*time.Second), at.Add(5*time.Minute)
	a.StopCode, a.StoppedReason = "EssentialContainerExited", "Essential container in task exited"
	return r
}

// BenchmarkDecode reads a run's body as it is stored, beside the peer that makes
// an inflater anew for each and beside the JSON alone.
func BenchmarkDecode(b *testing.B) {
	body, err := encode(aRun())
	if err != nil {
		b.Fatal(err)
	}
	plain, err := json.Marshal(aRun())
	if err != nil {
		b.Fatal(err)
	}
	item := attributes{attrBody: &types.AttributeValueMemberB{Value: body}, attrVersion: number(itemVersion)}
	b.Run("item", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := plainBody(item); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("item-new-inflater", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(body), dictionary1)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r run.Run
			if err := json.Unmarshal(plain, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
