package notify

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/slack"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire/base"
)

// people receive notices, and runs send theirs, except those named in fails.
type people struct {
	fails string
	told  []string
	after func() // called after each, if not nil
}

func (p *people) Tell(_ context.Context, id run.ID) error { return p.hear(string(id)) }

func (p *people) Notify(_ context.Context, n notice.Notice) ([]string, error) {
	return nil, p.hear(n.Cause)
}

func (p *people) hear(what string) error {
	if p.after != nil {
		defer p.after()
	}
	if p.fails != "" && strings.Contains(what, p.fails) {
		return errors.New("the line is dead")
	}
	p.told = append(p.told, what)
	return nil
}

// asKept is a kept input as `kept` lists it.
var asKept = port.Kept{At: time.UnixMilli(1795338000000), Reason: "not usable", Body: []byte(`{"a":1`)}

func TestBatch(t *testing.T) {
	t.Parallel()
	const (
		good   = `{"dynamodb":{"SequenceNumber":"1","ApproximateCreationDateTime":1.5,"Keys":{"pk":{"S":"R#a"},"sk":{"S":"20261122T0900Z"}},"NewImage":{"tell":{"S":"failed"},"b":{"B":"AA=="},"r":{"N":"3"}}}}`
		second = `{"dynamodb":{"SequenceNumber":"2","ApproximateCreationDateTime":"odd","Keys":{"pk":{"S":"R#b"},"sk":{"S":"20261122T0900Z"}},"NewImage":{"tell":{"S":"failed"}}}}`
		odd    = `{"dynamodb":{"SequenceNumber":"3","Keys":{"pk":{"N":"1"},"sk":{"B":"AA=="}},"NewImage":{"tell":{"S":"failed"}}}}`
		kept   = `{"dynamodb":{"SequenceNumber":"4","Keys":{"pk":{"S":"K#1"},"sk":{"S":"1-ff"}},"NewImage":{"reason":{"S":"not usable"}}}}`
		named  = `{"dynamodb":{"SequenceNumber":"5","Keys":{"pk":{"S":"K#1"},"sk":{"S":"1-ff"}},"NewImage":{"reason":{"S":"not usable"},"at":{"N":"1795338000000"},"raw":{"B":"eyJhIjox"}}}}`
		empty  = `{"eventName":"REMOVE"}`
	)
	for name, tc := range map[string]struct {
		records     []string
		fails       string
		told, again []string
	}{
		"two runs":                 {[]string{good, second}, "", []string{"a/20261122T0900Z", "b/20261122T0900Z"}, nil},
		"one does not stop others": {[]string{good, second, kept}, "a/", []string{"b/20261122T0900Z", "it could not be used and is kept as 1-ff: not usable"}, []string{"1"}},
		"a kept input is refused":  {[]string{kept, second}, "kept as", []string{"b/20261122T0900Z"}, []string{"4"}},
		"by what it is called":     {[]string{named}, "", []string{"it could not be used and is kept as " + asKept.ID() + ": not usable"}, nil},
		"a poison record":          {[]string{odd, empty, second}, "", []string{"b/20261122T0900Z"}, nil},
		"nothing":                  {nil, "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, log := &people{fails: tc.fails}, &strings.Builder{}
			h := handler{stack: "prod", ways: p, control: p, log: slog.New(slog.NewJSONHandler(log, nil))}
			var b Batch
			if err := json.Unmarshal([]byte(`{"Records":[`+strings.Join(tc.records, ",")+`]}`), &b); err != nil {
				t.Fatal(err)
			}
			out, err := h.handle(t.Context(), b)
			var again []string
			for _, f := range out.BatchItemFailures {
				again = append(again, f.ItemIdentifier)
			}
			if err != nil || !slices.Equal(p.told, tc.told) || !slices.Equal(again, tc.again) {
				t.Errorf("told %q, again %q, %v; want %q and %q", p.told, again, err, tc.told, tc.again)
			}
			run := map[string]string{"1": "a/20261122T0900Z", "4": "K#1/1-ff"}[strings.Join(tc.again, " ")]
			if len(tc.again) > 0 && !strings.Contains(log.String(), `"msg":"a notice was not carried","run":"`+run+`","why":"the line is dead"`) {
				t.Errorf("logged %s", log)
			}
		})
	}
}

