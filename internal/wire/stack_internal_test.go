package wire

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
)

// TestSettings: a list is read as CloudFormation reads it, which takes the spaces off each member
// (AWS CloudFormation user guide, "Parameters", CommaDelimitedList).
func TestSettings(t *testing.T) {
	t.Parallel()
	got := settings("prod", nil, map[string]string{"Clusters": "a, b ,,c", "TaskRoles": " "})
	if !slices.Equal(got.Clusters, []string{"a", "b", "c"}) || len(got.TaskRoles) != 0 {
		t.Errorf("got %q and %q", got.Clusters, got.TaskRoles)
	}
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	if got := settings("prod", nil, map[string]string{"NotBefore": "2026-11-22T17:30Z"}); !got.NotBefore.Equal(at) {
		t.Errorf("not before %s", got.NotBefore)
	}
	if got := settings("prod", nil, map[string]string{"NotBefore": ""}); !got.NotBefore.IsZero() {
		t.Errorf("without NotBefore: %s", got.NotBefore)
	}
}

// TestPatient: a client of IAM that was throttled asks more slowly, and more often than three times, which
// is the SDK's standard.
func TestPatient(t *testing.T) {
	t.Parallel()
	var o iam.Options
	patient(&o)
	if _, ok := o.Retryer.(*retry.AdaptiveMode); !ok || o.Retryer.MaxAttempts() <= retry.DefaultMaxAttempts {
		t.Errorf("%T, %d attempts", o.Retryer, o.Retryer.MaxAttempts())
	}
}

// TestComplete: a stack whose first deployment failed or goes on is not taken for one of somebody else.
func TestComplete(t *testing.T) {
	t.Parallel()
	all := map[string]string{}
	for _, key := range needed {
		all[key] = "x"
	}
	foreign := map[string]string{"Url": "x"}
	for name, c := range map[string]struct {
		is   found
		want string
	}{
		"all":                             {found{outputs: all, state: "UPDATE_ROLLBACK_FAILED"}, ""},
		"its first deployment failed":     {found{state: "ROLLBACK_COMPLETE"}, "the stack prod in mars-1 has no outputs: it is ROLLBACK_COMPLETE, and not deployed as a whole; `aws cloudformation describe-stack-events --stack-name prod --region mars-1`"},
		"it is deployed just now":         {found{state: "CREATE_IN_PROGRESS"}, "the stack prod in mars-1 has no outputs: it is CREATE_IN_PROGRESS"},
		"it is deleted just now":          {found{state: "DELETE_IN_PROGRESS"}, "the stack prod in mars-1 has no outputs: it is DELETE_IN_PROGRESS"},
		"another one":                     {found{outputs: foreign, state: "CREATE_COMPLETE"}, "the stack prod in mars-1 is not a stack of batchplane: it has no output TriggerArn"},
		"another one that has no outputs": {found{state: "CREATE_COMPLETE"}, "the stack prod in mars-1 is not a stack of batchplane"},
		"it was updated":                  {found{state: "UPDATE_ROLLBACK_COMPLETE"}, "the stack prod in mars-1 is not a stack of batchplane"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.is.complete("prod", "mars-1")
			if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestFound: what the first answer says of the stack and of AWS's clock reaches the plane, its inspector, its
// errors and the signatures that are made here.
func TestFound(t *testing.T) {
	var signedAt atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(20*time.Minute).UTC().Format(http.TimeFormat))
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "ServiceQuotas") {
			signedAt.Store(r.Header.Get("X-Amz-Date"))
			_, _ = fmt.Fprint(w, "{}")
			return
		}
		var outputs strings.Builder
		for _, key := range needed {
			_, _ = fmt.Fprintf(&outputs, "<member><OutputKey>%s</OutputKey><OutputValue>x</OutputValue></member>", key)
		}
		_, _ = fmt.Fprintf(w, `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackStatus>DELETE_FAILED</StackStatus><Outputs>%s</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, &outputs)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
	p, err := StackPlane(t.Context(), StackConfig{Name: "prod", Region: "mars-1"})
	if err != nil || p.Skew.Round(time.Minute) != 20*time.Minute {
		t.Fatalf("the plane is %+v, %v", p, err)
	}
	const deleted = "the stack is DELETE_FAILED: "
	if h, err := p.Inspect(t.Context()); err != nil || !strings.HasPrefix(h.Trouble, deleted) {
		t.Errorf("it is inspected as %+v, %v", h, err)
	}
	gone := &smithy.OperationError{ServiceID: "Lambda", OperationName: "Invoke", Err: &smithy.GenericAPIError{Code: "ResourceNotFoundException"}}
	if err := p.Explained(gone); !strings.Contains(err.Error(), deleted) {
		t.Errorf("what is gone is explained as %v", err)
	}
	p.Account.Limits(t.Context())
	at, err := time.Parse("20060102T150405Z", fmt.Sprint(signedAt.Load()))
	if err != nil || time.Until(at).Round(time.Minute) != 20*time.Minute {
		t.Errorf("a request is signed at %v, %v", signedAt.Load(), err)
	}
}
