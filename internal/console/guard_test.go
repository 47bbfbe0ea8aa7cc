package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/port"
)

func runForm(token string) url.Values {
	return url.Values{"token": {token}, "request": {"page-1"}}
}

// TestAttacks: each is refused, and nothing is requested from the control plane.
func TestAttacks(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	cases := []struct {
		name   string
		method string
		target string
		change func(*http.Request)
		// signed says whether the browser has a session; token whether the form has its token.
		signed, token bool
		want          int
	}{
		{"a name that leads here", "GET", "/", func(r *http.Request) { r.Host = "evil.example:4711" }, true, false, 403},
		{"a name that begins as ours", "GET", "/", func(r *http.Request) { r.Host = "localhost.evil.example" }, true, false, 403},
		{"an address as a number", "GET", "/", func(r *http.Request) { r.Host = "2130706433" }, true, false, 403},
		{"no name at all", "GET", "/", func(r *http.Request) { r.Host = "" }, true, false, 403},
		{"an asset by a stranger's name", "GET", "/assets/style.css", func(r *http.Request) { r.Host = "evil.example" }, false, false, 403},
		{"no session", "GET", "/history", nil, false, false, 401},
		{"no session for the stream", "GET", "/events", nil, false, false, 401},
		{"no session and a form", "POST", "/ask/run?of=fx-rates", nil, false, false, 401},
		{"a form of another site", "POST", "/ask/run?of=fx-rates", header("Sec-Fetch-Site", "cross-site"), true, true, 403},
		{"a form of another port", "POST", "/ask/run?of=fx-rates", header("Sec-Fetch-Site", "same-site"), true, true, 403},
		{"a form of another origin, by an old browser", "POST", "/ask/run?of=fx-rates", func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "http://127.0.0.1:8080")
		}, true, true, 403},
		{"a form of no origin, by an old browser", "POST", "/ask/run?of=fx-rates", func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "null")
		}, true, true, 403},
		{"a form without the token", "POST", "/ask/run?of=fx-rates", nil, true, false, 403},
		{"a picture on another port's page", "GET", "/history", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "same-site")
			r.Header.Set("Sec-Fetch-Mode", "no-cors")
			r.Header.Set("Sec-Fetch-Dest", "image")
		}, true, false, 403},
		{"a frame on another site", "GET", "/", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Dest", "iframe")
		}, true, false, 403},
		{"a method that is not for browsers", "PUT", "/ask/run?of=fx-rates", nil, true, false, 405},
		{"an address without an end", "GET", "/history?cause=" + strings.Repeat("a", 5000), nil, true, false, 414},
		{"asking by GET", "GET", "/ask/run?of=fx-rates&token=x&request=page-1", nil, true, false, 200},
		{"our name with a stranger's behind it", "GET", "/", func(r *http.Request) { r.Host = "127.0.0.1.evil.example:4711" }, true, false, 403},
		{"our address with a user before it", "GET", "/", func(r *http.Request) { r.Host = "127.0.0.1:4711@evil.example" }, true, false, 403},
		{"a port that is none", "GET", "/", func(r *http.Request) { r.Host = "127.0.0.1:4711:80" }, true, false, 403},
		{"an address of another net", "GET", "/", func(r *http.Request) { r.Host = "10.0.0.1:4711" }, true, false, 403},
		{"any address", "GET", "/", func(r *http.Request) { r.Host = "0.0.0.0:4711" }, true, false, 403},
		{"any address of IPv6", "GET", "/", func(r *http.Request) { r.Host = "[::]:4711" }, true, false, 403},
		{"an address of IPv6 that is not the loopback", "GET", "/", func(r *http.Request) { r.Host = "[fe80::1]:4711" }, true, false, 403},
		{"an address of IPv6 that is not whole", "GET", "/", func(r *http.Request) { r.Host = "[::1" }, true, false, 403},
		{"a form of no origin, by a browser of today", "POST", "/ask/run?of=fx-rates", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "null")
		}, true, true, 403},
		{"a form of the right name on another port", "POST", "/ask/run?of=fx-rates", func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "http://127.0.0.1:4712")
		}, true, true, 403},
		{"a zone of a path", "GET", "/?zone=../../../etc/passwd", nil, true, false, 400},
		{"a zone of markup", "GET", "/?zone=%3Cscript%3E", nil, true, false, 400},
		{"a zone of the machine's own", "GET", "/?zone=Local", nil, true, false, 400},
		{"a zone with a break in it", "GET", "/?zone=UTC%0d%0aX-Evil:%20yes", nil, true, false, 400},
		{"a job's name with a break in it", "GET", "/jobs/a%0d%0aSet-Cookie:%20x=y", nil, true, false, 404},
		{"a run's name with a break in it", "GET", "/runs/a%0d%0aX-Evil:%20yes/20261124T0720Z", nil, true, false, 404},
		{"thousands of parameters", "GET", "/?" + strings.Repeat("a=b&", 1000), nil, true, false, 200},
		{"more parameters than an address holds", "GET", "/?" + strings.Repeat("a=b&", 2000), nil, true, false, 414},
		{"a path out of the assets", "GET", "/assets/..%2f..%2fgo.mod", nil, true, false, 404},
		{"a path out of the pages", "GET", "/runs/..%2f..%2fetc/passwd", nil, true, false, 404},
		{"a run whose name is markup", "GET", "/runs/%3Cscript%3E/x", nil, true, false, 404},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			var cookies []*http.Cookie
			token := "guessed"
			if c.signed {
				cookies = []*http.Cookie{w.signIn()}
			}
			if c.token {
				token = w.token(cookies[0])
			}
			var form url.Values
			if c.method == "POST" {
				form = runForm(token)
			}
			// A request that is let in by mistake, a stream above all, must not last.
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			r := request(c.method, c.target, form).WithContext(ctx)
			if c.change != nil {
				c.change(r)
			}
			res := w.send(r, cookies...)
			if res.StatusCode != c.want {
				t.Errorf("answered %d, want %d:\n%s", res.StatusCode, c.want, text(t, res))
			}
			if len(w.door.asked) > 0 {
				t.Errorf("it was asked for: %+v", w.door.asked)
			}
			if res.Header.Get("X-Evil") != "" || len(res.Cookies()) > 0 {
				t.Errorf("a header got in: %v", res.Header)
			}
			for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
				if got := res.Header.Get(name); !strings.Contains(got, want) {
					t.Errorf("%s is %q", name, got)
				}
			}
		})
	}
}

