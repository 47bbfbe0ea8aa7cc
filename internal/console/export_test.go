package console

import (
	"net/http"
	"time"
)

// Token returns the token of a session's forms, for a test of someone who should not have it.
func Token(s *Server, c *http.Cookie) string {
	r := &http.Request{Header: http.Header{}}
	r.AddCookie(c)
	return s.sessions.of(r)
}

// Forget makes the pages check at once whether something has changed.
func (s *Server) Forget() {
	for _, m := range []*memo{s.memo, s.plans} {
		m.mu.Lock()
		m.markedAt = time.Time{}
		m.mu.Unlock()
	}
}
