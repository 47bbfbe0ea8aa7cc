package aws_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/run"
)

// startScheduler is between the functions and the emulator's Scheduler, which never throttles. If
// it is asked for the busy schedule, it answers as AWS does (Scheduler API reference,
// GetSchedule, "ThrottlingException").
func (w *world) startScheduler(t *testing.T) string {
	t.Helper()
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to, err := url.Parse(w.url)
		if err != nil {
			t.Error(err)
			return
		}
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		busy := w.busy != "" && r.URL.Path == "/schedules/"+w.busy
		w.mu.Unlock()
		if !busy {
			forward.ServeHTTP(out, r)
			return
		}
		out.Header().Set("X-Amzn-ErrorType", "ThrottlingException")
		http.Error(out, `{"Message":"Rate exceeded"}`, http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// throttled: while Scheduler does not answer, nobody can tell whether what came along is
// deployed. The slot waits, sweeps that get no answer keep it waiting, and it runs once somebody
// can tell.
func (w *world) throttled(t *testing.T) {
	t.Helper()
	input, id := w.scheduled(t, aJob("throttled"))
	w.set(func() { w.busy = "throttled" })
	if answer, failed := w.invoke(t, w.resource["Trigger"], input); failed || !strings.Contains(answer, `"waits"`) || !strings.Contains(answer, "ThrottlingException") {
		t.Errorf("while Scheduler throttles: %s", answer)
	}
	if answer, failed := w.invoke(t, w.resource["Sweep"], "{}"); !failed || !strings.Contains(answer, "ThrottlingException") {
		t.Errorf("the sweep while Scheduler throttles: %s", answer)
	}
	if ps, err := w.store.Pending(t.Context(), 10); err != nil || len(ps) != 1 || ps[0].Slot.Name != "throttled" || w.tasks("throttled") != 0 {
		t.Errorf("pending are %+v, %v", ps, err)
	}
	w.set(func() { w.busy = "" })
	w.await(t, id, run.Succeeded, soon)
	if ps, err := w.store.Pending(t.Context(), 10); err != nil || len(ps) != 0 || w.tasks("throttled") != 1 {
		t.Errorf("%d tasks, pending are %+v, %v", w.tasks("throttled"), ps, err)
	}
}

// alarmed: while the stack is deployed for the first time, the heartbeat's alarm has no data and
// alerts nobody. When the data stops, it alerts. The emulator changes states only by data and by
// request, so the loss is requested.
func (w *world) alarmed(t *testing.T) {
	t.Helper()
	const cloudwatch = "Version=2010-08-01&Action="
	name := w.resource["HeartbeatAlarm"]
	state := func() string {
		var found struct {
			State []string `xml:"DescribeAlarmsResult>MetricAlarms>member>StateValue"`
		}
		if err := xml.Unmarshal(w.query(t, "monitoring", cloudwatch+"DescribeAlarms&AlarmNames.member.1="+name), &found); err != nil {
			t.Fatal(err)
		}
		return strings.Join(found.State, " ")
	}
	topic := w.queue(t, "rings")
	w.query(t, "sns", "Action=Subscribe&Version=2010-03-31&Protocol=sqs&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true&TopicArn="+
		url.QueryEscape(w.resource["Notices"])+"&Endpoint="+url.QueryEscape(queueARN+"rings"))
	if got := state(); got != "INSUFFICIENT_DATA" {
		t.Errorf("at the first deployment the alarm is %q", got)
	}
	w.query(t, "monitoring", cloudwatch+"PutMetricData&Namespace=batchplane&MetricData.member.1.MetricName=Heartbeat&MetricData.member.1.Value=1"+
		"&MetricData.member.1.Dimensions.member.1.Name=Stack&MetricData.member.1.Dimensions.member.1.Value="+w.name)
	within(t, soon, "the first heartbeat makes it OK", func() bool { return state() == "OK" })
	w.query(t, "monitoring", cloudwatch+"SetAlarmState&StateValue=INSUFFICIENT_DATA&StateReason=lost&AlarmName="+name)
	rang := ""
	within(t, soon, "the loss rings", func() bool {
		rang += strings.Join(w.receive(t, topic), "\n")
		return strings.Contains(rang, `"NewStateValue": "INSUFFICIENT_DATA"`) || strings.Contains(rang, `"NewStateValue":"INSUFFICIENT_DATA"`)
	})
	if strings.Contains(rang, `"ALARM"`) || !strings.Contains(rang, name) {
		t.Errorf("it said: %s", rang)
	}
}
