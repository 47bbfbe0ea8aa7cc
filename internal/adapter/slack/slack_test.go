package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// channel answers as Slack's incoming webhooks do, one answer after the other; the last answer repeats.
type channel struct {
	mu      sync.Mutex
	answers []answer
	bodies  []string
	paths   []string
}

type answer struct {
	status int
	after  string
	says   string
}

func (c *channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	c.bodies, c.paths = append(c.bodies, string(body)), append(c.paths, r.URL.Path)
	a := c.answers[0]
	if len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	if r.Header.Get("Content-Type") != "application/json" {
		a = answer{400, "", "invalid_payload"}
	}
	if a.after != "" {
		w.Header().Set("Retry-After", a.after)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.says)
}

type secrets struct {
	values map[string][]string // what each reading returns; the last value repeats
	reads  int
}

func (s *secrets) Secret(_ context.Context, name string) (string, error) {
	v := s.values[name]
	if len(v) == 0 {
		return "", fmt.Errorf("no parameter %q", name)
	}
	s.reads++
	return v[0], nil
}

func (s *secrets) Forget(name string) {
	if v := s.values[name]; len(v) > 1 {
		s.values[name] = v[1:]
	}
}

// world is a notifier on a clock that waiting moves.
type world struct {
	*Notifier
	channel *channel
	secrets *secrets
	waited  []time.Duration
}

func newWorld(t *testing.T, answers ...answer) *world {
	t.Helper()
	w := &world{channel: &channel{answers: answers}, secrets: &secrets{values: map[string][]string{}}}
	server := httptest.NewServer(w.channel)
	t.Cleanup(server.Close)
	w.secrets.values["ops"] = []string{server.URL + "/services/T0/B0/old", server.URL + "/services/T0/B0/new"}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	w.Notifier = &Notifier{
		Secrets: w.secrets, HTTP: server.Client(), Now: func() time.Time { return now }, Default: []string{"ops"},
		Wait: func(_ context.Context, d time.Duration) error {
			w.waited = append(w.waited, d)
			now = now.Add(d)
			return nil
		},
	}
	return w
}

var ok = answer{200, "", "ok"}

// tell sends a notice to all its targets.
func (w *world) tell(ctx context.Context, n notice.Notice) error {
	var errs []error
	for _, target := range w.Targets(n) {
		errs = append(errs, w.Carry(ctx, target, n))
	}
	return errors.Join(errs...)
}

func TestTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ok)
	for want, named := range map[string][]string{"slack/ops": nil, "slack/a slack/b": {"a", "b", "a"}} {
		if got := strings.Join(w.Targets(notice.Notice{Targets: named}), " "); got != want {
			t.Errorf("%q goes to %s, want %s", named, got, want)
		}
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answers []answer
		waited  string
		posts   int
		err     string
		targets []string
		notices int
	}{
		"taken":                       {answers: []answer{ok}, waited: "[]", posts: 1},
		"one message a second":        {answers: []answer{ok}, notices: 3, waited: "[1s 1s]", posts: 3},
		"too many":                    {answers: []answer{{429, "4", "rate_limited"}, ok}, waited: "[4s]", posts: 2},
		"too many without a time":     {answers: []answer{{429, "soon", ""}, ok}, waited: "[1s]", posts: 2},
		"too many for too long":       {answers: []answer{{429, "60", ""}}, waited: "[]", posts: 1, err: "no more messages for 1m0s"},
		"too many for the next ones":  {answers: []answer{{429, "60", ""}}, notices: 4, waited: "[]", posts: 1, err: "no messages for 1m0s"},
		"too many again and again":    {answers: []answer{{429, "2", ""}}, waited: "[2s 2s]", posts: 3, err: "no more messages"},
		"replaced":                    {answers: []answer{{404, "", "no_service"}, ok}, waited: "[1s]", posts: 2},
		"revoked":                     {answers: []answer{{403, "", "invalid_token"}}, waited: "[1s]", posts: 2, err: "403 invalid_token): store a new one"},
		"gone with its channel":       {answers: []answer{{410, "", "channel_is_archived"}}, waited: "[1s]", posts: 2, err: "410 channel_is_archived"},
		"a message Slack cannot read": {answers: []answer{{400, "", "invalid_blocks"}}, waited: "[]", posts: 1, err: "400 invalid_blocks"},
		"a page instead of Slack":     {answers: []answer{{200, "", " <!DOCTYPE html><title>Sign in</title>"}}, waited: "[1s]", posts: 2, err: "(200 a page): store a new one"},
		"the address of a page":       {answers: []answer{{302, "", ""}}, waited: "[1s]", posts: 2, err: "(302 Found): store a new one"},
		"a page that was replaced":    {answers: []answer{{200, "", "<html>"}, ok}, waited: "[1s]", posts: 2},
		"in other words":              {answers: []answer{{200, "", `{"success":true}`}}, waited: "[]", posts: 1},
		"a fault of Slack":            {answers: []answer{{500, "", ""}}, waited: "[]", posts: 1, err: "answered 500"},
		"a target nobody set up":      {answers: []answer{ok}, targets: []string{"nope", "ops"}, waited: "[]", posts: 1, err: "reading its webhook: no parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.answers...)
			var err error
			for range max(1, tc.notices) {
				err = w.tell(t.Context(), notice.Notice{Job: "etl", Targets: tc.targets})
			}
			if fmt.Sprint(w.waited) != tc.waited || len(w.channel.bodies) != tc.posts {
				t.Errorf("waited %v and posted %d times, want %s and %d", w.waited, len(w.channel.bodies), tc.waited, tc.posts)
			}
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("got %v, want %q", err, tc.err)
			}
			if err != nil && (strings.Contains(err.Error(), "services") || strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("the error tells the webhook: %v", err)
			}
		})
	}
}

// TestSilentTargetIsLeftAlone: a target that gives no answer is tried once a minute, however many
// notices there are, and holds up no other target.
func TestSilentTargetIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ok)
	asked := 0
	w.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/silent") {
			asked++
			return nil, context.DeadlineExceeded
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	w.secrets.values["team"] = []string{strings.Replace(w.secrets.values["ops"][0], "/old", "/silent", 1)}
	for range 5 {
		if err := w.Carry(t.Context(), "slack/team", notice.Notice{}); err == nil {
			t.Error("told a target that does not answer")
		}
		if err := w.Carry(t.Context(), "slack/ops", notice.Notice{}); err != nil {
			t.Errorf("another: %v", err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	_ = w.Wait(t.Context(), silence)
	_ = w.Carry(t.Context(), "slack/team", notice.Notice{})
	if asked != 2 {
		t.Errorf("asked %d times after a minute", asked)
	}
}

// TestWaitsByTheMachinesClock: and no longer than the function has time.
func TestWaitsByTheMachinesClock(t *testing.T) {
	t.Parallel()
	n := &Notifier{}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err, late := n.wait(t.Context(), 1), n.wait(over, time.Hour); err != nil || !errors.Is(late, context.Canceled) {
		t.Errorf("waited with %v and %v", err, late)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestWrongURLIsReadAgain: a URL that leads nowhere is not remembered, so that the next try uses what a
// person stored instead.
func TestWrongURLIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"http://127.0.0.1:1/services/T0/B0/secret", "to be done"} {
		w := newWorld(t, ok)
		w.secrets.values["ops"][0] = wrong
		if err := w.tell(t.Context(), notice.Notice{}); err == nil {
			t.Errorf("%s took a notice", wrong)
		}
		_ = w.Wait(t.Context(), silence)
		if err := w.tell(t.Context(), notice.Notice{}); err != nil {
			t.Errorf("after %s was replaced: %v", wrong, err)
		}
	}
}

// TestErrorsDoNotTellTheWebhook: neither if the line is dead nor if the URL is bad.
func TestErrorsDoNotTellTheWebhook(t *testing.T) {
	t.Parallel()
	for _, hook := range []string{"http://127.0.0.1:1/services/T0/B0/secret", "http://127.0.0.1:1/services/\x7fsecret", "services/secret"} {
		w := newWorld(t, ok)
		w.secrets.values["ops"] = []string{hook}
		err := w.tell(t.Context(), notice.Notice{Job: "etl"})
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "services") {
			t.Errorf("got %v", err)
		}
	}
}

func TestReplacedWebhookIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answer{404, "", "no_service"}, ok)
	if err := w.tell(t.Context(), notice.Notice{}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.channel.paths, " "); got != "/services/T0/B0/old /services/T0/B0/new" {
		t.Errorf("posted to %s", got)
	}
	if err := w.tell(t.Context(), notice.Notice{}); err != nil || w.secrets.reads != 3 {
		t.Errorf("%v after %d readings", err, w.secrets.reads)
	}
}

