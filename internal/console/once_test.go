package console_test

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// TestAFormIsSentOnce: a second click on its button, or a reload of the answer, asks for nothing and shows
// the answer that there was. What was not accepted may be asked for again.
func TestAFormIsSentOnce(t *testing.T) {
	t.Parallel()
	const target = "/ask/pause?of=fx-rates"
	refused := port.Reply{Outcome: port.Refused, Message: "not now"}
	for name, c := range map[string]struct {
		answer  port.Reply
		request string // of the second form
		reason  string
		asked   int
	}{
		"the same form":                  {port.Reply{}, "page-1", "a holiday", 1},
		"the form with other words":      {port.Reply{}, "page-1", "a feast", 2},
		"another form":                   {port.Reply{}, "page-2", "a holiday", 2},
		"a form without an id":           {port.Reply{}, "", "a holiday", 2},
		"the same, which was refused":    {refused, "page-1", "a holiday", 2},
		"the same, which had been there": {port.Reply{Outcome: port.Duplicate}, "page-1", "a holiday", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			cookie := w.signIn()
			w.door.answer = c.answer
			first := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}, "reason": {"a holiday"}}
			if c.request == "" {
				first.Del("request")
			}
			second := url.Values{"token": first["token"], "reason": {c.reason}}
			if c.request != "" {
				second.Set("request", c.request)
			}
			was := w.send(request("POST", target, first), cookie)
			is := w.send(request("POST", target, second), cookie)
			const again = "nothing was asked for again"
			if len(w.door.asked) != c.asked || c.asked == 1 && !strings.Contains(is.body, "<b>accepted</b>: noted") || strings.Contains(was.body, again) || strings.Contains(is.body, again) != (c.asked == 1) {
				t.Errorf("%d requests were sent:\n%s\n%s", len(w.door.asked), was.body, is.body)
			}
		})
	}
}

// TestTwoClicksAtOnce: a form that comes while it is being sent waits for its answer.
func TestTwoClicksAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}}
	click := func() string { return w.send(request("POST", "/ask/resume?of=fx-rates", form), cookie).body }
	var begun atomic.Int32
	second := make(chan string, 1)
	w.door.leave = func() {
		if begun.Add(1) > 1 {
			return
		}
		go func() { second <- click() }()
		for end := time.Now().Add(100 * time.Millisecond); begun.Load() == 1 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	click()
	if body := <-second; len(w.door.asked) != 1 || !strings.Contains(body, "<b>accepted</b>: noted") {
		t.Errorf("%d requests were sent:\n%s", len(w.door.asked), body)
	}
}

// TestASecondClick: a browser that leaves a form for the second one, or for good, takes nothing back.
func TestASecondClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cookie := w.signIn()
	form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}}
	left, leave := context.WithCancel(t.Context())
	w.door.leave = leave
	w.send(request("POST", "/ask/resume?of=fx-rates", form).WithContext(left), cookie)
	if len(w.door.asked) != 1 {
		t.Errorf("%d requests were sent for the first", len(w.door.asked))
	}
	body := w.send(request("POST", "/ask/resume?of=fx-rates", form), cookie).body
	if len(w.door.asked) != 1 || !strings.Contains(body, "<b>accepted</b>: noted") {
		t.Errorf("%d requests were sent:\n%s", len(w.door.asked), body)
	}
}
