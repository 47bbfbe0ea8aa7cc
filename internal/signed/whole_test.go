package signed_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/signed"
)

// TestWholeLosesNoAnswer: an answer whose body comes after its head is read completely, however
// long the client's own goroutines take.
func TestWholeLosesNoAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(body), `"taskDefinition":"report:1"`) || r.ContentLength != int64(len(body)) {
			t.Errorf("it sends %q, %v", body, err)
		}
		_, _ = fmt.Fprint(w, `{"failures":[],`)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(5 * time.Millisecond)
		_, _ = fmt.Fprint(w, `"tasks":[{"taskArn":"arn:1"}]}`)
	}))
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	client := ecs.New(ecs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Retryer: aws.NopRetryer{},
		HTTPClient: signed.Whole{BuildableClient: awshttp.NewBuildableClient()}.With(func(tr *http.Transport) {
			tr.DisableKeepAlives, tr.TLSClientConfig = true, &tls.Config{RootCAs: trusted}
		}),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	})
	for range 200 {
		out, err := client.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("report:1")})
		if err != nil || len(out.Tasks) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
	}
}

// TestWholeWithoutABody: a request that has no body is sent too.
func TestWholeWithoutABody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := signed.Whole{BuildableClient: awshttp.NewBuildableClient()}.Do(r)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("%+v, %v", answer, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
}
