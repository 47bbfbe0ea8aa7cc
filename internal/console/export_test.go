package console

import (
	"net/http"
	"time"
)

// Token is the token of a session's forms, for who should not have it.
func Token(s *Server, c *http.Cookie) string {
	r := &http.Request{Header: http.Header{}}
	r.AddCookie(c)
	return s.sessions.of(r)
}

// Forget has the pages look at once whether something has changed.
func (s *Server) Forget() {
	for _, m := range []*memo{s.memo, s.plans} {
		m.mu.Lock()
		m.markedAt = time.Time{}
		m.mu.Unlock()
	}
}
