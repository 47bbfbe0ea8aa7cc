package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// night is the time of the seeded state.
var night = time.Date(2026, 11, 24, 7, 26, 40, 0, time.UTC)

const host = "127.0.0.1:4711"

// book is a door that records the requests.
type book struct {
	mu    sync.Mutex
	asked []entry.Request
	err   error
	// leave, if not nil, is what the browser does meanwhile.
	leave func()
	// answer is its answer; zero means that it accepts.
	answer port.Reply
}

func (b *book) Ask(ctx context.Context, r entry.Request) (port.Reply, error) {
	if b.leave != nil {
		b.leave()
	}
	if err := ctx.Err(); err != nil {
		return port.Reply{}, err //nolint:wrapcheck // as a call does whose caller has left
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, r)
	if b.answer.Outcome != "" {
		return b.answer, b.err
	}
	return port.Reply{Outcome: port.Accepted, Message: "noted"}, b.err
}

// shared is a folder for what all tests read. It is removed after the last of them.
var shared string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "batchplane-console-test-")
	if err != nil {
		panic(err)
	}
	shared = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// seeded is one state for all tests, which only read it.
var seeded = sync.OnceValues(func() (*plane.Plane, error) {
	db := filepath.Join(shared, "state.db")
	store, err := sqlite.Open(context.Background(), db)
	if err != nil {
		return nil, err
	}
	if err := seed.Fill(context.Background(), store, night); err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	return wire.LocalPlane(context.Background(), db)
})

// world is a console over the seeded state, with its own clock.
type world struct {
	*console.Server
	t     *testing.T
	door  *book
	plane *plane.Plane
	mu    sync.Mutex
	now   time.Time
	// announced holds the addresses that were written.
	announced []string
}

func newWorld(t *testing.T, change func(*console.Config)) *world {
	t.Helper()
	all, err := seeded()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, door: &book{}, now: night}
	p := *all
	w.plane = &p
	p.Name, p.Door, p.Now = "prod", w.door, w.clock
	p.Inspect = func(context.Context) (plane.Health, error) { return plane.Health{Running: true, Where: "a test"}, nil }
	cfg := console.Config{
		Plane: w.plane, Base: "http://" + host, User: "tester", Now: w.clock, Zone: plane.Zone(seed.Zone), ZoneName: seed.Zone,
		Announce: func(a string) { w.announced = append(w.announced, a) },
	}
	if change != nil {
		change(&cfg)
	}
	w.Server = console.New(cfg)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// request is a request from a browser that shows one of our pages.
func request(method, target string, form url.Values) *http.Request {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(context.Background(), method, target, body)
	r.Host = host
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	return r
}

// reply is an answer that was read to its end.
type reply struct {
	StatusCode int
	Header     http.Header
	body       string
	cookies    []*http.Cookie
}

func (r reply) Cookies() []*http.Cookie { return r.cookies }

func (w *world) send(r *http.Request, cookies ...*http.Cookie) reply {
	w.t.Helper()
	for _, c := range cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	res := rec.Result()
	defer func() { _ = res.Body.Close() }()
	return reply{res.StatusCode, res.Header, rec.Body.String(), res.Cookies()}
}

func text(t *testing.T, r reply) string {
	t.Helper()
	return r.body
}

// signIn returns the cookie of a new session.
func (w *world) signIn() *http.Cookie {
	w.t.Helper()
	address, err := url.Parse(w.Address())
	if err != nil {
		w.t.Fatal(err)
	}
	res := w.send(request("GET", address.RequestURI(), nil))
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		w.t.Fatalf("signing in: %d, %v", res.StatusCode, res.Cookies())
	}
	return res.Cookies()[0]
}

// token returns the token in a session's forms.
func (w *world) token(c *http.Cookie) string { return w.tokenOf("/ask/run?of=fx-rates", c) }

func (w *world) tokenOf(form string, c *http.Cookie) string {
	w.t.Helper()
	page := text(w.t, w.send(request("GET", form, nil), c))
	_, rest, ok := strings.Cut(page, `name="token" value="`)
	if !ok {
		w.t.Fatalf("the form has no token:\n%s", page)
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}
