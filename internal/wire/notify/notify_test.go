package notify

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
)

// cloud is all of AWS and Slack. It records the requests to each.
type cloud struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in struct {
		TableName, Name string
		Entries         []struct{ EventBusName string }
	}
	_ = json.Unmarshal(body, &in)
	form, _ := url.ParseQuery(string(body))
	said, answer := "", `{}`
	switch target := r.Header.Get("X-Amz-Target"); {
	case strings.HasSuffix(target, ".GetItem"):
		said = "GetItem of " + in.TableName
	case strings.HasSuffix(target, ".PutEvents"):
		said, answer = "PutEvents on "+in.Entries[0].EventBusName, `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`
	case strings.HasSuffix(target, ".GetParameter"):
		said, answer = "GetParameter "+in.Name, `{"Parameter":{"Value":"`+c.URL+`/hook"}}`
	case form.Get("Action") != "":
		said, answer = form.Get("Action")+" to "+form.Get("TopicArn"), `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`
	default:
		said, answer = r.Method+" "+r.URL.Path, "ok"
	}
	c.mu.Lock()
	c.asked = append(c.asked, said)
	c.mu.Unlock()
	_, _ = io.WriteString(w, answer)
}

// TestEachWayIsTheConfigured: the table, the topic, the bus and the Slack targets are those of the
// configuration.
func TestEachWayIsTheConfigured(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	env := map[string]string{
		"BATCHPLANE_STACK": "prod", "BATCHPLANE_TABLE": "table", "BATCHPLANE_KEEP_DAYS": "400", "BATCHPLANE_TOPIC": "arn:topic",
		"BATCHPLANE_BUS": "arn:aws:events:eu-central-1:123456789012:event-bus/ours", "BATCHPLANE_SLACK_PATH": "/batchplane/prod/slack/",
		"BATCHPLANE_SLACK_DEFAULT": "ops", "BATCHPLANE_PEOPLE": "arn:aws:lambda:eu-central-1:123456789012:function:trigger:people",
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_ENDPOINT_URL": c.URL,
		"BATCHPLANE_NOT_BEFORE": "2026-11-22T09:00Z",
	}
	h, err := newHandler(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	ctl, ok := h.control.(*control.Control)
	if !ok || ctl.Zones == nil {
		t.Errorf("all times are given in UTC: %+v", h.control)
	}
	if ok && !ctl.Timing.NotBefore.Equal(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("retries of runs that a restored table has forgotten are called safe: NotBefore is %s", ctl.Timing.NotBefore)
	}
	var b Batch
	if err := json.Unmarshal([]byte(`{"Records":[{"dynamodb":{"SequenceNumber":"1","Keys":{"pk":{"S":"K#1"},"sk":{"S":"1-ff"}},"NewImage":{"reason":{"S":"not usable"}}}}]}`), &b); err != nil {
		t.Fatal(err)
	}
	out, err := h.handle(t.Context(), b)
	want := []string{
		"GetItem of table", "Publish to arn:topic", "PutEvents on " + env["BATCHPLANE_BUS"], "GetParameter /batchplane/prod/slack/ops", "POST /hook",
	}
	if err != nil || len(out.BatchItemFailures) != 0 || !slices.Equal(c.asked, want) {
		t.Errorf("%+v, %v: asked for %q, want %q", out, err, c.asked, want)
	}
}
