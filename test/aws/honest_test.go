package aws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// firings: every genuine trigger runs its job once, as deployed at its time.
func firings(t *testing.T, w *world) {
	t.Run("a one-time schedule that deleted itself", func(t *testing.T) {
		now := time.Now().UTC()
		j := aJob("once")
		j.Schedule = "at(" + now.Format("2006-01-02T15:04:00") + ")"
		input, id := w.scheduled(t, j)
		w.sweep(t)
		w.removeSchedule(t, "once")
		w.sweep(t)
		w.send(t, w.resource["Trigger"], input)
		w.await(t, id, run.Succeeded, soon)
	})
	t.Run("a schedule that was changed while it fired", func(t *testing.T) {
		j := aJob("changed")
		input, id := w.scheduled(t, j)
		w.sweep(t)
		w.removeSchedule(t, "changed")
		newer := j
		newer.Command = []string{"newer"}
		w.scheduled(t, newer)
		w.sweep(t)
		w.send(t, w.resource["Trigger"], input)
		if r := w.await(t, id, run.Succeeded, soon); r.Definition != j.Hash() {
			t.Errorf("ran the definition %s, want that of its time, %s", r.Definition, j.Hash())
		}
	})
	t.Run("a rule that starts twice for one time", func(t *testing.T) {
		at := time.Now().UTC().Truncate(time.Minute)
		j := aJob("twice")
		j.Schedule = fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour())
		w.deployed(t, j)
		w.sweep(t)
		var said []port.Outcome
		for _, late := range []time.Duration{0, time.Minute} {
			answer, _ := w.invoke(t, w.resource["Rules"], fmt.Sprintf(`{"job":"twice","scheduledFor":%q}`, at.Add(late).Format(time.RFC3339)))
			var reply port.Reply
			if err := json.Unmarshal([]byte(answer), &reply); err != nil {
				t.Fatalf("%s: %v", answer, err)
			}
			said = append(said, reply.Outcome)
		}
		if !slices.Equal(said, []port.Outcome{port.Accepted, port.Duplicate}) {
			t.Errorf("answered %q", said)
		}
		w.await(t, run.ScheduledID("twice", at), run.Succeeded, soon)
	})
	t.Run("a proven schedule's unexpected minute", func(t *testing.T) {
		at := time.Now().UTC()
		j := aJob("odd")
		j.Schedule = fmt.Sprintf("%d %d * * *", at.Minute(), (at.Hour()+5)%24)
		input, id := w.scheduled(t, j)
		w.sweep(t)
		w.send(t, w.resource["Trigger"], input)
		w.await(t, id, run.Succeeded, soon)
		within(t, soon, "the minute is told", func() bool { return slices.Equal(w.told(t, "odd"), []notice.Kind{notice.Unexpected}) })
	})
}

// asksBySAM: these are the calls that SAM makes for an operator who names the people's door as
// the README says, and no others. test/template checks that operators may make each of them. Root
// asks, because the emulator's IAM does not see the parameter Qualifier.
func asksBySAM(t *testing.T, w *world) {
	_, _ = w.scheduled(t, aJob("by-sam"))
	w.sweep(t)
	to, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var calls []string
	forward := httputil.NewSingleHostReverseProxy(to)
	proxy := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		if call := callOf(r, string(body)); !slices.Contains(calls, call) {
			calls = append(calls, call)
		}
		mu.Unlock()
		forward.ServeHTTP(out, r)
	}))
	defer proxy.Close()
	out, err := samAs(t, &emulator{url: proxy.URL, place: home}, rootKeys, "remote", "invoke", "Trigger", "--parameter", "Qualifier=people", "--stack-name", w.name,
		"--config-env", "none", "--event", `{"run":"by-sam","requestId":"sam"}`)
	if err != nil || !strings.Contains(out, `"accepted"`) {
		t.Errorf("answered %s, %v", out, err)
	}
	function := "/2015-03-31/functions/" + w.resource["Trigger"]
	want := []string{
		"DescribeStacks", "ListStackResources", "GET " + function + "/configuration", "GET /2021-10-31/functions/" + w.resource["Trigger"] + "/url",
		"POST " + function + "/invocations?Qualifier=people",
	}
	for _, call := range calls {
		if !slices.Contains(want, call) {
			t.Errorf("SAM calls %s, which nobody has tried with the operator's policy", call)
		}
	}
	if !slices.Contains(calls, want[len(want)-1]) {
		t.Errorf("SAM does not ask at the people's door: %q", calls)
	}
	w.await(t, run.ByHandID("by-sam", "sam"), run.Succeeded, soon)
}

// callOf names a call to AWS.
func callOf(r *http.Request, body string) string {
	if values, err := url.ParseQuery(body); err == nil && values.Get("Action") != "" {
		return values.Get("Action")
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target
	}
	return r.Method + " " + r.URL.RequestURI()
}

// stoodBy: in another account and Region, a stack with the same jobs stands by: it knows them and
// launches nothing, for nobody. Then the other stack stands by in its place, and from NotBefore
// on it runs what is due.
func (w *world) stoodBy(t *testing.T) {
	t.Helper()
	second := &world{name: w.name, emulator: w.elsewhere(place{"222222222222", "eu-central-1"})}
	second.resource = second.deploy(t, w.template, second.name, "Standby=true")
	second.store = dynamo.New(dynamo.Config{DB: dynamotest.NewClient(w.url, second.as), Table: second.resource["Table"]})
	if stream := second.streamOf(t, second.resource["Table"]); !strings.HasPrefix(stream, "arn:aws:dynamodb:eu-central-1:222222222222:table/") {
		t.Fatalf("the second stack is where the first one is: %s", stream)
	}
	input, _ := second.scheduled(t, aJob("moves"))
	second.sweep(t)
	if item, err := second.store.Item(t.Context(), "moves"); err != nil || item.Gone {
		t.Fatalf("the stack that stands by does not know the job: %+v, %v", item, err)
	}
	for door, asked := range map[string]string{"Trigger": input, "People": `{"run":"moves"}`} {
		if answer, failed := second.invoke(t, second.resource[door], asked); failed || !strings.Contains(answer, `"refused"`) {
			t.Errorf("standing by it answered %s: %s", asked, answer)
		}
	}
	from := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	w.resource = w.deploy(t, w.template, w.name, "Standby=true")
	second.resource = second.deploy(t, w.template, second.name, "Standby=false", "NotBefore="+from.Format("2006-01-02T15:04Z"))
	second.sweep(t)
	if answer, failed := second.invoke(t, second.resource["Trigger"], input); failed || !strings.Contains(answer, "NotBefore") {
		t.Errorf("a slot from before the move: %s", answer)
	}
	within(t, 2*time.Minute, "NotBefore comes", func() bool { return !time.Now().Before(from) })
	input, after := second.scheduled(t, aJob("moved"))
	if answer, failed := second.invoke(t, second.resource["Trigger"], input); failed || !strings.Contains(answer, "launched") {
		t.Errorf("after the move: %s", answer)
	}
	if r, err := second.store.Run(t.Context(), after); err != nil || r.Status != run.Running && r.Status != run.Succeeded {
		t.Errorf("after the move: %+v, %v", r, err)
	}
	if answer, failed := w.invoke(t, w.resource["People"], `{"run":"anew"}`); failed || !strings.Contains(answer, `"refused"`) {
		t.Errorf("the former one, which stands by now: %s", answer)
	}
	if n := w.tasks("moves"); n != 0 {
		t.Errorf("%d tasks of a slot that nobody may launch", n)
	}
}
