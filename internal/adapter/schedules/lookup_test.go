package schedules_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

const (
	own     = "arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane-prod/"
	trigger = "arn:aws:lambda:us-east-1:123456789012:function:trigger"
)

// group answers GetSchedule as EventBridge Scheduler does (API reference).
type group map[string]map[string]any

func (g group) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/schedules/")
	if !ok || r.Method != http.MethodGet || r.URL.Query().Get("groupName") != "batchplane-prod" || !strings.Contains(r.Header.Get("Authorization"), "/us-east-1/scheduler/aws4_request") {
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"message":"no"}`))
		return
	}
	if g[name] == nil {
		w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException:http://internal.amazon.com/coral/")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"Message":"Schedule does not exist."}`))
		return
	}
	_ = json.NewEncoder(w).Encode(g[name])
}

// schedule returns a schedule of the group.
func schedule(name, target, input string, more map[string]any) map[string]any {
	s := map[string]any{
		"Arn": own + name, "Name": name, "GroupName": "batchplane-prod", "State": "ENABLED", "ScheduleExpression": "cron(0 3 * * ? *)", "ScheduleExpressionTimezone": "UTC",
		"FlexibleTimeWindow": map[string]any{"Mode": "OFF"}, "LastModificationDate": 1763798400.5, "Target": map[string]any{"Arn": target, "Input": input},
	}
	maps.Copy(s, more)
	return s
}

// atOnce is the SDK's retryer, without its waits.
func atOnce() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func lookup(t *testing.T, h http.Handler) *schedules.Lookup {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &schedules.Lookup{
		Group: schedules.Group{Name: "batchplane-prod", Scheduler: &signed.Client{Service: "scheduler", Endpoint: server.URL, Config: aws.Config{
			Region: "us-east-1", HTTPClient: signedtest.Checked(t, server.Client()), Retryer: atOnce,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
			}),
		}}},
		Function: "trigger", Read: entry.Registered,
	}
}

const etl = `{"scheduledFor":"<time>","job":{"name":"etl","taskDefinition":"etl"}}`

// TestSchedule: an ARN that comes with an input leads to the schedule of that ARN in the stack's own
// group, and nowhere else. If the schedule cannot be read, there is no answer.
func TestSchedule(t *testing.T) {
	t.Parallel()
	l := lookup(t, group{
		"etl":       schedule("etl", trigger, etl, nil),
		"elsewhere": schedule("elsewhere", "arn:aws:lambda:us-east-1:123456789012:function:other-trigger", etl, nil),
		"people":    schedule("people", trigger+":people", etl, nil),
		"named":     schedule("named", trigger, `{"scheduledFor":"<time>","job":"etl"}`, nil),
		"broken":    schedule("broken", trigger, `{"job":{"name":"etl","command":"x"}}`, nil),
	})
	for arn, want := range map[string]error{
		own + "etl": nil,
		"arn:aws:scheduler:us-east-1:999999999999:schedule/batchplane-prod/etl":       port.ErrNotFound,
		"arn:aws:scheduler:eu-west-1:123456789012:schedule/batchplane-prod/etl":       port.ErrNotFound,
		"arn:aws-cn:scheduler:us-east-1:123456789012:schedule/batchplane-prod/etl":    port.ErrNotFound,
		"arn:aws:events:us-east-1:123456789012:schedule/batchplane-prod/etl":          port.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane-prod-2/etl":     port.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane/etl":            port.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/default/etl":               port.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule-group/batchplane-prod/etl": port.ErrNotFound,
		own + "etl/":           port.ErrNotFound,
		own + "/etl":           port.ErrNotFound,
		own + "../default/etl": port.ErrNotFound,
		own:                    port.ErrNotFound,
		own + "gone":           port.ErrNotFound,
		own + "elsewhere":      port.ErrNotFound,
		own + "people":         port.ErrNotFound,
		own + "named":          port.ErrNotFound,
		"etl":                  port.ErrNotFound,
		"":                     port.ErrNotFound,
		own + "broken":         entry.ErrInput,
	} {
		j, err := l.Schedule(t.Context(), arn)
		if !errors.Is(err, want) || want == nil && (j.Name != "etl" || j.Schedule != "cron(0 3 * * ? *)") {
			t.Errorf("%s: %+v, %v; want %v", arn, j, err, want)
		}
	}
	for arn, want := range map[string]bool{
		own + "etl": true, own + "gone": true, own: false, own + "a/b": false, "": false, "etl": false, "arn:aws:scheduler:us-east-1:123456789012:etl": false,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/default/etl":               false,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane-prod-2/etl":     false,
		"arn:aws:scheduler:us-east-1:123456789012:schedule-group/batchplane-prod/etl": false,
	} {
		if got := l.Ours(arn); got != want {
			t.Errorf("%s is ours: %t", arn, got)
		}
	}
}