// TestMessageIsSafeAndSmall: hostile text of any length stays within Slack's limits.
func TestMessageIsSafeAndSmall(t *testing.T) {
	t.Parallel()
	evil := "<!channel> & <https://evil.example|click> ``` `code` \u202e\x1b[31m *bold*\n"
	long := strings.Repeat(evil, 1000)
	n := notice.Notice{
		Kind: notice.Failed, Job: long, Stack: long, Cause: long, Owner: long, LocalTime: long, Run: "etl/20261122T0900Z",
		LogsAt: "https://evil.example/>" + evil, TaskAt: "https://evil.example/" + long, RetryWith: long, Retry: &run.Retry{Safety: run.RetryUnsafe, Why: evil},
	}
	for i := range 100 {
		n.Logs = append(n.Logs, long)
		n.Attempts = append(n.Attempts, notice.Attempt{N: i, StopCode: evil, StoppedReason: long})
	}
	m := message(n)
	blocks := m.Attachments[0].Blocks
	total := 0
	for _, b := range blocks {
		c := utf8.RuneCountInString(b.Text.Text) // as it is sent, which is the most that Slack may count
		if c > 3000 {
			t.Errorf("a section of %d characters: %.40s", c, b.Text.Text)
		}
		total += c
	}
	if total > 12000 || len(blocks) > 50 || len(m.Text) > 40_000 {
		t.Errorf("%d characters in %d blocks, text of %d", total, len(blocks), len(m.Text))
	}
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back payload
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	all := back.Text
	for _, b := range back.Attachments[0].Blocks {
		all += b.Text.Text
	}
	for _, bad := range []string{"<!", "<https://evil", "\x1b", "\u202e", "`code`"} {
		if strings.Contains(all, bad) {
			t.Errorf("the message holds %q", bad)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(message(notice.Notice{
		Kind: notice.TimedOut, Job: "etl", Stack: "prod", Cause: "timed out after 1h", Run: "etl/20261122T0900Z",
		LocalTime: "2026-11-22 10:00 Europe/Berlin", Owner: "data <team>", Logs: []string{"one", "two"},
		Attempts: []notice.Attempt{{N: 1, StopCode: "UserInitiated", StoppedReason: "batchplane: timed out"}},
		LogsAt:   "https://console.aws.amazon.com/x", TaskAt: "https://console.aws.amazon.com/t?a&b", RetryWith: "batchplane retry etl/20261122T0900Z",
		Retry: &run.Retry{Safety: run.RetryUnsafe, Why: "attempt 1 ran"},
	}))
	want := `{"text":"TIMED OUT etl: timed out after 1h","attachments":[{"color":"#e01e5a","blocks":[` +
		`{"type":"section","text":{"type":"mrkdwn","text":"*TIMED OUT* etl (prod)\ntimed out after 1h\nrun ` + "`etl/20261122T0900Z`" + `, scheduled for 2026-11-22 10:00 Europe/Berlin\nowner data \u0026lt;team\u0026gt;","verbatim":true}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"attempt 1: UserInitiated: batchplane: timed out","verbatim":true}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"` + "```one\\ntwo```" + `","verbatim":true}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"\u003chttps://console.aws.amazon.com/x|logs\u003e \u003chttps://console.aws.amazon.com/t?a\u0026amp;b|task\u003e","verbatim":true}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"is a retry safe? no: attempt 1 ran\nretry with ` + "`batchplane retry etl/20261122T0900Z`" + `","verbatim":true}}]}]}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
