package console

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// ask is a page that says what a request will do, asks for it, and shows the answer.
type ask struct {
	Frame
	What string
	// Says lists what will happen, one sentence each. Warns lists what a person should know
	// before. Older says that the control plane may not yet know what the form asks for.
	Says, Warns []string
	Older       string
	Button      string
	// Job is the job that it is about, "*" for all jobs. Run is the run that it is about.
	Job  string
	Run  run.ID
	Back string
	// Request makes a repeated form the same request.
	Request string
	// Attempts is how many attempts the run has of which the form says whether a retry is safe.
	Attempts int
	// Reason, Until, Args and Confirm say which fields the form has.
	Reason, Until, Args bool
	Confirm             string // what must be typed
	Inputs              []input
	Candidates          []plane.Candidate
	// Given holds the values as they were sent.
	Given   url.Values
	Problem string
	Answers []answer
}

// input is an input of the job, shown as a field.
type input struct {
	Name, Value string
	job.Input
}

// Same is the form's own address, which also says what it is about.
func (a *ask) Same(pairs ...string) string {
	return a.Frame.Same(append([]string{"run", string(a.Run), "of", a.Job}, pairs...)...)
}

// UntilZone names the zone in which the end of a pause is read.
func (a *ask) UntilZone() string {
	if a.Query.Zone == ZoneJob && a.Job != job.All {
		return a.zoneOf([]string{a.Job}).String()
	}
	return a.OwnZone()
}

// verb is something that can be asked for.
type verb struct {
	// prepare fills the page; it may read.
	prepare func(ctx context.Context, s *Server, a *ask) error
	// request makes the request from a form.
	request func(a *ask) (entry.Request, error)
}

var verbs = map[string]verb{
	"run": {prepareRun, func(a *ask) (entry.Request, error) {
		inputs := map[string]string{}
		for _, i := range a.Inputs {
			if v := a.Given.Get("input-" + i.Name); v != i.Default {
				inputs[i.Name] = v
			}
		}
		return entry.Request{Run: &port.RunRequest{Job: a.Job, RequestID: a.Request, Inputs: inputs, Args: lines(a.Given.Get("args")), Force: a.Given.Get("force") != ""}}, nil
	}},
	"retry": {prepareRetry, func(a *ask) (entry.Request, error) {
		seen, err := strconv.Atoi(a.Given.Get("attempts"))
		if err != nil {
			return entry.Request{}, errors.New("the form does not say how many attempts it was about: load it again")
		}
		return entry.Request{Retry: &port.RetryRequest{Run: a.Run, RequestID: a.Request, Same: a.Given.Get("same") != "", Force: a.Given.Get("force") != "", Attempts: &seen, Reason: a.Given.Get("reason")}}, nil
	}},
	"stop": {prepareStop, func(a *ask) (entry.Request, error) {
		return entry.Request{Stop: &port.StopRequest{Run: a.Run, Reason: a.Given.Get("reason")}}, nil
	}},
	"pause": {preparePause, func(a *ask) (entry.Request, error) {
		until, err := plane.ParseUntil(strings.TrimSpace(a.Given.Get("until")), a.zoneOf([]string{a.Job}), a.Now)
		return entry.Request{Pause: &port.PauseRequest{Job: a.Job, Until: until, Reason: a.Given.Get("reason")}}, err
	}},
	"resume": {prepareResume, func(a *ask) (entry.Request, error) {
		return entry.Request{Resume: &port.ResumeRequest{Job: a.Job}}, nil
	}},
	"skip-next": {prepareSkip, func(a *ask) (entry.Request, error) {
		return entry.Request{Skip: &port.SkipRequest{Job: a.Job, Reason: a.Given.Get("reason")}}, nil
	}},
	"retry-all": {prepareRetryAll, nil},
}

// prepare returns the page for what an address asks for.
func (s *Server) prepare(r *http.Request, q Query) (*ask, verb, error) {
	what := r.PathValue("what")
	v, ok := verbs[what]
	if !ok {
		return nil, v, port.ErrNotFound
	}
	a := &ask{Frame: s.frame(r, q, "", ""), What: what, Given: url.Values{}, Request: "page-" + rand.Text()}
	a.Events, a.Older = "", s.cfg.Plane.Older()
	a.Run = run.ID(r.URL.Query().Get("run"))
	a.Job = r.URL.Query().Get("of")
	if a.Run != "" {
		if err := runID(string(a.Run)); err != nil {
			return nil, v, port.ErrNotFound
		}
		a.Job = a.Run.Job()
	}
	a.Back = a.Href("/jobs/" + a.Job)
	switch {
	case a.Run != "":
		a.Back = a.Href("/runs/" + string(a.Run))
	case a.Job == job.All || a.Job == "":
		a.Back = a.Href("/")
	case !job.ValidName(a.Job):
		return nil, v, port.ErrNotFound
	}
	err := v.prepare(r.Context(), s, a)
	return a, v, err
}

func (s *Server) form(r *http.Request, q Query) (rendered, error) {
	a, _, err := s.prepare(r, q)
	return rendered{name: "ask", data: a}, err
}