// TestAsk: the same form, sent honestly, is requested once, in the person's name.
func TestAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.signIn()
	res := w.send(request("POST", "/ask/run?of=fx-rates", runForm(w.token(c))), c)
	if body := text(t, res); res.StatusCode != http.StatusOK || !strings.Contains(body, "noted") {
		t.Fatalf("answered %d:\n%s", res.StatusCode, body)
	}
	if len(w.door.asked) != 1 || w.door.asked[0].Run == nil || w.door.asked[0].Run.By != "tester" || w.door.asked[0].Run.RequestID != "page-1" {
		t.Errorf("asked %+v", w.door.asked)
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := func() string {
		u, err := url.Parse(w.Address())
		if err != nil {
			t.Fatal(err)
		}
		return u.RequestURI()
	}
	once := path()
	res := w.send(request("GET", once, nil))
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" {
		t.Fatalf("a fresh code: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if c := res.Cookies()[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
		t.Errorf("the cookie is %v", c)
	}
	if res := w.send(request("GET", once, nil)); res.StatusCode != http.StatusUnauthorized || len(res.Cookies()) > 0 {
		t.Errorf("the same code again: %d", res.StatusCode)
	}
	late := path()
	w.pass(61 * time.Second)
	if res := w.send(request("GET", late, nil)); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a code after a minute: %d", res.StatusCode)
	}
	for _, to := range []string{"//evil.example", `/\evil.example`, "/\t/evil.example", "/\n/evil.example"} {
		u, _ := url.Parse(path())
		r := request("GET", "/", nil)
		r.URL = &url.URL{Path: to, RawQuery: u.RawQuery}
		if res := w.send(r); strings.HasPrefix(res.Header.Get("Location"), "//") || strings.ContainsAny(res.Header.Get("Location"), "\\\t\r\n") {
			t.Errorf("a code for %s leads to %s", to, res.Header.Get("Location"))
		}
	}
	cross := request("GET", path(), nil)
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	if res := w.send(cross); res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 || !strings.Contains(text(t, res), `http-equiv="refresh"`) {
		t.Errorf("a code that a file leads to: %d", res.StatusCode)
	}
}

// TestSessionsAreApart: neither a cookie nor a token can be used elsewhere.
func TestSessionsAreApart(t *testing.T) {
	t.Parallel()
	a, b := newWorld(t, nil), newWorld(t, nil)
	mine, other := a.signIn(), b.signIn()
	if mine.Name == other.Name {
		t.Error("two servers have one cookie name: cookies cross ports")
	}
	moved := &http.Cookie{Name: mine.Name, Value: other.Value} //nolint:gosec // it is what an attacker sends
	if res := a.send(request("GET", "/", nil), other, moved); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("another server's cookie: %d", res.StatusCode)
	}
	second := a.signIn()
	if res := a.send(request("POST", "/ask/run?of=fx-rates", runForm(a.token(second))), mine); res.StatusCode != http.StatusForbidden || len(a.door.asked) > 0 {
		t.Errorf("another session's token: %d", res.StatusCode)
	}
	a.pass(13 * time.Hour)
	if res := a.send(request("GET", "/", nil), mine); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a session that was not used for half a day: %d", res.StatusCode)
	}
}