// TestAKeptInputThatPanics: a panic over one kept input does not keep other records from being sent.
func TestAKeptInputThatPanics(t *testing.T) {
	t.Parallel()
	p, log := &people{}, &strings.Builder{}
	var b Batch
	if err := json.Unmarshal([]byte(`{"Records":[
		{"dynamodb":{"SequenceNumber":"1","Keys":{"pk":{"S":"K#1"},"sk":{"S":"1-ff"}},"NewImage":{"reason":{"S":"odd"}}}},
		{"dynamodb":{"SequenceNumber":"2","Keys":{"pk":{"S":"R#b"},"sk":{"S":"20261122T0900Z"}}}}]}`), &b); err != nil {
		t.Fatal(err)
	}
	h := handler{stack: "prod", ways: broken{}, control: p, log: slog.New(slog.NewJSONHandler(log, nil))}
	out, err := h.handle(t.Context(), b)
	if err != nil || len(p.told) != 1 || len(out.BatchItemFailures) != 1 || out.BatchItemFailures[0].ItemIdentifier != "1" {
		t.Errorf("told %q, %+v, %v", p.told, out, err)
	}
	if !strings.Contains(log.String(), "a fault of this program: a bad text") {
		t.Errorf("logged %s", log)
	}
}

// broken is a way that panics.
type broken struct{}

func (broken) Notify(context.Context, notice.Notice) ([]string, error) { panic("a bad text") }

// TestTimeIsLeftToNote: sending ends before the function's time does.
func TestTimeIsLeftToNote(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	p := &patient{}
	var b Batch
	if err := json.Unmarshal([]byte(`{"Records":[{"dynamodb":{"SequenceNumber":"1","Keys":{"pk":{"S":"R#a"},"sk":{"S":"20261122T0900Z"}}}}]}`), &b); err != nil {
		t.Fatal(err)
	}
	if _, err := (handler{control: p, log: slog.New(slog.DiscardHandler)}).handle(ctx, b); err != nil || !p.until.Equal(end.Add(-spare)) {
		t.Errorf("%v: told until %s", err, p.until)
	}
}

// TestOutOfTime: records that could not be begun come again, and no others.
func TestOutOfTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p, log := &people{after: cancel}, &strings.Builder{}
	var b Batch
	if err := json.Unmarshal([]byte(`{"Records":[
		{"dynamodb":{"SequenceNumber":"1","Keys":{"pk":{"S":"R#a"},"sk":{"S":"20261122T0900Z"}}}},
		{"dynamodb":{"SequenceNumber":"2","Keys":{"pk":{"S":"R#b"},"sk":{"S":"20261122T0900Z"}}}},
		{"dynamodb":{"SequenceNumber":"3","Keys":{"pk":{"S":"R#c"},"sk":{"S":"20261122T0900Z"}}}}]}`), &b); err != nil {
		t.Fatal(err)
	}
	out, err := handler{control: p, log: slog.New(slog.NewJSONHandler(log, nil))}.handle(ctx, b)
	if err != nil || len(p.told) != 1 || len(out.BatchItemFailures) != 2 || out.BatchItemFailures[0].ItemIdentifier != "2" {
		t.Errorf("told %q, %+v, %v", p.told, out, err)
	}
	if strings.Count(log.String(), `"msg":"out of time`) != 1 || strings.Contains(log.String(), "not carried") {
		t.Errorf("logged %s", log)
	}
}

type patient struct{ until time.Time }

func (p *patient) Tell(ctx context.Context, _ run.ID) error {
	p.until, _ = ctx.Deadline()
	return nil
}

// TestAlarmHearsFailures: the template's metric filter looks for the words of the log.
func TestAlarmHearsFailures(t *testing.T) {
	t.Parallel()
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil || !strings.Contains(string(template), `{ $.msg = "a notice was not carried" }`) {
		t.Errorf("the template filters by other words: %v", err)
	}
}

