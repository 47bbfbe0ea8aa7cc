package schedules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

// said is an answer of EventBridge Scheduler, none if its status is 0. cut leaves out half of its body.
type said struct {
	status     int
	kind, body string
	cut        bool
}

// service gives its answers one after the other, and again from the first, and notes what is asked.
type service struct {
	answers []said

	mu    sync.Mutex // whoever has no answer may go on before the handler ends
	asked []string
}

// next notes a request, and returns its answer.
func (s *service) next(r *http.Request) said {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answers[len(s.asked)%len(s.answers)]
	s.asked = append(s.asked, r.Method+" "+r.URL.EscapedPath()+"?"+r.URL.Query().Encode())
	return a
}

func (s *service) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.next(r)
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	if a.kind != "" {
		w.Header().Set("X-Amzn-Errortype", a.kind)
	}
	if a.cut {
		w.Header().Set("Content-Length", fmt.Sprint(2*len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// TestGroup: of the same service, Group asks the same as the SDK's client, as often, and understands
// the same.
func TestGroup(t *testing.T) {
	t.Parallel()
	const full = `{"ActionAfterCompletion":"NONE","Arn":"arn:aws:scheduler:eu-central-1:123456789012:schedule/my group/a.b_c-1","CreationDate":1763798400.123,
		"Description":"d","EndDate":1763805600.0,"FlexibleTimeWindow":{"MaximumWindowInMinutes":15,"Mode":"FLEXIBLE"},"GroupName":"my group","KmsKeyArn":null,
		"LastModificationDate":1763798400.123,"Name":"a.b_c-1","ScheduleExpression":"cron(0 3 * * ? *)","ScheduleExpressionTimezone":"Europe/Berlin",
		"StartDate":1763802000,"State":"DISABLED","Target":{"Arn":"arn:f","DeadLetterConfig":{"Arn":"arn:q"},"Input":"{\"job\":\"<ü>\"}","RetryPolicy":{"MaximumEventAgeInSeconds":60},"RoleArn":"arn:r"}}`
	const pages = `{"NextToken":"n+/= &2","Schedules":[{"Arn":"arn:1","CreationDate":1,"GroupName":"my group","LastModificationDate":1763798400.999,"Name":"a","State":"ENABLED","Target":{"Arn":"arn:f"}},{"Name":"b"}]}`
	refused := func(status int, kind string) said { return said{status: status, kind: kind, body: `{"Message":"m"}`} }
	ok, none := said{status: http.StatusOK, body: full}, said{}
	for name, answers := range map[string][]said{
		"a schedule":          {ok},
		"pages":               {{status: http.StatusOK, body: pages}},
		"the last page":       {{status: http.StatusOK, body: `{"NextToken":null,"Schedules":[]}`}},
		"next to nothing":     {{status: http.StatusOK, body: `{"FlexibleTimeWindow":{"Mode":"OFF"},"State":"ENABLED","Target":null}`}},
		"no JSON":             {{status: http.StatusOK, body: "<html>"}},
		"cut off":             {{status: http.StatusOK, body: full[:200], cut: true}},
		"cut off once":        {{status: http.StatusOK, body: full[:200], cut: true}, ok},
		"there is none":       {refused(http.StatusNotFound, "ResourceNotFoundException")},
		"there is none, long": {refused(http.StatusNotFound, "ResourceNotFoundException:http://internal.amazon.com/coral/")},
		"a token of old":      {refused(http.StatusBadRequest, "ValidationException")},
		"not allowed":         {refused(http.StatusForbidden, "AccessDeniedException")},
		"the rate":            {refused(http.StatusTooManyRequests, "ThrottlingException")},
		"the rate, once":      {refused(http.StatusTooManyRequests, "ThrottlingException"), ok},
		"a fault":             {refused(http.StatusInternalServerError, "InternalServerException")},
		"a fault, once":       {refused(http.StatusInternalServerError, "InternalServerException"), ok},
		"a gateway's fault":   {{status: http.StatusBadGateway, body: "<html>"}},
		"a type in its body":  {{status: http.StatusNotFound, body: `{"__type":"com.amazon#ResourceNotFoundException","message":"m"}`}},
		"a code in its body":  {{status: http.StatusBadRequest, body: `{"code":"ThrottlingException","message":"m"}`}, ok},
		"a name and no body":  {{status: http.StatusNotFound, kind: "ResourceNotFoundException"}},
		"a name and no JSON":  {{status: http.StatusNotFound, kind: "ResourceNotFoundException", body: "<html>"}},
		"no answer":           {none},
		"no answer, once":     {none, ok},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, sdk := &service{answers: answers}, &service{answers: answers}
			g, theirs := Group{Scheduler: &signed.Client{Service: "scheduler", Config: own.config(t)}, Name: "my group"}, modular{scheduler.NewFromConfig(sdk.config(t))}
			for _, token := range []string{"", "n+/= &2"} {
				page, next, err := g.ListSchedules(t.Context(), token, perPage)
				wantPage, wantNext, want := theirs.ListSchedules(t.Context(), token, perPage)
				if !slices.Equal(page, wantPage) || next != wantNext || !alike(err, want) {
					t.Errorf("listed %+v, %q, %v; and the SDK %+v, %q, %v", page, next, err, wantPage, wantNext, want)
				}
			}
			is, err := g.GetSchedule(t.Context(), "a.b_c-1")
			wantIs, want := theirs.GetSchedule(t.Context(), "a.b_c-1")
			if is != wantIs || !alike(err, want) {
				t.Errorf("got %+v, %v; and the SDK %+v, %v", is, err, wantIs, want)
			}
			if asked, like := own.requests(), sdk.requests(); !slices.Equal(asked, like) {
				t.Errorf("asked %q, and the SDK %q", asked, like)
			}
		})
	}
}

// alike reports whether both errors mean the same to a Registry.
func alike(a, b error) bool {
	return (a == nil) == (b == nil) && (a == nil || passes(a) == passes(b)) && errors.Is(a, port.ErrNotFound) == errors.Is(b, port.ErrNotFound)
}

func (s *service) config(t *testing.T) aws.Config {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), HTTPClient: signedtest.Checked(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

// modular implements Scheduler with the SDK's client, for the group "my group".
type modular struct{ *scheduler.Client }

func (m modular) ListSchedules(ctx context.Context, token string, limit int32) (page []Listed, next string, err error) {
	in := &scheduler.ListSchedulesInput{GroupName: aws.String("my group"), MaxResults: &limit}
	if token != "" {
		in.NextToken = &token
	}
	out, err := m.Client.ListSchedules(ctx, in)
	if err != nil {
		return nil, "", err
	}
	for _, s := range out.Schedules {
		page = append(page, Listed{aws.ToString(s.Name), aws.ToTime(s.LastModificationDate)})
	}
	return page, aws.ToString(out.NextToken), nil
}

func (m modular) GetSchedule(ctx context.Context, name string) (entry.Schedule, error) {
	out, err := m.Client.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: aws.String("my group"), Name: &name})
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return entry.Schedule{}, port.ErrNotFound
	}
	if err != nil {
		return entry.Schedule{}, err
	}
	s := entry.Schedule{
		Name: name, ARN: aws.ToString(out.Arn), Expression: aws.ToString(out.ScheduleExpression), Zone: aws.ToString(out.ScheduleExpressionTimezone),
		Disabled: out.State == types.ScheduleStateDisabled, Start: aws.ToTime(out.StartDate), End: aws.ToTime(out.EndDate), Modified: aws.ToTime(out.LastModificationDate),
	}
	if w := out.FlexibleTimeWindow; w != nil && w.Mode == types.FlexibleTimeWindowModeFlexible {
		s.Window = time.Duration(aws.ToInt32(w.MaximumWindowInMinutes)) * time.Minute
	}
	if out.Target != nil {
		s.Target, s.Input = aws.ToString(out.Target.Arn), aws.ToString(out.Target.Input)
	}
	return s, nil
}

// TestAnswerCutOff: an answer that is cut off or is no JSON says nothing of a schedule: it is to be read
// again, and nobody has to mend it.
func TestAnswerCutOff(t *testing.T) {
	t.Parallel()
	const listed = `{"Schedules":[{"Name":"a","LastModificationDate":1763798400}]}`
	for name, bad := range map[string]said{
		"cut off":               {status: http.StatusOK, body: `{"Arn":"arn:a","Sta`, cut: true},
		"cut off and closed":    {status: http.StatusOK, body: `{"Arn":"arn:a","Sta`},
		"a page of a gateway":   {status: http.StatusOK, body: "<html>"},
		"a field of other kind": {status: http.StatusOK, body: `{"Target":"arn:a"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{answers: []said{{status: http.StatusOK, body: listed}, bad, bad, bad}}
			r := &Registry{Scheduler: Group{Scheduler: &signed.Client{Service: "scheduler", Config: s.config(t)}, Name: "g"}, Trigger: trigger}
			_, err := r.Jobs(t.Context())
			var unread *UnreadError
			var problem *ProblemError
			if !errors.As(err, &unread) || errors.As(err, &problem) {
				t.Errorf("got %v", err)
			}
		})
	}
}
