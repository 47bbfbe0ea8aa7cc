package aws_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// webhookPath is the path that Slack knows.
const webhookPath = "/services/T0/B0/secret"

// slackChannel answers like Slack. The very first message is answered with "too many".
type slackChannel struct {
	url string

	mu     sync.Mutex
	posts  int
	bodies []string
}

func newSlack(t *testing.T) *slackChannel {
	t.Helper()
	c := &slackChannel{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *slackChannel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	c.posts++
	if r.URL.Path != webhookPath {
		http.Error(w, "no_service", http.StatusNotFound)
		return
	}
	if c.posts == 1 {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "rate_limited", http.StatusTooManyRequests)
		return
	}
	c.bodies = append(c.bodies, string(body))
	_, _ = io.WriteString(w, "ok")
}

// heard counts the messages that contain all words.
func (c *slackChannel) heard(words ...string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
next:
	for _, body := range c.bodies {
		for _, word := range words {
			if !strings.Contains(body, word) {
				continue next
			}
		}
		n++
	}
	return n
}