func TestAddressed(t *testing.T) {
	t.Parallel()
	var got notice.Notice
	a := addressed{people: "arn:aws:lambda:us-east-1:123456789012:function:trigger:people", Notifier: keeper{&got}}
	if _, err := a.Notify(t.Context(), notice.Notice{
		ID: "failed:prod/etl/20261122T0900Z/1", Run: "etl/20261122T0900Z", RetryWith: "retry etl/20261122T0900Z",
		Attempts: []notice.Attempt{{TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/batch/0"}, {TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/batch/1"}},
	}); err != nil {
		t.Fatal(err)
	}
	want := `aws lambda invoke --region us-east-1 --cli-binary-format raw-in-base64-out --function-name arn:aws:lambda:us-east-1:123456789012:function:trigger:people --payload '{"retry":"etl/20261122T0900Z","attempts":2,"requestId":"notice-45612e9702c9"}' /dev/stdout`
	if got.RetryWith != want || got.Account != "123456789012" {
		t.Errorf("got %q of account %q", got.RetryWith, got.Account)
	}
	if at := "https://eu-central-1.console.aws.amazon.com/ecs/v2/clusters/batch/tasks/1/configuration?region=eu-central-1"; got.TaskAt != at {
		t.Errorf("the task is at %s", got.TaskAt)
	}
	if _, err := a.Notify(t.Context(), notice.Notice{HeldBy: "etl/20261122T0900Z", StopWith: "stop"}); err != nil {
		t.Fatal(err)
	}
	if want = strings.Replace(want, `"retry":"etl/20261122T0900Z","attempts":2,"requestId":"notice-45612e9702c9"`, `"stop":"etl/20261122T0900Z","reason":"it holds others back"`, 1); got.StopWith != want || got.RetryWith != "" {
		t.Errorf("of a hold it got %q", got.StopWith)
	}
	if _, err := a.Notify(t.Context(), notice.Notice{Kind: notice.StillRuns, Run: "etl/20261122T0900Z", StopWith: "stop"}); err != nil {
		t.Fatal(err)
	}
	if want = strings.Replace(want, "it holds others back", "it hangs", 1); got.StopWith != want {
		t.Errorf("of a task that runs for long it got %q", got.StopWith)
	}
	if _, err := a.Notify(t.Context(), notice.Notice{}); err != nil || got.RetryWith+got.StopWith != "" {
		t.Errorf("a notice that offers nothing got %q, %q, %v", got.RetryWith, got.StopWith, err)
	}
}

type keeper struct{ n *notice.Notice }

func (k keeper) Notify(_ context.Context, n notice.Notice) ([]string, error) {
	*k.n = n
	return nil, nil
}

func TestNewSaysAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(func(string) (string, bool) { return "", false })
	if err == nil {
		t.Fatal("started with nothing")
	}
	for _, name := range []string{"BATCHPLANE_STACK", "BATCHPLANE_TABLE", "BATCHPLANE_TOPIC", "BATCHPLANE_PEOPLE", "AWS_REGION", "AWS_ACCESS_KEY_ID"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("does not say that %s is missing: %v", name, err)
		}
	}
}

// TestEachWayHasItsTime: no way may take more than ten seconds for a notice, whatever its client tries.
func TestEachWayHasItsTime(t *testing.T) {
	t.Parallel()
	a, err := base.NewAWS(func(string) (string, bool) { return "x", true })
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range waysOf(&Config{}, &a, slog.New(slog.DiscardHandler)) {
		switch w := w.(type) {
		case fanout.Only:
			if w.Within <= 0 || w.Within > 10*time.Second {
				t.Errorf("%s may take %s", w.Name, w.Within)
			}
		case *slack.Notifier:
			if w.HTTP.Timeout <= 0 || w.HTTP.Timeout > 10*time.Second {
				t.Errorf("Slack may take %s", w.HTTP.Timeout)
			}
		default:
			t.Errorf("%T is not known here", w)
		}
	}
}

// TestARedirectIsNoAnswer: only Slack itself can say that it took a notice.
func TestARedirectIsNoAnswer(t *testing.T) {
	t.Parallel()
	a, err := base.NewAWS(func(string) (string, bool) { return "x", true })
	if err != nil {
		t.Fatal(err)
	}
	var elsewhere atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hook" {
			http.Redirect(w, r, "/page", http.StatusFound)
			return
		}
		elsewhere.Add(1)
	}))
	t.Cleanup(server.Close)
	for _, w := range waysOf(&Config{}, &a, slog.New(slog.DiscardHandler)) {
		if w, ok := w.(*slack.Notifier); ok {
			w.Secrets = stored(server.URL + "/hook")
			if err := w.Carry(t.Context(), "slack/ops", notice.Notice{}); err == nil || !strings.Contains(err.Error(), "(302 Found)") || elsewhere.Load() > 0 {
				t.Errorf("%v, and %d requests elsewhere", err, elsewhere.Load())
			}
		}
	}
}

// stored is a webhook.
type stored string

func (s stored) Secret(context.Context, string) (string, error) { return string(s), nil }

func (stored) Forget(string) {}
