package people

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
)

const peopleARN = "arn:aws:lambda:eu-central-1:123456789012:function:prod-Trigger:people"

// doorTo returns a door to a Lambda that gives one answer, and what was asked of it.
func doorTo(t *testing.T, status int, header map[string]string, answer string) (d *Door, asked func() (kind, path, body string)) {
	t.Helper()
	var kind, path, body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		kind, path, body = r.Header.Get("X-Amz-Invocation-Type"), r.URL.Path, string(text)
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	client := lambda.New(lambda.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
	return &Door{Lambda: client, Function: peopleARN}, func() (string, string, string) { return kind, path, body }
}

// TestMay: a dry run, which runs nothing, asks whether requests are allowed.
func TestMay(t *testing.T) {
	t.Parallel()
	d, asked := doorTo(t, http.StatusNoContent, nil, "")
	if err := d.May(t.Context()); err != nil {
		t.Errorf("who may is told %v", err)
	}
	if kind, path, body := asked(); kind != "DryRun" || !strings.Contains(path, "/functions/"+peopleARN+"/invocations") || body != "" {
		t.Errorf("asked as %q, of %s, with %q", kind, path, body)
	}
	d, _ = doorTo(t, http.StatusForbidden, map[string]string{"X-Amzn-ErrorType": "AccessDeniedException"}, `{"Message":"User: rita is not authorized to perform: lambda:InvokeFunction"}`)
	if err := d.May(t.Context()); err == nil || !strings.Contains(err.Error(), "not authorized") {
		t.Errorf("who may not is told %v", err)
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	request := entry.Request{Stop: &port.StopRequest{Run: "etl/20261122T0230Z", Reason: "x"}}
	for name, tc := range map[string]struct {
		header       map[string]string
		answer, want string
	}{
		"an answer":              {nil, `{"outcome":"accepted","message":"stopping"}`, ""},
		"a fault with its words": {map[string]string{"X-Amz-Function-Error": "Unhandled"}, `{"errorMessage":"the table is away"}`, "the trigger function failed: the table is away"},
		"a fault without":        {map[string]string{"X-Amz-Function-Error": "Unhandled"}, `boom`, `the trigger function failed: "boom"`},
		"what is no answer":      {nil, `[]`, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, asked := doorTo(t, http.StatusOK, tc.header, tc.answer)
			reply, err := d.Ask(t.Context(), request)
			if tc.want == "" && (err != nil || reply.Outcome != port.Accepted || reply.Message != "stopping") || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %+v, %v", reply, err)
			}
			if kind, _, body := asked(); kind == "DryRun" || !strings.Contains(body, `"stop":"etl/20261122T0230Z"`) {
				t.Errorf("asked as %q with %s", kind, body)
			}
		})
	}
}
