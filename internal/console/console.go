// Package console is the pages that people look at: what ran, what failed, what did not run, what
// comes next and why, and the button that fixes it. Its pages are functions of view models. It
// reads and asks through a plane, and stores nothing.
//
// What it shows comes from outside. Templates escape it, and no answer contains a character that
// could control a terminal or reverse text.
package console

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
)

// Config says what a Server shows, and to whom.
type Config struct {
	Plane *plane.Plane
	// Base is the address by which people reach it, without a path.
	Base string
	// Others are the pages of other stacks, served beside these.
	Others []Other
	// AllowHosts are names that the server has in addition to those of the loopback.
	AllowHosts []string
	// ReadOnly refuses all requests for changes.
	ReadOnly bool
	// User is who asks, if the plane does not say.
	User string
	// Zone is the viewer's zone; ZoneName is its name for people.
	Zone     *time.Location
	ZoneName string
	// Command returns how a person types a subcommand for the same stack or state.
	Command func(subcommand string) string
	// Announce writes an address with a code where only its owner can read it. Nil means that
	// there is no such place.
	Announce func(address string)
	// Now returns the time; nil means the machine's.
	Now func() time.Time
	Log *slog.Logger
}

// Other says where the pages of another stack are.
type Other struct{ Name, Base string }

// Server serves the pages of one control plane.
type Server struct {
	cfg      Config
	sessions *sessions
	pages    map[string]*template.Template
	assets   http.Handler
	handler  http.Handler
	sorry    []byte // the page that needs no template
	watch    *watcher
	memo     *memo
	plans    *memo
	forms    forms

	asksOnce sync.Mutex
	asks     string // why nothing may be asked for, once known
	asksAt   time.Time
}

// New makes a Server.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone, cfg.ZoneName = time.UTC, "UTC"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Command == nil {
		cfg.Command = func(sub string) string { return "batchplane " + sub }
	}
	cfg.Plane = remembering(cfg.Plane)
	s := &Server{cfg: cfg, sessions: newSessions(cfg.Now), assets: newAssets(), pages: parsePages()}
	s.watch = newWatcher(cfg.Plane)
	s.memo, s.plans = newMemo(s.watch), newPlanMemo(s.watch)
	s.sorry = s.fallback()
	s.handler = s.guarded(s.routes())
	return s
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, page := range map[string]page{
		"GET /{$}":               s.overview,
		"GET /timeline":          s.timeline,
		"GET /jobs":              s.jobs,
		"GET /jobs/{job}":        s.job,
		"GET /runs/{job}/{slot}": s.run,
		"GET /history":           s.history,
		"GET /schedule":          s.schedule,
		"GET /problems":          s.problems,
		"GET /problems/check":    s.problemsChecked,
		"GET /ask/{what}":        s.form,
		"POST /ask/{what}":       s.asked,
	} {
		mux.Handle(pattern, s.page(page))
	}
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusNotFound, "there is no such page", "The overview leads to all there are.")
	})
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Address returns an address with a new code. It opens the pages once, within a minute.
func (s *Server) Address() string { return s.cfg.Base + "/?code=" + url.QueryEscape(s.sessions.code()) }

// mayFor is how long the server remembers whether the credentials may ask for changes.
const mayFor = time.Minute

// readOnly says why nothing may be asked for, or returns "" if requests are allowed.
func (s *Server) readOnly(ctx context.Context) string {
	if s.cfg.ReadOnly {
		return "this server was started with --read-only"
	}
	p := s.cfg.Plane
	if p.May == nil {
		return ""
	}
	s.asksOnce.Lock()
	defer s.asksOnce.Unlock()
	if now := s.cfg.Now(); s.asksAt.IsZero() || now.Sub(s.asksAt) > mayFor {
		err := p.May(ctx)
		if err != nil && ctx.Err() != nil { // the browser left: that says nothing about the next request
			return s.cfg.Plane.Explained(err).Error()
		}
		s.asks, s.asksAt = "", now
		if err != nil {
			s.asks = s.cfg.Plane.Explained(err).Error()
		}
	}
	return s.asks
}
