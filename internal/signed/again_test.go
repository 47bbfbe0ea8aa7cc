package signed_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/signed"
)

// answer is an answer to a request, or none if its status is 0.
type answer struct {
	status int
	body   string
}

// service gives its answers one after the other, the last one to all further requests.
type service struct {
	answers []answer
	asked   []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, r.Method+" "+r.URL.Path+" "+string(body))
	a := s.answers[min(len(s.asked), len(s.answers))-1]
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// client returns a client of the service that waits as long as it is told between two requests.
func (s *service) client(t *testing.T, wait time.Duration) *signed.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &signed.Client{Service: "events", Endpoint: server.URL, Config: aws.Config{
		Region: "eu-central-1", HTTPClient: server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return wait, nil })
			})
		},
	}}
}

// TestAgain: a request is sent up to three times, the same each time, if the SDK's clients would do
// that. Of several errors, the last is returned.
func TestAgain(t *testing.T) {
	t.Parallel()
	ok, none := answer{http.StatusOK, `{"Name":"a"}`}, answer{}
	busy := answer{http.StatusBadRequest, `{"__type":"com.amazon#ThrottlingException","message":"Rate exceeded"}`}
	fault := answer{http.StatusInternalServerError, `{"__type":"InternalException","message":"fault"}`}
	gateway, denied := answer{http.StatusBadGateway, "<html>"}, answer{http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"no"}`}
	for name, c := range map[string]struct {
		answers []answer
		asked   int
		code    string
		fault   smithy.ErrorFault
	}{
		"at once":               {[]answer{ok}, 1, "", 0},
		"a rate limit":          {[]answer{busy, ok}, 2, "", 0},
		"faults":                {[]answer{fault, gateway, ok}, 3, "", 0},
		"no answer":             {[]answer{none, none, ok}, 3, "", 0},
		"a fault that stays":    {[]answer{gateway, fault}, 3, "InternalException", smithy.FaultServer},
		"a limit that stays":    {[]answer{busy}, 3, "ThrottlingException", smithy.FaultUnknown},
		"refused":               {[]answer{denied}, 1, "AccessDeniedException", smithy.FaultUnknown},
		"refused after a fault": {[]answer{fault, denied}, 2, "AccessDeniedException", smithy.FaultUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{answers: c.answers}
			var out struct{ Name string }
			err := s.client(t, 0).JSON(t.Context(), "1.1", "AWSEvents.DescribeRule", map[string]string{"Name": "a"}, &out)
			var refused smithy.APIError
			switch {
			case len(s.asked) != c.asked:
				t.Errorf("asked %d times, %v", len(s.asked), err)
			case c.code == "" && (err != nil || out.Name != "a"):
				t.Errorf("%q, %v", out.Name, err)
			case c.code != "" && (!errors.As(err, &refused) || refused.ErrorCode() != c.code || refused.ErrorFault() != c.fault):
				t.Errorf("got %v", err)
			}
			for _, body := range s.asked {
				if body != `POST / {"Name":"a"}` {
					t.Errorf("sent %s", body)
				}
			}
		})
	}
}

// TestNotAgain: nothing is sent again after the caller's time, or more often than is configured or than
// the retryer has tokens for.
func TestNotAgain(t *testing.T) {
	t.Parallel()
	s := &service{answers: []answer{{http.StatusBadGateway, "x"}}}
	c := s.client(t, time.Hour)
	c.Retryer, c.RetryMaxAttempts = nil, 1
	if err := c.Get(t.Context(), "GetSchedule", "/schedules/a", nil); err == nil || len(s.asked) != 1 {
		t.Errorf("asked %d times, %v", len(s.asked), err)
	}
	s = &service{answers: []answer{{http.StatusBadGateway, "x"}}}
	ctx, cancel := context.WithCancel(t.Context())
	c = s.client(t, time.Hour)
	c.HTTPClient = then{c.HTTPClient, cancel}
	if err := c.Get(ctx, "GetSchedule", "/schedules/a", nil); err == nil || len(s.asked) != 1 {
		t.Errorf("asked %d times, %v", len(s.asked), err)
	}
	s = &service{answers: []answer{{http.StatusBadGateway, "x"}}}
	c, tokens := s.client(t, 0), ratelimit.NewTokenRateLimit(retry.DefaultRetryCost)
	c.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.RateLimiter, o.Backoff = 5, tokens, retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	if err := c.Get(t.Context(), "GetSchedule", "/schedules/a", nil); err == nil || len(s.asked) != 2 {
		t.Errorf("with tokens for one more, asked %d times, %v", len(s.asked), err)
	}
}

// TestNoAnswer: what is no answer is an error, never an empty one, and says why.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	nobody := errors.New("nobody is logged in")
	for name, c := range map[string]struct {
		ctx    context.Context
		body   string
		change func(*signed.Client)
		asked  int
		want   error
	}{
		"not JSON":         {ctx: t.Context(), body: "<html>", asked: 3},
		"cut off":          {ctx: t.Context(), body: `{"Rules":[`, asked: 3},
		"empty":            {ctx: t.Context(), asked: 3},
		"the time is over": {ctx: over, body: "{}", want: context.Canceled},
		"no credentials": {ctx: t.Context(), body: "{}", want: nobody, change: func(c *signed.Client) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nobody })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{answers: []answer{{http.StatusOK, c.body}}}
			client := s.client(t, 0)
			if c.change != nil {
				c.change(client)
			}
			var out map[string]any
			for protocol, err := range map[string]error{
				"JSON":  client.JSON(c.ctx, "1.1", "AWSEvents.ListRules", nil, &out),
				"REST":  client.Get(c.ctx, "ListSchedules", "/schedules", &out),
				"query": client.Query(c.ctx, url.Values{"Action": {"DescribeSubnets"}}, json.Unmarshal, &out),
			} {
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%s: %v", protocol, err)
				}
			}
			if len(s.asked) != c.asked {
				t.Errorf("asked %d times", len(s.asked))
			}
		})
	}
}

// then does something after each answer.
type then struct {
	aws.HTTPClient
	do func()
}

func (c then) Do(r *http.Request) (*http.Response, error) {
	out, err := c.HTTPClient.Do(r)
	defer c.do()
	return out, err
}

// TestSkew: requests are signed by AWS's clock.
func TestSkew(t *testing.T) {
	t.Parallel()
	var signed time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed, _ = time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	c := (&service{}).client(t, 0)
	c.Endpoint, c.Skew = server.URL, 20*time.Minute
	if err := c.JSON(t.Context(), "1.1", "AWSEvents.DescribeRule", map[string]string{}, nil); err != nil || time.Until(signed).Round(time.Minute) != c.Skew {
		t.Errorf("signed for %s, %v", signed, err)
	}
}
