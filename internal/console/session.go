package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Bounds of sessions.
const (
	// codeLives is how long an address with a code opens the pages; it does so once.
	codeLives = time.Minute
	// sessionLives is how long a browser that does not return is remembered.
	sessionLives = 12 * time.Hour
	// mostSessions is the largest number of browsers, and of codes, to remember.
	mostSessions = 64
	// announceEvery is how often a stranger may have a new address written.
	announceEvery = 5 * time.Second
)

// sessions holds the browsers that were let in, by hashes of their secrets, so that the time of a
// map lookup reveals nothing.
type sessions struct {
	// cookie is the name of this server's cookie. Cookies cross ports, so the name is unique to
	// this server.
	cookie string
	now    func() time.Time

	mu        sync.Mutex
	codes     map[[32]byte]time.Time
	open      map[[32]byte]*session
	announced time.Time
}

// session is one browser. Each of its POSTs carries its token.
type session struct {
	token string
	seen  time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{
		cookie: "batchplane-" + strings.ToLower(rand.Text()[:8]), now: now,
		codes: map[[32]byte]time.Time{}, open: map[[32]byte]*session{},
	}
}

// code returns a new code for an address.
func (s *sessions) code() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for c, at := range s.codes {
		if now.Sub(at) > codeLives || len(s.codes) >= mostSessions {
			delete(s.codes, c)
		}
	}
	code := rand.Text()
	s.codes[sha256.Sum256([]byte(code))] = now
	return code
}

// redeem opens a session for a code, which cannot be used again. It returns nil if the code is
// not valid.
func (s *sessions) redeem(code string) *http.Cookie {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := sha256.Sum256([]byte(code)), s.now()
	at, ok := s.codes[key]
	delete(s.codes, key)
	if !ok || now.Sub(at) > codeLives {
		return nil
	}
	s.forget(now)
	secret := rand.Text()
	s.open[sha256.Sum256([]byte(secret))] = &session{token: rand.Text(), seen: now}
	return &http.Cookie{ //nolint:gosec // not Secure: it is plain HTTP over loopback
		Name: s.cookie, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// forget drops sessions that were not used for long, and the oldest one if there are too many.
func (s *sessions) forget(now time.Time) {
	var oldest [32]byte
	for key, o := range s.open {
		if now.Sub(o.seen) > sessionLives {
			delete(s.open, key)
			continue
		}
		if was := s.open[oldest]; was == nil || o.seen.Before(was.seen) {
			oldest = key
		}
	}
	if len(s.open) >= mostSessions {
		delete(s.open, oldest)
	}
}

// of returns the token of a request's session, or "" if it has none.
func (s *sessions) of(r *http.Request) (token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, c := range r.CookiesNamed(s.cookie) {
		if o := s.open[sha256.Sum256([]byte(c.Value))]; o != nil && now.Sub(o.seen) <= sessionLives {
			o.seen = now
			return o.token
		}
	}
	return ""
}

// mayAnnounce reports whether a new address may be written now. If so, it counts as written.
func (s *sessions) mayAnnounce() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.announced) < announceEvery {
		return false
	}
	s.announced = now
	return true
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
