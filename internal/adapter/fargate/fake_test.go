package fargate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/test/golden"
)

var t0 = time.Date(2026, 11, 22, 17, 30, 2, 0, time.UTC)

// api is an ECS endpoint that gives one answer and records the requests.
type api struct {
	answer http.HandlerFunc
	now    time.Time

	mu     sync.Mutex
	bodies [][]byte
}

// answering returns an endpoint with one JSON answer.
func answering(status int, body string) *api {
	return &api{now: t0, answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}}
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	a.bodies = append(a.bodies, body)
	a.mu.Unlock()
	a.answer(w, r)
}

func (a *api) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.bodies)
}

// open returns a launcher with the SDK's real client, as the program creates it: with the SDK's own
// retries on, which a launch must turn off.
func (a *api) open(t *testing.T) *fargate.Launcher {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return &fargate.Launcher{Now: func() time.Time { return a.now }, ECS: client(server.URL, nil)}
}

func client(url string, c ecs.HTTPClient) *ecs.Client {
	return ecs.New(ecs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(url), HTTPClient: c,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	})
}

// wire returns the body that the SDK sends for a RunTask request.
func wire(tb testing.TB, in *ecs.RunTaskInput) []byte {
	tb.Helper()
	sent := &sender{}
	_, _ = client("http://ecs.invalid", sent).RunTask(tb.Context(), in, noRetry)
	if sent.body == nil {
		tb.Fatal("nothing was sent")
	}
	return sent.body
}

func noRetry(o *ecs.Options) { o.Retryer = aws.NopRetryer{} }

type sender struct{ body []byte }

func (s *sender) Do(r *http.Request) (*http.Response, error) {
	var err error
	s.body, err = io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return nil, io.ErrUnexpectedEOF
}

// same compares JSON with testdata/name.
func same(t *testing.T, name string, got []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	golden.Check(t, "testdata/"+name, b.Bytes())
}
