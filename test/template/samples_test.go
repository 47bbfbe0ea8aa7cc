package template_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire/notify"
)

// TestSamples: there is a sample for each function, and the functions read them.
// Those of the trigger are read in its own room.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(root + "events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var others []string
	for _, f := range files {
		if name := filepath.Base(f); !strings.HasPrefix(name, "trigger-") {
			others = append(others, name)
		}
	}
	if !slices.Equal(others, []string{"notify.json", "onstopped.json", "sweep.json"}) {
		t.Errorf("samples %q", others)
	}
	doc, err := ecsevent.Parse(read(t, "events/onstopped.json"))
	if err != nil {
		t.Fatal(err)
	}
	if id, attempt, ok := run.ParseStartedBy("batchplane", doc.Task.StartedBy); !ok || attempt != 1 || id == "" || doc.Task.LastStatus != "STOPPED" {
		t.Errorf("the sample of a stopped task is %+v", doc.Task)
	}
	var batch notify.Batch
	if err := json.Unmarshal(read(t, "events/notify.json"), &batch); err != nil {
		t.Fatal(err)
	}
	keys := batch.Records[0].Change.Keys
	if id, ok := dynamo.RunID(keys["pk"].S, keys["sk"].S); !ok || id != "nightly-report/20261122T1800Z" {
		t.Errorf("the sample of a change is of %q", id)
	}
}

// TestSweepSample: the sample is what the rule of every minute sends.
func TestSweepSample(t *testing.T) {
	t.Parallel()
	sent := words(t, list(t, down(t, load(t), "Resources.EveryMinute.Properties.Targets"))[0], "Input")
	if sample := strings.TrimSpace(string(read(t, "events/sweep.json"))); sample != sent {
		t.Errorf("the rule sends %s, the sample is %s", sent, sample)
	}
}
