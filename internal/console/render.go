package console

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/view"
)

//go:embed pages/*.html
var pageFiles embed.FS

// names lists the pages; each is a set of templates of its own.
var names = []string{"overview", "timeline", "jobs", "job", "run", "history", "schedule", "problems", "ask", "sorry", "stranger", "welcome"}

var functions = template.FuncMap{
	"look": func(v any) Look {
		if c, ok := v.(view.Class); ok {
			return LookOfClass(c)
		}
		s, _ := v.(view.State)
		return LookOf(s)
	},
	"shape": shapeOf, "needLook": needLook,
	"shapes": func() []Shape { return shapes },
	"took":   tookOf,
	"middle": middle, "cut": cut,
	"asset":   func(name string) string { return assetNames[name] },
	"count":   job.Counted,
	"trigger": view.TriggerWords,
	"sends":   view.SendWords,
	"pause":   view.PauseWords,
	"told":    view.ToldWords,
	"owed":    view.OwedWords,
	"kept":    keptWords,
	"join":    strings.Join,
	"pageOf":  func(n int) int { return max(n, 1) }, "pageAfter": func(n int) int { return max(n, 1) + 1 }, "pageBefore": func(n int) int { return n - 1 },
	"num": func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) },
}

func parsePages() map[string]*template.Template {
	pages := map[string]*template.Template{}
	for _, name := range names {
		pages[name] = template.Must(template.New("layout.html").Funcs(functions).ParseFS(pageFiles, "pages/layout.html", "pages/parts.html", "pages/"+name+".html"))
	}
	return pages
}

// rendered is a page to lay out.
type rendered struct {
	name string
	data any
	code int
}

// page answers a request with a page to lay out.
type page func(r *http.Request, q Query) (rendered, error)

// made makes the page. A fault of this program is an error, for which there is a page, too.
func (p page) made(r *http.Request, q Query) (out rendered, err error) {
	defer panics.Recover(&err)
	return p(r, q)
}

func (s *Server) page(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Longer than the page has, so that whoever waited in vain is told so. Not every writer has one.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime + streamWrite))
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), begunKey, time.Now()), answerTime)
		defer cancel()
		r = r.WithContext(ctx)
		q, err := ParseQuery(r.URL.Query())
		if err != nil {
			s.refuse(w, r, http.StatusBadRequest, err.Error(), "Correct that part of the address, or remove it.")
			return
		}
		if fixed, changed := q.Fixed(s.cfg.Zone); changed && r.Method == http.MethodGet {
			http.Redirect(w, r, address(r.URL.Path, fixed.Values(), nil), http.StatusSeeOther) //nolint:gosec // a path that the mux serves, on this server
			return
		}
		out, err := p.made(r, q)
		if err != nil {
			s.failed(w, r, err)
			return
		}
		s.render(w, r, out)
	})
}

// render lays a page out and sends it as a whole. If that fails, it sends the page that needs no
// template.
func (s *Server) render(w http.ResponseWriter, r *http.Request, out rendered) {
	var b bytes.Buffer
	if err := s.pages[out.name].Execute(&b, out.data); err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "a page was not laid out", "page", out.name, "error", err)
		s.write(w, http.StatusInternalServerError, s.sorry)
		return
	}
	s.write(w, cmp.Or(out.code, http.StatusOK), []byte(notice.PrintableText(b.String())))
}

func (s *Server) write(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that has left needs no answer
}

// sorry is a page that says what was not done, and what to do next.
type sorry struct {
	Frame
	What, Next string
}

// failed answers with an error from the plane.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	var ref *plane.RefError
	switch {
	case errors.Is(err, panics.ErrPanicked):
		s.cfg.Log.ErrorContext(r.Context(), "a page cannot be shown", "path", r.URL.Path, "error", err)
		s.write(w, http.StatusInternalServerError, s.sorry)
	case errors.Is(err, port.ErrNotFound):
		s.refuse(w, r, http.StatusNotFound, "there is no such job or run", "It may have been removed, or be older than runs are kept.")
	case errors.As(err, &ref):
		s.refuse(w, r, http.StatusBadRequest, err.Error(), "")
	case errors.Is(err, context.DeadlineExceeded):
		s.refuse(w, r, http.StatusGatewayTimeout, "the control plane did not answer in time", "Load the page again, or look at less at once.")
	default:
		s.cfg.Log.WarnContext(r.Context(), "a page could not be read", "path", r.URL.Path, "error", err)
		s.refuse(w, r, http.StatusBadGateway, s.cfg.Plane.Explained(err).Error(), "Nothing was changed. Load the page again.")
	}
}

// refuse answers with a page that says why the request was refused.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, code int, what, next string) {
	s.render(w, r, rendered{"sorry", &sorry{Frame{Title: what, Stack: s.cfg.Plane.Name}, what, next}, code})
}

// stranger tells a visitor without a session how to get one.
func (s *Server) stranger(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, rendered{"stranger", &struct {
		Frame
		CanWrite bool
	}{Frame{Title: "Sign in"}, s.cfg.Announce != nil}, http.StatusUnauthorized})
}

// fallback returns the page that is sent if another cannot be laid out.
func (s *Server) fallback() []byte {
	var b bytes.Buffer
	if err := s.pages["sorry"].Execute(&b, &sorry{Frame: Frame{Title: "This page cannot be shown"}, What: "this page cannot be shown: a fault in batchplane", Next: "The command line shows the same; this server's log says more."}); err != nil {
		panic(err) // a fault of this program, which each start and test of the pages would meet
	}
	return b.Bytes()
}
