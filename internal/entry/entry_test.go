package entry

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

var nine = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   string
		want Request
	}{
		"a schedule with its definition": {
			`{"scheduledFor":"2026-11-22T09:00:00Z","job":{"name":"etl","command":["a"]}}`,
			Request{Slot: &Slot{Name: "etl", At: nine, Job: &job.Job{Name: "etl", Command: []string{"a"}}}},
		},
		"a rule with an input transformer that names its job": {
			`{"scheduledFor":"2026-11-22T09:00:00Z","job":"etl"}`,
			Request{Slot: &Slot{Name: "etl", At: nine}},
		},
		"a time with an offset": {
			`{"scheduledFor":"2026-11-22T18:00:00+09:00","job":"etl"}`,
			Request{Slot: &Slot{Name: "etl", At: nine}},
		},
		"a bare scheduled event": {
			`{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"123456789012",
			"time":"2026-11-22T09:00:00Z","region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/etl"],"detail":{}}`,
			Request{Slot: &Slot{Name: "etl", At: nine}},
		},
		"run": {
			`{"run":"etl","args":["-v"],"inputs":{"A":"b"},"force":true,"requestId":"r","by":"mia"}`,
			Request{Run: &port.RunRequest{
				Job: "etl", Args: []string{"-v"}, Inputs: map[string]string{"A": "b"},
				Force: true, RequestID: "r", By: "mia",
			}},
		},
		"retry": {
			`{"retry":"etl/20261122T0900Z","same":true,"force":true,"requestId":"r","by":"mia"}`,
			Request{Retry: &port.RetryRequest{Run: "etl/20261122T0900Z", Same: true, Force: true, RequestID: "r", By: "mia"}},
		},
		"retry and why": {`{"retry":"etl/20261122T0900Z","reason":"late data"}`, Request{Retry: &port.RetryRequest{Run: "etl/20261122T0900Z", Reason: "late data"}}},
		"skip and why":  {`{"skipNext":"etl","reason":"moving"}`, Request{Skip: &port.SkipRequest{Job: "etl", Reason: "moving"}}},
		"stop":          {`{"stop":"etl/20261122T0900Z","reason":"wrong day","by":"mia"}`, Request{Stop: &port.StopRequest{Run: "etl/20261122T0900Z", Reason: "wrong day", By: "mia"}}},
		"pause":         {`{"pause":"etl","until":"2026-11-22T09:00:00Z","reason":"moving"}`, Request{Pause: &port.PauseRequest{Job: "etl", Until: nine, Reason: "moving"}}},
		"pause all":     {`{"pause":"*"}`, Request{Pause: &port.PauseRequest{Job: "*"}}},
		"resume":        {`{"resume":"*"}`, Request{Resume: &port.ResumeRequest{Job: "*"}}},
		"skip":          {`{"skipNext":"etl","by":"mia"}`, Request{Skip: &port.SkipRequest{Job: "etl", By: "mia"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, says string }{
		"nothing":              {``, "not a JSON object"},
		"a list":               {`[1]`, "not a JSON object"},
		"null":                 {`null`, "exactly one of"},
		"an empty object":      {`{}`, "and has none"},
		"two at once":          {`{"run":"a","retry":"a/20261122T0900Z"}`, "has retry and run"},
		"a misspelt field":     {`{"run":"a","froce":true}`, `unknown field "froce"`},
		"a name that is none":  {`{"run":"a b"}`, "cannot name a job"},
		"no name":              {`{"run":""}`, "names no job"},
		"a run that is none":   {`{"retry":"a"}`, "is not a run"},
		"a stop of none":       {`{"stop":"a"}`, "is not a run"},
		"a skip of no job":     {`{"skipNext":"a b"}`, "cannot name a job"},
		"a word for a kept":    {`{"kept":"0123abcd","do":"undo"}`, `do is "undo"`},
		"a word for safety":    {`{"retry":"etl/20261122T0900Z","safety":"open"}`, `safety "open" is not safe, ended or unsafe`},
		"a time that is none":  {`{"job":"a","scheduledFor":"9am"}`, `scheduledFor is "9am"`},
		"no time":              {`{"job":"a"}`, `scheduledFor is ""`},
		"a time not filled in": {`{"job":"a","scheduledFor":"<aws.scheduler.scheduled-time>"}`, "still the placeholder"},
		"a definition's field of another form": {
			`{"job":{"name":"a","command":"x"},"scheduledFor":"2026-11-22T09:00:00Z"}`, `cannot unmarshal string`,
		},
		"a definition with no name": {`{"job":{},"scheduledFor":"2026-11-22T09:00:00Z"}`, "cannot name a job"},
		"another event": {
			`{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","resources":["x"],"time":"2026-11-22T09:00:00Z"}`,
			"not the scheduled event of a rule",
		},
		"a rule's name that is no job's": {
			`{"source":"aws.events","detail-type":"Scheduled Event","resources":["arn:aws:events:r:1:rule/a.b"],"time":"2026-11-22T09:00:00Z"}`,
			"does not have a job's name",
		},
		"a field that comes twice":    {`{"run":"a","run":"b"}`, `"run" comes twice`},
		"one within that comes twice": {`{"run":"a","inputs":{"A":"1","A":"2"}}`, `"A" comes twice`},
		"inputs that come twice":      {`{"run":"a","inputs":{"A":"1"},"inputs":{"B":"2"}}`, `"inputs" comes twice`},
		"a field in another case":     {`{"run":"a","RUN":"b"}`, `unknown field "RUN"`},
		"another one":                 {`{"pause":"a","Reason":"x"}`, `unknown field "Reason"`},
		"a field of another kind":     {`{"run":"a","job":{"name":"a"}}`, "has job and run"},
		"the same in another case":    {`{"run":"a","Job":{"name":"a"}}`, `unknown field "Job"`},
		"a long request id":           {`{"run":"a","requestId":"` + strings.Repeat("x", 257) + `"}`, "requestId has 257 characters"},
		"a long name":                 {`{"skipNext":"a","by":"` + strings.Repeat("x", 1025) + `"}`, "by has 1025 characters"},
		"a long reason":               {`{"stop":"a/20261122T0900Z","reason":"` + strings.Repeat("ü", 1001) + `"}`, "reason has 1001 characters"},
		"a long reason of a retry":    {`{"retry":"a/20261122T0900Z","reason":"` + strings.Repeat("x", 1001) + `"}`, "reason has 1001 characters"},
		"a long reason of a skip":     {`{"skipNext":"a","reason":"` + strings.Repeat("x", 1001) + `"}`, "reason has 1001 characters"},
		"a long reason of a pause":    {`{"pause":"*","reason":"` + strings.Repeat("x", 400_000) + `"}`, "reason has 400000 characters"},
		"a pause beyond all years":    {`{"pause":"a","until":"9999-12-31T23:59:59-23:59"}`, `until is "9999-12-31T23:59:59-23:59"`},
		"a slot before all years":     {`{"job":"a","scheduledFor":"0000-01-01T00:00:00+23:59"}`, `scheduledFor is "0000-01-01T00:00:00+23:59"`},
		"a pause until nothing":       {`{"pause":"a","until":"tomorrow"}`, `until is "tomorrow"`},
		"a second value":              {`{"run":"a"} {"run":"b"}`, "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tc.in))
			if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an ErrInput that says %q", err, tc.says)
			}
		})
	}
}

