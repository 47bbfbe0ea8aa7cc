package schedules

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

// TestBus: rules are asked for and read as the API reference has it.
func TestBus(t *testing.T) {
	t.Parallel()
	answers := map[string]string{ //nolint:gosec // no credentials
		`AWSEvents.DescribeRule {"Name":"off"}`:                `{"Name":"off","Arn":"arn","EventBusName":"default","ScheduleExpression":"rate(5 minutes)","State":"DISABLED"}`,
		`AWSEvents.DescribeRule {"Name":"gone"}`:               `{"__type":"ResourceNotFoundException","message":"Rule gone does not exist on EventBus default."}`,
		`AWSEvents.DescribeRule {"Name":"denied"}`:             `{"__type":"AccessDeniedException","message":"no"}`,
		`AWSEvents.ListRules {"Limit":100}`:                    `{"NextToken":"next","Rules":[{"Name":"a","ScheduleExpression":"cron(0 3 * * ? *)","State":"ENABLED"}]}`,
		`AWSEvents.ListRules {"Limit":100,"NextToken":"next"}`: `{"Rules":[{"Name":"b","EventPattern":"{}","State":"ENABLED"}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		said, ok := answers[r.Header.Get("X-Amz-Target")+" "+string(body)]
		if !ok || said[2] == '_' || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, said)
	}))
	t.Cleanup(server.Close)
	b := Bus{&signed.Client{Service: "events", Endpoint: server.URL, Config: aws.Config{
		Region: "eu-central-1", HTTPClient: signedtest.Checked(t, server.Client()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	}}}
	if rule, err := b.DescribeRule(t.Context(), "off"); err != nil || rule != (Rule{"off", "rate(5 minutes)", "DISABLED"}) || !rule.Disabled() {
		t.Errorf("%+v, %v", rule, err)
	}
	if _, err := b.DescribeRule(t.Context(), "gone"); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("a rule that is gone: %v", err)
	}
	for name, what := range map[string]string{"other": "an answer that says nothing", "denied": "a refusal"} {
		if _, err := b.DescribeRule(t.Context(), name); err == nil || errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := b.ListRules(t.Context(), "unknown", perPage); err == nil {
		t.Error("a list that is refused counts as empty")
	}
	var names []string
	for token, more := "", true; more; more = token != "" {
		rules, next, err := b.ListRules(t.Context(), token, perPage)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rules {
			names = append(names, rules[i].Name+" "+rules[i].ScheduleExpression)
		}
		token = next
	}
	if !slices.Equal(names, []string{"a cron(0 3 * * ? *)", "b "}) {
		t.Errorf("listed %q", names)
	}
}
