// Package slack posts notices to Slack by incoming webhooks. A webhook's URL is a secret: whoever has
// it can post. So it never appears in an error or a log.
package slack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
)

// Limits of the traffic with Slack.
const (
	// pause is the time between two messages of one webhook (Slack, "Rate limits": one message a
	// second, short bursts allowed).
	pause = time.Second
	// tries is how often one message is sent while Slack answers 429.
	tries = 3
	// maxWait is the longest that a message waits for its turn. If it would have to wait longer, it is
	// left to the next delivery of its notice, so that it does not hold up other targets and other
	// notices.
	maxWait = 5 * time.Second
	// silence is how long a target that gave no answer is left alone.
	silence = time.Minute
	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 512
)

// Secrets returns webhooks by the names of targets.
type Secrets interface {
	Secret(ctx context.Context, name string) (string, error)
	Forget(name string)
}

// Notifier sends notices to Slack targets; package fanout calls it for each target.
type Notifier struct {
	Secrets Secrets
	HTTP    *http.Client
	Now     func() time.Time
	// Wait waits, or ends early with the context's error; nil means by the machine's clock.
	Wait func(ctx context.Context, d time.Duration) error
	// Default holds the targets of jobs that name none.
	Default []string

	mu   sync.Mutex
	next map[string]time.Time // by target: when its next message may go out
}

// prefix precedes the name of a Slack target among targets of other kinds.
const prefix = "slack/"

// Targets returns where a notice goes, each target once.
func (n *Notifier) Targets(x notice.Notice) []string {
	names := x.Targets
	if len(names) == 0 {
		names = n.Default
	}
	var out []string
	for _, name := range names {
		if target := prefix + name; !slices.Contains(out, target) {
			out = append(out, target)
		}
	}
	return out
}

// Carry posts a notice to one of its targets.
func (n *Notifier) Carry(ctx context.Context, target string, x notice.Notice) error {
	body, err := json.Marshal(message(x))
	if err != nil {
		return fmt.Errorf("encoding the message to Slack: %w", err)
	}
	return n.to(ctx, strings.TrimPrefix(target, prefix), body)
}

// to posts to one target. If Slack does not accept the webhook, to reads it once again, since a person
// may have replaced it.
func (n *Notifier) to(ctx context.Context, target string, body []byte) error {
	hook, err := n.Secrets.Secret(ctx, target)
	if err != nil {
		return fmt.Errorf("reading its webhook: %w", err)
	}
	err = n.send(ctx, target, hook, body)
	var gone *revokedError
	if !errors.As(err, &gone) {
		return err
	}
	n.Secrets.Forget(target)
	again, readErr := n.Secrets.Secret(ctx, target)
	if readErr != nil {
		return fmt.Errorf("reading its webhook again: %w", readErr)
	}
	if again == hook {
		return err
	}
	return n.send(ctx, target, again, body)
}

// revokedError says that Slack does not accept the webhook, or that it is none.
type revokedError struct {
	status int
	says   string
}

func (e *revokedError) Error() string {
	return fmt.Sprintf("Slack does not accept the webhook (%d %s): store a new one in the target's parameter, or in the targets file", e.status, cmp.Or(e.says, http.StatusText(e.status)))
}

func (n *Notifier) send(ctx context.Context, target, hook string, body []byte) error {
	for try := 1; ; try++ {
		if err := n.turn(ctx, target); err != nil {
			return err
		}
		status, after, says, err := n.post(ctx, hook, body)
		switch {
		case err != nil:
			n.until(target, n.Now().Add(silence))
			n.Secrets.Forget(target) // the URL may be wrong, and mended by the next try
			return err
		case status == http.StatusOK && isPage(says):
			return &revokedError{status, "a page"}
		case status == http.StatusOK:
			return nil
		case status/100 == 3, status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusGone:
			return &revokedError{status, says}
		case status != http.StatusTooManyRequests:
			return fmt.Errorf("Slack answered %d %s", status, says) //nolint:staticcheck // Slack is a name
		}
		n.until(target, n.Now().Add(after))
		if try == tries || after > maxWait {
			return fmt.Errorf("Slack takes no more messages for %s", after) //nolint:staticcheck // Slack is a name
		}
	}
}

// turn waits until the target may get a message, unless that takes too long.
func (n *Notifier) turn(ctx context.Context, target string) error {
	n.mu.Lock()
	now := n.Now()
	at := n.next[target]
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) > maxWait {
		n.mu.Unlock()
		return fmt.Errorf("it takes no messages for %s", at.Sub(now).Round(time.Second))
	}
	n.set(target, at.Add(pause))
	n.mu.Unlock()
	if at.After(now) {
		if err := n.wait(ctx, at.Sub(now)); err != nil {
			return fmt.Errorf("waiting for Slack's rate limit: %w", err)
		}
	}
	return nil
}

func (n *Notifier) wait(ctx context.Context, d time.Duration) error {
	if n.Wait != nil {
		return n.Wait(ctx, d)
	}
	return port.Sleep(ctx, d)
}

func (n *Notifier) until(target string, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.set(target, at)
}

func (n *Notifier) set(target string, at time.Time) {
	if n.next == nil {
		n.next = map[string]time.Time{}
	}
	n.next[target] = at
}

// post sends one request. None of its errors contains the webhook's URL.
func (n *Notifier) post(ctx context.Context, hook string, body []byte) (status int, after time.Duration, says string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSpace(hook), bytes.NewReader(body))
	if err != nil {
		return 0, 0, "", errors.New("the target does not hold a URL")
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := n.HTTP.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // url.Error contains the URL
		}
		return 0, 0, "", fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, retryAfter(res.Header.Get("Retry-After")), notice.Printable(strings.TrimSpace(string(text))), nil
}

// isPage reports whether an answer is HTML: somebody stored the address of a page, such as the channel's
// own, or a proxy answered. Slack says ok (Slack, "Sending messages using incoming webhooks"), services
// that take the same messages say so in other words.
func isPage(says string) bool { return strings.HasPrefix(says, "<") }

// retryAfter reads seconds. It returns the usual pause for what it cannot read.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 24*3600 {
		return pause
	}
	return time.Duration(n) * time.Second
}