// substitute does to an input what Scheduler does: it replaces the context attributes that it
// knows wherever their text occurs, and knows nothing of JSON.
func substitute(input string) string {
	return strings.NewReplacer(
		"<aws.scheduler.scheduled-time>", "2026-11-22T09:00:00Z",
		"<aws.scheduler.schedule-arn>", "arn:aws:scheduler:us-east-1:123456789012:schedule/g/etl",
		"<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3",
		"<aws.scheduler.attempt-number>", "1",
	).Replace(input)
}

func TestCommandsSurviveTheSchedulesPlaceholders(t *testing.T) {
	t.Parallel()
	j := job.Job{Name: "etl", Command: []string{
		"sh", "-c", `sort <in >out 2>&1 && echo "<aws.scheduler.scheduled-time>" '<aws.scheduler.execution-id>' <time>`,
		"\u003c\\u003c", "&amp;",
	}, Environment: map[string]string{"AT": "<aws.scheduler.scheduled-time>"}}
	input, err := j.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`<[^>]*>`).FindAllString(input, -1); !slices.Equal(found, []string{job.ScheduledTime, job.ScheduleARN}) {
		t.Errorf("placeholders in the input: %q", found)
	}
	got, err := Parse([]byte(substitute(input)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*got.Slot.Job, j) || !got.Slot.At.Equal(nine) || got.Slot.Job.Hash() != j.Hash() || got.Slot.Schedule != "arn:aws:scheduler:us-east-1:123456789012:schedule/g/etl" {
		t.Errorf("got %+v at %s, want %+v at %s", *got.Slot.Job, got.Slot.At, j, nine)
	}
	registered, ok, err := Registered(input)
	if err != nil || !ok || registered.Hash() != j.Hash() {
		t.Errorf("the registry reads %+v, %t, %v", registered, ok, err)
	}
}