// asked sends what a form asks for and shows the answer in the form's place.
func (s *Server) asked(r *http.Request, q Query) (rendered, error) {
	a, v, err := s.prepare(r, q)
	if err != nil {
		return rendered{}, err
	}
	a.Given = r.PostForm
	if id := a.Given.Get("request"); strings.HasPrefix(id, "page-") && len(id) < 64 {
		a.Request = id
	}
	if a.Problem = a.missing(); a.Problem != "" {
		return rendered{"ask", a, http.StatusUnprocessableEntity}, nil
	}
	if a.What == "retry-all" {
		return s.askMany(r.Context(), a)
	}
	request, wrong := v.request(a)
	if wrong != nil {
		a.Problem = wrong.Error()
		return rendered{"ask", a, http.StatusUnprocessableEntity}, nil //nolint:nilerr // the page says so, beside the form
	}
	a.Answers = []answer{s.once(r.Context(), a, request)}
	return rendered{name: "ask", data: a}, nil
}

// missing says what the form lacks.
func (a *ask) missing() string {
	switch {
	case a.Reason && strings.TrimSpace(a.Given.Get("reason")) == "":
		return "Say why: the reason is kept with the request."
	case utf8.RuneCountInString(a.Given.Get("reason")) > entry.MaxReason:
		return fmt.Sprintf("The reason is longer than %d characters.", entry.MaxReason)
	case a.Confirm != "" && strings.TrimSpace(a.Given.Get("confirm")) != a.Confirm:
		return fmt.Sprintf("Type %s to confirm.", a.Confirm)
	}
	return ""
}

// send sends a request to the control plane. An error is an answer, too: it is not known whether
// the request was carried out.
func (s *Server) send(ctx context.Context, r entry.Request) answer {
	p, by := s.cfg.Plane, s.cfg.User
	if p.Who != nil {
		var err error
		if by, err = p.Who(ctx); err != nil {
			return answer{Failed: s.cfg.Plane.Explained(err).Error()}
		}
	}
	reply, err := p.Door.Ask(ctx, r.By(by))
	s.memo.forget()
	s.plans.forget()
	switch {
	case errors.Is(err, plane.ErrNobody):
		return answer{Failed: err.Error() + ": start it, and ask again"}
	case err != nil:
		return answer{Failed: s.cfg.Plane.Explained(err).Error()}
	}
	return answer{Reply: reply}
}

// mostRetried is how many runs can be retried at once.
const mostRetried = 50

// askMany retries the chosen runs, as far as they are as the form showed them: of one that was
// retried since, what the form said about a retry may no longer hold.
func (s *Server) askMany(ctx context.Context, a *ask) (rendered, error) {
	chosen, reason := a.Given["run"], strings.TrimSpace(a.Given.Get("reason"))
	if a.Problem = a.lacking(chosen, reason); a.Problem != "" {
		return rendered{"ask", a, http.StatusUnprocessableEntity}, nil
	}
	for _, c := range a.Candidates {
		if slices.Contains(chosen, c.RequestID()) {
			request := c.Ask()
			request.Reason = reason
			a.Answers = append(a.Answers, s.send(ctx, entry.Request{Retry: &request}))
		}
	}
	if len(a.Answers) < len(chosen) {
		a.Problem = fmt.Sprintf("Of those chosen, %s no longer needed a retry or was retried in the meantime: the list was reloaded.", job.Counted(len(chosen)-len(a.Answers), "run"))
	}
	return rendered{name: "ask", data: a}, nil
}

// lacking says what keeps the chosen runs from being retried, or is "" if nothing does.
func (a *ask) lacking(chosen []string, reason string) string {
	switch {
	case len(chosen) == 0:
		return "Choose at least one run."
	case len(chosen) > mostRetried:
		return fmt.Sprintf("%d runs are chosen; at most %d can be retried at once.", len(chosen), mostRetried)
	}
	for _, c := range a.Candidates {
		if reason == "" && c.Retry.Safety == run.RetryUnsafe && slices.Contains(chosen, c.RequestID()) {
			return fmt.Sprintf("Say why: a retry of %s may do work twice.", c.Run.ID)
		}
	}
	return ""
}

func lines(text string) (out []string) {
	for _, l := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}

func inputsOf(j job.Job) (out []input) {
	for _, name := range slices.Sorted(maps.Keys(j.Inputs)) {
		out = append(out, input{Name: name, Value: j.Inputs[name].Default, Input: j.Inputs[name]})
	}
	return out
}

// Value returns a field as it was sent, or otherwise if it was not.
func (a *ask) Value(name, otherwise string) string {
	if a.Given.Has(name) {
		return a.Given.Get(name)
	}
	return otherwise
}

// Ticked reports whether a run is chosen. By default, the safe ones are.
func (a *ask) Ticked(c plane.Candidate) bool {
	if a.Given.Has("request") {
		return slices.Contains(a.Given["run"], c.RequestID())
	}
	return c.Retry.Safety == run.RetrySafe
}

// Who names the job, or all jobs.
func (a *ask) Who() string { return cmp.Or(map[string]string{job.All: "all jobs"}[a.Job], a.Job) }
