package people

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

// ruled is a stack of one rule.
type ruled struct{}

func (ruled) ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	return &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []cloudformationtypes.StackResourceSummary{
		{LogicalResourceId: aws.String("StoppedTasks"), PhysicalResourceId: aws.String("prod-StoppedTasks-1"), ResourceType: aws.String("AWS::Events::Rule")},
	}}, nil
}

// eventsOf is EventBridge that answers so.
func eventsOf(t *testing.T, answers http.HandlerFunc) *signed.Client {
	t.Helper()
	server := httptest.NewServer(answers)
	t.Cleanup(server.Close)
	config := aws.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: signedtest.Checked(t, server.Client()), RetryMaxAttempts: 1, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
	})}
	return &signed.Client{Config: config, Service: "events"}
}

// TestRules: how a rule of the stack stands, and whether it calls anything.
func TestRules(t *testing.T) {
	t.Parallel()
	const denied, gone = `{"__type":"AccessDeniedException","message":"no"}`, `{"__type":"ResourceNotFoundException","message":"no"}`
	is := plane.Rule{Name: "StoppedTasks", On: "prod-StoppedTasks-1"}
	with := func(state string, targets int) []plane.Rule {
		r := is
		r.State, r.Targets = state, targets
		return []plane.Rule{r}
	}
	for name, c := range map[string]struct {
		rule, targets string // "" is a fault of the service
		want          []plane.Rule
		unseen        []string
		fails         bool
	}{
		"on":                       {`{"State":"ENABLED"}`, `{"Targets":[{"Arn":"arn:f"}]}`, with("ENABLED", 1), nil, false},
		"off":                      {`{"State":"DISABLED"}`, `{"Targets":[{"Arn":"arn:f"}]}`, with("DISABLED", 1), nil, false},
		"calls nothing":            {`{"State":"ENABLED"}`, `{"Targets":[]}`, with("ENABLED", 0), nil, false},
		"deleted":                  {gone, "", with("", 0), nil, false},
		"may not be seen":          {denied, "", nil, []string{"the rule StoppedTasks" + notAllowed}, false},
		"targets may not be seen":  {`{"State":"ENABLED"}`, denied, nil, []string{"the rule StoppedTasks" + notAllowed}, false},
		"nobody says":              {"", "", nil, nil, true},
		"nobody says what it does": {`{"State":"ENABLED"}`, "", nil, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := eventsOf(t, func(w http.ResponseWriter, r *http.Request) {
				asked, _ := io.ReadAll(r.Body)
				said := map[string]string{`AWSEvents.DescribeRule {"Name":"` + is.On + `"}`: c.rule, `AWSEvents.ListTargetsByRule {"Rule":"` + is.On + `"}`: c.targets}[r.Header.Get("X-Amz-Target")+" "+string(asked)]
				switch said {
				case "":
					w.WriteHeader(http.StatusInternalServerError)
				case denied, gone:
					w.WriteHeader(http.StatusBadRequest)
				}
				_, _ = io.WriteString(w, said)
			})
			h, err := (&Inspector{Stack: "prod", Resources: ruled{}, Events: events}).Inspect(t.Context())
			if (err != nil) != c.fails || !reflect.DeepEqual(h.Rules, c.want) || !reflect.DeepEqual(h.Unseen, c.unseen) {
				t.Errorf("got %+v and %q, %v", h.Rules, h.Unseen, err)
			}
		})
	}
}
