package entry

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// TestEncode: what is encoded is read back unchanged, with every field set.
func TestEncode(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{
		"run":            {Run: &port.RunRequest{Job: "etl", RequestID: "r", By: "mia", Args: []string{"-x", ""}, Inputs: map[string]string{"A": "<1>"}, Force: true}},
		"retry":          {Retry: &port.RetryRequest{Run: "etl/20261122T0900Z", RequestID: "r", By: "mia", Same: true, Force: true}},
		"retry as seen":  {Retry: &port.RetryRequest{Run: "etl/20261122T0900Z", RequestID: "r", Attempts: new(int), Safety: "ended", By: "mia"}},
		"retry and why":  {Retry: &port.RetryRequest{Run: "etl/20261122T0900Z", RequestID: "r", Same: true, Force: true, By: "mia", Reason: "why"}},
		"skip and why":   {Skip: &port.SkipRequest{Job: "etl", By: "mia", Reason: "why"}},
		"stop":           {Stop: &port.StopRequest{Run: "etl/20261122T0900Z", By: "mia", Reason: "why"}},
		"pause":          {Pause: &port.PauseRequest{Job: "*", Until: time.Date(2026, 11, 22, 9, 0, 0, 5, time.UTC), By: "mia", Reason: "why"}},
		"pause for ever": {Pause: &port.PauseRequest{Job: "etl"}},
		"resume":         {Resume: &port.ResumeRequest{Job: "etl", By: "mia"}},
		"skip-next":      {Skip: &port.SkipRequest{Job: "etl", By: "mia"}},
		"kept":           {Kept: &port.KeptRequest{ID: "0123abcd", Again: true, By: "mia"}},
		"kept, dropped":  {Kept: &port.KeptRequest{ID: "0123abcd"}},
		"redrive":        {Redrive: &port.RedriveRequest{Queue: "trigger", Messages: []string{"a"}, Again: true, By: "mia"}},
		"redrive's list": {Redrive: &port.RedriveRequest{Queue: "sweep"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Parse(body); err != nil || !reflect.DeepEqual(got, r) {
				t.Errorf("%s came back as %+v, %v", body, got, err)
			}
		})
	}
	if body, err := Encode(Request{Slot: &Slot{Name: "etl"}}); err == nil {
		t.Errorf("a slot became %s", body)
	}
}

// TestOtherBytes: a job is not run with other bytes than a person asked for.
func TestOtherBytes(t *testing.T) {
	t.Parallel()
	const bytes = "a\xffb"
	for name, r := range map[string]Request{
		"an argument": {Run: &port.RunRequest{Job: "etl", Args: []string{"-x", bytes}}},
		"an input":    {Run: &port.RunRequest{Job: "etl", Inputs: map[string]string{"A": bytes}}},
		"an id":       {Run: &port.RunRequest{Job: "etl", RequestID: bytes}},
		"a reason":    {Stop: &port.StopRequest{Run: "etl/20261122T0900Z", Reason: bytes}},
	} {
		if body, err := Encode(r); err == nil || !strings.Contains(err.Error(), `"a\xffb" is not UTF-8`) {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
	if r, err := Parse([]byte(`{"run":"etl","args":["` + bytes + `"]}`)); !errors.Is(err, ErrInput) {
		t.Errorf("read as %+v, %v", r, err)
	}
}

// TestSamplesComeBack: encoding gives the samples of people's requests.
func TestSamplesComeBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"run", "retry", "stop", "pause", "pause-all", "resume", "skip-next", "kept", "redrive"} {
		sample, err := os.ReadFile(filepath.Join("..", "..", "events", "trigger-"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Parse(sample)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if json.Unmarshal(body, &got) != nil || json.Unmarshal(sample, &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: encoded as %s, want %s", name, body, sample)
		}
	}
}
