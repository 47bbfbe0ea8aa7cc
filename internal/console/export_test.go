package console

import "net/http"

// Token is the token of a session's forms, for who should not have it.
func Token(s *Server, c *http.Cookie) string {
	r := &http.Request{Header: http.Header{}}
	r.AddCookie(c)
	return s.sessions.of(r)
}