// TestWhatAScheduleSays: its state, its bounds, its window and when it was changed.
func TestWhatAScheduleSays(t *testing.T) {
	t.Parallel()
	l := lookup(t, group{
		"off":  schedule("off", trigger, etl, map[string]any{"State": "DISABLED", "StartDate": 1763802000.0, "EndDate": 1763805600.0}),
		"late": schedule("late", trigger, etl, map[string]any{"FlexibleTimeWindow": map[string]any{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}}),
	})
	j, err := l.Schedule(t.Context(), own+"off")
	want := job.Job{
		Name: "etl", TaskDefinition: "etl", Schedule: "cron(0 3 * * ? *)", Timezone: "UTC", Disabled: true, Modified: time.UnixMilli(1763798400500).UTC(),
	}
	want.StartAt, want.EndAt = time.Unix(1763802000, 0).UTC(), time.Unix(1763805600, 0).UTC()
	if err != nil || j.Hash() != want.Hash() || j.Disabled != want.Disabled || !j.Modified.Equal(want.Modified) || !j.StartAt.Equal(want.StartAt) || !j.EndAt.Equal(want.EndAt) {
		t.Errorf("%+v, %v", j, err)
	}
	if _, err := l.Schedule(t.Context(), own+"late"); err == nil || !strings.Contains(err.Error(), "startWithin above the window") {
		t.Errorf("a window as long as startWithin: %v", err)
	}
}

// TestItIsAskedAgain: after an error that may pass, but not after a refusal.
func TestItIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		status int
		kind   string
		asked  int64
	}{
		"throttled": {http.StatusTooManyRequests, "ThrottlingException", 3},
		"a fault":   {http.StatusBadGateway, "", 3},
		"refused":   {http.StatusForbidden, "AccessDeniedException", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			l := lookup(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("X-Amzn-Errortype", want.kind)
				w.WriteHeader(want.status)
				_, _ = w.Write([]byte(`{"Message":"m"}`))
			}))
			if _, err := l.Schedule(t.Context(), own+"etl"); err == nil || errors.Is(err, port.ErrNotFound) || asked.Load() != want.asked {
				t.Errorf("asked %d times, %v", asked.Load(), err)
			}
		})
	}
}

// TestOneThatHangs: all tries together leave the function time to make the slot wait.
func TestOneThatHangs(t *testing.T) {
	t.Parallel()
	l := lookup(t, group{})
	tries, first := 0, time.Time{}
	l.Group.Scheduler.HTTPClient = client(func(r *http.Request) (*http.Response, error) {
		end, ok := r.Context().Deadline()
		if tries++; tries == 1 {
			first = end
		}
		if !ok || time.Until(end) > 10*time.Second || !end.Equal(first) {
			t.Errorf("try %d may take until %s", tries, end)
		}
		return nil, context.DeadlineExceeded
	})
	if _, err := l.Schedule(t.Context(), own+"etl"); !errors.Is(err, context.DeadlineExceeded) || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }
