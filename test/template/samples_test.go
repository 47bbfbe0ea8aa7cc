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

// TestSamples: there is a sample for each function, and the functions can read them. The
// trigger's samples are read in its own package.
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
	if m, ok := run.ParseStartedBy("batchplane", doc.Task.StartedBy); !ok || m.Attempt != 1 || m.Run == "" || doc.Task.LastStatus != "STOPPED" {
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

// TestStreamFilters: the stream's filters pass the sample of a run that owes a notice, and an
// input that was kept, to notify. They do not pass a plain success, which wakes nobody.
func TestStreamFilters(t *testing.T) {
	t.Parallel()
	var patterns []any
	for _, f := range list(t, down(t, load(t), "Resources.Notify.Properties.Events.Changes.Properties.FilterCriteria.Filters")) {
		patterns = append(patterns, decoded(t, words(t, f, "Pattern")))
	}
	sample := list(t, at(t, decoded(t, string(read(t, "events/notify.json"))), "Records"))
	if len(sample) != 1 {
		t.Fatalf("%d records", len(sample))
	}
	for name, tc := range map[string]struct {
		change any
		passes bool
	}{
		"the sample":      {sample[0], true},
		"a kept input":    {decoded(t, `{"dynamodb":{"NewImage":{"pk":{"S":"K#1"},"reason":{"S":"not usable"}}}}`), true},
		"a plain success": {decoded(t, `{"dynamodb":{"NewImage":{"pk":{"S":"R#a"},"sk":{"S":"20261122T1800Z"},"status":{"S":"succeeded"}}}}`), false},
		"a run that runs": {decoded(t, `{"dynamodb":{"NewImage":{"pk":{"S":"R#a"},"op":{"S":"look"},"od":{"N":"1"},"status":{"S":"running"}}}}`), false},
		"a deleted item":  {decoded(t, `{"eventName":"REMOVE","dynamodb":{"Keys":{"pk":{"S":"R#a"}}}}`), false},
	} {
		if got := slices.ContainsFunc(patterns, func(p any) bool { return passes(t, p, tc.change) }); got != tc.passes {
			t.Errorf("%s passes: %t", name, got)
		}
	}
}

// passes reports whether a pattern of EventBridge's language matches, for the part of the
// language that the template uses: objects whose leaves are [{"exists": true}].
func passes(t *testing.T, pattern, event any) bool {
	t.Helper()
	if leaf, ok := pattern.([]any); ok {
		if canonical(t, leaf) != `[{"exists":true}]` {
			t.Fatalf("this test does not know the pattern %v", leaf)
		}
		return event != nil
	}
	inside, _ := event.(object)
	for _, key := range keys(t, pattern) {
		if !passes(t, at(t, pattern, key), inside[key]) {
			return false
		}
	}
	return true
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSweepSample: the sample is what the rule of every minute sends.
func TestSweepSample(t *testing.T) {
	t.Parallel()
	sent := words(t, list(t, down(t, load(t), "Resources.EveryMinute.Properties.Targets"))[0], "Input")
	if sample := strings.TrimSpace(string(read(t, "events/sweep.json"))); sample != sent {
		t.Errorf("the rule sends %s, the sample is %s", sent, sample)
	}
}
