package eventbus

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

// bus answers PutEvents as EventBridge does.
type bus struct {
	in struct {
		Entries []struct {
			Source, DetailType, EventBusName, Detail string
			Resources                                []string
		}
	}
	status int
	answer string
}

func (b *bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
		!strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/events/aws4_request") || json.NewDecoder(r.Body).Decode(&b.in) != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.WriteHeader(b.status)
	_, _ = w.Write([]byte(b.answer))
}

func TestNotify(t *testing.T) {
	t.Parallel()
	back := &bus{status: http.StatusOK, answer: `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`}
	server := httptest.NewServer(back)
	t.Cleanup(server.Close)
	log := &strings.Builder{}
	n := Notifier{Bus: "default", Log: slog.New(slog.NewJSONHandler(log, nil)), Events: &signed.Client{Service: "events", Endpoint: server.URL, Config: aws.Config{
		Region: "eu-central-1", HTTPClient: signedtest.Checked(t, server.Client()), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	}}}
	x := notice.Notice{
		Job: "etl", Run: "etl/20261122T0900Z", Kind: notice.Failed, Logs: []string{"a name and a number"},
		Attempts: []notice.Attempt{{N: 1, TaskARN: "arn:1"}, {N: 2, TaskARN: "arn:2"}, {N: 3}},
	}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	e := back.in.Entries[0]
	if e.Source != "batchplane" || e.DetailType != "Batch Run State Change" || e.EventBusName != "default" || e.Resources[0] != "arn:2" {
		t.Errorf("got %+v", e)
	}
	var detail notice.Notice
	if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil || detail.Run != x.Run || detail.Logs != nil {
		t.Errorf("got detail %s, %v", e.Detail, err)
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}

	for _, large := range []notice.Notice{{Run: x.Run, Cause: strings.Repeat("\x01", 1<<20)}, {Run: x.Run, Description: strings.Repeat("<&", 1<<19)}, {Run: x.Run, Owner: strings.Repeat("<&", 1<<19)}} {
		log.Reset()
		if err := n.Notify(t.Context(), large); err != nil || len(back.in.Entries[0].Detail) > 256<<10 {
			t.Errorf("%v; %d bytes", err, len(back.in.Entries[0].Detail))
		}
		if !strings.Contains(log.String(), `"msg":"a notice was cut","run":"etl/20261122T0900Z","why":"it had `) {
			t.Errorf("logged %s", log)
		}
	}

	back.answer = `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow down"}]}`
	if err := n.Notify(t.Context(), x); err == nil || !strings.Contains(err.Error(), "slow down") {
		t.Errorf("a refused entry: %v", err)
	}
	back.answer = `{"FailedEntryCount":1}`
	if err := n.Notify(t.Context(), x); err == nil || !strings.Contains(err.Error(), "did not say why") {
		t.Errorf("a refused entry without its reason: %v", err)
	}
	back.status, back.answer = http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"denied"}`
	if err := n.Notify(t.Context(), x); err == nil || !strings.Contains(err.Error(), "AccessDeniedException: denied") {
		t.Errorf("got %v", err)
	}
}
