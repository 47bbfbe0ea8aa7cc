package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestDestructiveNeedsAReason: what cannot be taken back, or may do work twice, is not
// asked for without a reason typed, and the reason goes with the request.
func TestDestructiveNeedsAReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target, confirm string
		reason          func(*world) string
	}{
		"stop":         {"/ask/stop?run=thumbnailer/20261124T0720Z", "", func(w *world) string { return w.door.asked[0].Stop.Reason }},
		"skip next":    {"/ask/skip-next?of=fx-rates", "", func(w *world) string { return w.door.asked[0].Skip.Reason }},
		"unsafe retry": {"/ask/retry?run=fraud-scores/20261124T0615Z", "fraud-scores", func(w *world) string { return w.door.asked[0].Retry.Reason }},
		"pause all":    {"/ask/pause?of=*", "all jobs", func(w *world) string { return w.door.asked[0].Pause.Reason }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			cookie := w.signIn()
			form := url.Values{"token": {w.token(cookie)}, "request": {"page-1"}, "confirm": {c.confirm}, "reason": {" "}}
			if res := w.send(request("POST", c.target, form), cookie); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(res.body, "Say why") || len(w.door.asked) != 0 {
				t.Errorf("without a reason it answered %d, and %d requests were sent", res.StatusCode, len(w.door.asked))
			}
			form.Set("reason", "the input was wrong")
			if res := w.send(request("POST", c.target, form), cookie); len(w.door.asked) != 1 || c.reason(w) != "the input was wrong" {
				t.Errorf("with a reason it answered %d, and %+v was sent", res.StatusCode, w.door.asked)
			}
		})
	}
}
