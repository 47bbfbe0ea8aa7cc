package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestSessionsEnd: a browser that comes back stays known, however long ago it was let in; one that does
// not is forgotten, and so is the one that was away for longest once there are too many.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := newSessions(func() time.Time { return now })
	enter := func() *http.Cookie {
		now = now.Add(time.Second)
		c := s.redeem(s.code())
		if c == nil {
			t.Fatal("a new code is not valid")
		}
		return c
	}
	knows := func(c *http.Cookie) bool {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.AddCookie(c)
		return s.of(r) != ""
	}
	back, away := enter(), enter()
	now = now.Add(sessionLives - time.Minute)
	if !knows(back) {
		t.Error("a browser is forgotten too early")
	}
	now = now.Add(2 * time.Minute)
	if knows(away) || !knows(back) {
		t.Errorf("known: the one that was away %t, the one that came back %t", knows(away), knows(back))
	}
	idle := enter()
	if len(s.open) != 2 {
		t.Errorf("%d sessions are kept", len(s.open))
	}
	for range mostSessions - 2 {
		enter()
	}
	if !knows(back) {
		t.Error("a browser is forgotten although there is room")
	}
	last := enter()
	if knows(idle) || !knows(back) || !knows(last) || len(s.open) != mostSessions {
		t.Errorf("known: the idle one %t, the one that came back %t, the last %t, of %d", knows(idle), knows(back), knows(last), len(s.open))
	}
}
