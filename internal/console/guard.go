package console

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Bounds of a request.
const (
	maxTarget  = 4 << 10
	maxHeader  = 16 << 10
	maxBody    = 64 << 10
	answerTime = 30 * time.Second
)

// policy allows a page its own style, script, pictures, requests and forms, and nothing else: no
// inline script or style, no frame, no other host.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers are set on every answer. Referrer-Policy is same-origin rather than no-referrer: with
// no-referrer, browsers send `Origin: null` with our own forms, which cannot be distinguished
// from a stranger's (Fetch standard, "append a request Origin header").
var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

// guarded is the single chain that every request goes through, in this order.
func (s *Server) guarded(pages http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, "another site sent this request, so it was not done", "Open this page yourself and try again.")
	}))
	h := s.writing(pages)
	h = s.signedIn(h)
	h = s.sites(h)
	h = origins.Handler(h)
	h = s.hosts(h)
	return s.bounded(h)
}

// bounded refuses requests that are too large, and sets the headers that every answer must have.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		switch {
		case len(r.RequestURI) > maxTarget:
			s.refuse(w, r, http.StatusRequestURITooLong, "the address is too long", "")
		case !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, r.Method):
			w.Header().Set("Allow", "GET, HEAD, POST")
			s.refuse(w, r, http.StatusMethodNotAllowed, "pages take only GET, HEAD and POST", "")
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			next.ServeHTTP(w, r)
		}
	})
}

// hosts admits requests for this server's names only. A stranger's page whose name resolves to
// this address uses another name.
func (s *Server) hosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r.Host) {
			s.refuse(w, r, http.StatusForbidden, "this server does not go by that name", "Open it as localhost, or start it with --allow-host and that name.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostForm matches a name or an address, IPv6 in brackets, with or without a port.
var hostForm = lazyregexp.New(`^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]+)?$`)

func (s *Server) allowed(host string) bool { return Named(host, s.cfg.AllowHosts...) }

// Named reports whether a request's Host is a name or address of the loopback, or one of the
// others, with or without a port.
func Named(host string, others ...string) bool {
	m := hostForm().FindStringSubmatch(host)
	if m == nil {
		return false
	}
	name := strings.ToLower(m[1] + m[2])
	if ip, err := netip.ParseAddr(name); err == nil && ip.IsLoopback() && ip.Zone() == "" {
		return true
	}
	return name == "localhost" || slices.ContainsFunc(others, func(h string) bool { return strings.EqualFold(strings.Trim(h, "[]"), name) })
}

// sites refuses what another site, or another port of this machine, makes a browser load from
// here. Following a link is fine (W3C, Fetch Metadata).
func (s *Server) sites(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		own := site == "" || site == "same-origin" || site == "none"
		link := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if !own && (!link || r.Method == http.MethodPost) {
			s.refuse(w, r, http.StatusForbidden, "another site sent this request", "")
			return
		}
		next.ServeHTTP(w, r)
	})
}

type contextKey int

// What a request's context holds: its session's token, and when its page began to be read.
const (
	tokenKey contextKey = iota
	begunKey
)

// signedIn admits requests with a session, and redeems codes.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := s.sessions.of(r)
		switch code := r.URL.Query().Get("code"); {
		case strings.HasPrefix(r.URL.Path, assetPath):
			s.assets.ServeHTTP(w, r)
		case r.Method == http.MethodPost && r.URL.Path == "/code":
			s.announce(w, r)
		case code != "" && r.Method == http.MethodGet:
			s.redeem(w, r, code, token)
		case token == "":
			s.stranger(w, r)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey, token)))
		}
	})
}

func (s *Server) redeem(w http.ResponseWriter, r *http.Request, code, token string) {
	c := s.sessions.redeem(code)
	if c == nil && token == "" {
		s.stranger(w, r)
		return
	}
	if c != nil {
		http.SetCookie(w, c)
	}
	q := r.URL.Query()
	q.Del("code")
	// Escaped, because browsers drop tabs and line breaks: of /%09/host they would make //host.
	to := "/" + strings.TrimLeft(r.URL.EscapedPath(), "/\\")
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		// If we redirected from here, a browser would not send the cookie: the navigation began
		// elsewhere, and the cookie is SameSite=Strict. A page of ours begins a new navigation.
		s.render(w, r, rendered{"welcome", &welcome{Frame{Title: "Signed in"}, to}, 0})
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // it begins with one slash: the path is of this server
}

// welcome is a page that leads on to the others.
type welcome struct {
	Frame
	To string
}

// announce has a new address written where this server writes, so that only someone who reads
// there gets it.
func (s *Server) announce(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Announce != nil && s.sessions.mayAnnounce() {
		s.cfg.Announce(s.Address())
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// writing admits POSTs that carry their session's token, if requests are allowed at all.
func (s *Server) writing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		if err := r.ParseForm(); err != nil {
			s.refuse(w, r, http.StatusBadRequest, "the form cannot be read, or is too large", "Go back and send it again.")
			return
		}
		if !same(r.PostForm.Get("token"), tokenOf(r)) {
			s.refuse(w, r, http.StatusForbidden, "the form belongs to another session", "Go back, reload the page and send it again.")
			return
		}
		if why := s.readOnly(r.Context()); why != "" {
			s.refuse(w, r, http.StatusForbidden, "nothing was changed: "+why, "")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func tokenOf(r *http.Request) string {
	token, _ := r.Context().Value(tokenKey).(string)
	return token
}