func TestAnnounce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 3 {
		w.send(request("POST", "/code", url.Values{}))
	}
	if len(w.announced) != 1 {
		t.Errorf("%d addresses were written for three strangers at once", len(w.announced))
	}
	if res := w.send(request("GET", "/?code=x", nil)); strings.Contains(text(t, res), w.announced[0]) {
		t.Error("a stranger's page has the address")
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*console.Config){
		"by flag": func(c *console.Config) { c.ReadOnly = true },
		"by credentials": func(c *console.Config) {
			c.Plane.May = func(context.Context) error { return port.ErrRefused }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			writer := newWorld(t, nil)
			if body := text(t, writer.send(request("GET", "/jobs/fx-rates", nil), writer.signIn())); !strings.Contains(body, "Run now") {
				t.Fatal("who may ask sees no button")
			}
			w := newWorld(t, change)
			c := w.signIn()
			for _, path := range []string{"/", "/jobs", "/jobs/fx-rates", "/history", "/ask/run?of=fx-rates"} {
				body := text(t, w.send(request("GET", path, nil), c))
				if strings.Contains(body, `<form method="post"`) || strings.Contains(body, `class="button" href="/ask`) || strings.Contains(body, "Pause all") {
					t.Errorf("%s has buttons", path)
				}
			}
			// Someone who has the token all the same is refused.
			res := w.send(request("POST", "/ask/run?of=fx-rates", runForm(console.Token(w.Server, c))), c)
			if body := text(t, res); res.StatusCode != http.StatusForbidden || len(w.door.asked) > 0 || !strings.Contains(body, "nothing was changed") {
				t.Errorf("a form: %d, asked %d:\n%s", res.StatusCode, len(w.door.asked), body)
			}
		})
	}
}

func TestAllowHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *console.Config) { c.AllowHosts = []string{"bastion.internal"} })
	c := w.signIn()
	for name, want := range map[string]int{"bastion.internal:8080": 200, "BASTION.internal": 200, "localhost:8765": 200, "[::1]:1": 200, "other.internal": 403} {
		r := request("GET", "/", nil)
		r.Host = name
		if res := w.send(r, c); res.StatusCode != want {
			t.Errorf("host %s: %d, want %d", name, res.StatusCode, want)
		}
	}
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.signIn()
	form := runForm(w.token(c))
	form.Set("args", strings.Repeat("x", 70_000))
	if res := w.send(request("POST", "/ask/run?of=fx-rates", form), c); res.StatusCode != http.StatusBadRequest || len(w.door.asked) > 0 {
		t.Errorf("a form of 70 KB: %d", res.StatusCode)
	}
}

// TestLeaks: a code is useless to anyone who learns of it later, and is told to nobody else.
func TestLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	address, err := url.Parse(w.Address())
	if err != nil {
		t.Fatal(err)
	}
	first := w.send(request("GET", address.RequestURI(), nil))
	if to := first.Header.Get("Location"); strings.Contains(to, "code") || first.Header.Get("Cache-Control") != "no-store" || first.Header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("the answer to a code: to %q, %v", to, first.Header)
	}
	mine := first.Cookies()[0]
	// Someone reads the address in a history, a log or a Referer and replays it, with and without
	// a made-up cookie.
	stolen := request("GET", address.RequestURI(), nil)
	stolen.Header.Set("Referer", "http://"+host+address.RequestURI())
	forged := &http.Cookie{Name: mine.Name, Value: strings.Repeat("a", len(mine.Value))} //nolint:gosec // it is what an attacker sends
	for _, cookies := range [][]*http.Cookie{nil, {forged}} {
		if res := w.send(stolen.Clone(t.Context()), cookies...); res.StatusCode != http.StatusUnauthorized || len(res.Cookies()) > 0 {
			t.Errorf("a code again: %d", res.StatusCode)
		}
	}
	// The cookie of a server on another port comes together with ours, and before it.
	if res := w.send(request("GET", "/", nil), forged, &http.Cookie{Name: "session", Value: "x"}, mine); res.StatusCode != http.StatusOK { //nolint:gosec // the same
		t.Errorf("with cookies of other ports beside it: %d", res.StatusCode)
	}
}