func TestRegistered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in, job, says string
		ok            bool
	}{
		"a definition":       {in: `{"scheduledFor":"<time>","job":{"name":"a"}}`, ok: true, job: "a"},
		"only a name":        {in: `{"scheduledFor":"<time>","job":"a"}`},
		"no job":             {in: `{"run":"a"}`},
		"not JSON":           {in: `{`, says: "not a JSON object"},
		"a newer version's":  {in: `{"job":{"name":"a","comand":["x"]}}`, ok: true, job: "a"},
		"another form":       {in: `{"job":{"name":"a","command":"x"}}`, says: "cannot unmarshal"},
		"a list for the job": {in: `{"job":["a"]}`, says: "definition"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, ok, err := Registered(tc.in)
			if ok != tc.ok || j.Name != tc.job {
				t.Errorf("got %+v, %t", j, ok)
			}
			if (err != nil) != (tc.says != "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got error %v, want one that says %q", err, tc.says)
			}
			// The sweep and apply read by this.
			if noted, also, why := Noting(slog.New(slog.DiscardHandler))(tc.in); also != ok || !reflect.DeepEqual(noted, j) || fmt.Sprint(why) != fmt.Sprint(err) {
				t.Errorf("noting, got %+v, %t, %v", noted, also, why)
			}
		})
	}
}

// TestSamples: every sample of the trigger's inputs can be read.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/trigger-*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("samples: %q, %v", files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(body); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestNewerFields: fields that a newer version wrote into a schedule's input are passed over and
// reported. In a person's request no field is.
func TestNewerFields(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"job":{"name":"a","command":["x"],"sandbox":{"x":1}},"scheduledFor":"2026-11-22T09:00:00Z"}`,
		`{"job":{"name":"a","command":["x"]},"scheduledFor":"2026-11-22T09:00:00Z","sandbox":true}`,
	} {
		r, err := Parse([]byte(in))
		if err != nil || r.Slot.Job.Command[0] != "x" || !strings.Contains(r.Slot.Unknown, "sandbox") {
			t.Errorf("%s: %+v, %v", in, r.Slot, err)
		}
	}
	if _, err := Parse([]byte(`{"run":"a","focre":true}`)); !errors.Is(err, ErrInput) {
		t.Errorf("got %v", err)
	}
}

// TestNewerFieldsAreNotedOnce: the sweep reads all schedules every minute, but reports only once
// for each what it passed over.
func TestNewerFieldsAreNotedOnce(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	read := Noting(slog.New(slog.NewJSONHandler(&log, nil)))
	for _, in := range []string{
		`{"scheduledFor":"<time>","schedule":"<arn>","job":{"name":"noted-within","sandbox":{"x":1}}}`,
		`{"scheduledFor":"<time>","schedule":"<arn>","job":{"name":"noted-beside"},"sandbox":true}`,
		`{"rule":"r","scheduledFor":"<time>","schedule":"<arn>","job":{"name":"noted-not"}}`,
	} {
		for range 3 {
			if j, ok, err := read(in); !ok || err != nil || !strings.HasPrefix(j.Name, "noted-") || (j.Rule == "r") != strings.HasPrefix(in, `{"rule"`) {
				t.Errorf("%s: %+v, %t, %v", in, j, ok, err)
			}
		}
	}
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "noted-within") || !strings.Contains(got, "noted-beside") || !strings.Contains(got, "sandbox") {
		t.Errorf("logged %s", got)
	}
}
