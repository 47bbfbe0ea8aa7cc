package dynamo

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"slices"
	"testing"
	"time"

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

// BenchmarkDecode inflates a stored run's body, beside a peer that creates an inflater for each, and
// reads its JSON, beside a peer that does so without an item. They take turns, and the median turn
// counts. A turn is long enough for a garbage collection, which the 42 KB of each new inflater keep
// busy.
func BenchmarkDecode(b *testing.B) {
	body, err := encode(aRun())
	if err != nil {
		b.Fatal(err)
	}
	plain, err := json.Marshal(aRun())
	if err != nil {
		b.Fatal(err)
	}
	item := asBody(body)
	readers := []struct {
		unit string
		read func() error
	}{
		{"ns-item", func() error { return read(item, func([]byte) error { return nil }) }},
		{"ns-new-inflater", func() error {
			_, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(body), dictionary1))
			return err
		}},
		{"ns-run", func() error { return decode("it", item, &run.Run{}) }},
		{"ns-json", func() error { return json.Unmarshal(plain, &run.Run{}) }},
	}
	took := make([][]float64, len(readers))
	for b.Loop() {
		for i, r := range readers {
			took[i] = append(took[i], turn(b, r.read))
		}
	}
	b.ReportMetric(0, "ns/op") // it would be of all together
	for i := range took {
		slices.Sort(took[i])
		took[i] = took[i][len(took[i])/2:]
		b.ReportMetric(took[i][0], readers[i].unit)
	}
	b.ReportMetric(took[1][0]/took[0][0], "new-inflater/item")
	b.ReportMetric(took[2][0]/took[3][0], "run/json")
}

// turn returns how many nanoseconds a call takes, over many in a row.
func turn(b *testing.B, read func() error) float64 {
	b.Helper()
	const calls = 1000
	at := time.Now()
	for range calls {
		if err := read(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(at)) / calls
}
