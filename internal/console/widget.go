package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/lazyregexp"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Widget is what a CloudWatch dashboard shows of a stack: what needs attention, what runs and
// what comes next, and the last failures, each with the button that retries it. CloudWatch calls
// the widget, and what its buttons call, with the viewer's own permissions (Amazon CloudWatch
// user guide, "Using custom widgets").
type Widget struct {
	Plane *plane.Plane
	// Door is the ARN that the buttons call: the people's door.
	Door string
	// Now returns the time; nil means the machine's.
	Now func() time.Time
	Log *slog.Logger
}

// Bounds of the widget, which is read anew on every refresh of the dashboard.
const (
	mostNeeds    = 10
	mostFailures = 10
	failuresOf   = 7 * 24 * time.Hour
)

// WidgetHelp is what CloudWatch shows if somebody asks for the widget's documentation.
const WidgetHelp = "Shows what needs attention, what runs, what comes in the next hour and the last failures of a batchplane stack. It takes no parameters. *Retry* asks the stack's people's door with your own permissions."

// widgetCall is the input with which CloudWatch calls.
type widgetCall struct {
	Describe bool `json:"describe"`
	Context  struct {
		Dashboard string `json:"dashboardName"`
		Theme     string `json:"theme"`
		Zone      struct {
			// Offset is written like +02:00, with the sign that people use.
			Offset string `json:"offsetISO"`
		} `json:"timezone"`
	} `json:"widgetContext"`
}

// widget is the data for its template.
type widget struct {
	*overview
	Style     template.CSS
	Dark      bool
	Failed    string
	MoreNeeds int
	Failures  []failure
	door      string
	by        string
	retries   map[run.ID]plane.Candidate
	fields    int // that have a name so far
}

// failure is a run that failed or was missed.
type failure struct {
	Row view.Row
	At  time.Time
}

// Answer returns the answer to a call from CloudWatch: HTML, or a Markdown text that explains the
// widget. The answer says what could not be read.
func (w *Widget) Answer(ctx context.Context, call []byte) (string, error) {
	var in widgetCall
	if err := json.Unmarshal(call, &in); err != nil {
		return "", fmt.Errorf("reading the call of the widget: %w", err)
	}
	if in.Describe {
		return WidgetHelp, nil
	}
	d := w.data(in)
	if err := w.read(ctx, d); err != nil {
		w.Log.ErrorContext(ctx, "the widget cannot be read", "why", err.Error())
		d.Failed = err.Error()
	}
	var b bytes.Buffer
	if err := widgetPage().ExecuteTemplate(&b, "widget", d); err != nil {
		return "", fmt.Errorf("laying out the widget: %w", err)
	}
	return notice.PrintableText(b.String()), nil
}

func (w *Widget) data(in widgetCall) *widget {
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	zone, name := offsetZone(in.Context.Zone.Offset)
	f := Frame{Stack: w.Plane.Name, Standby: w.Plane.Stack.Standby, Now: now(), zone: zone, zoneName: name, zones: map[string]*time.Location{}}
	by := "a viewer of a dashboard"
	if dashboardName().MatchString(in.Context.Dashboard) {
		by = "a viewer of the dashboard " + in.Context.Dashboard
	}
	return &widget{
		overview: &overview{Frame: f}, Style: widgetStyle(), Dark: in.Context.Theme == "dark", door: w.Door, by: by, retries: map[run.ID]plane.Candidate{},
	}
}

// dashboardName matches a dashboard's name (Amazon CloudWatch API reference, PutDashboard).
var dashboardName = lazyregexp.New(`^[A-Za-z0-9_-]{1,255}$`)

// offsetZone returns the zone of an offset such as +02:00, or UTC if it is not one.
func offsetZone(offset string) (*time.Location, string) {
	t, err := time.Parse("-07:00", offset)
	if err != nil {
		return time.UTC, "UTC"
	}
	if _, seconds := t.Zone(); seconds != 0 {
		return t.Location(), "UTC" + offset
	}
	return time.UTC, "UTC"
}

// read reads what the widget shows.
func (w *Widget) read(ctx context.Context, d *widget) error {
	p := w.Plane
	summaries, err := p.Jobs(ctx, plane.JobFilter{Brief: true})
	if err != nil {
		return err
	}
	open, err := p.OpenRuns(ctx, openAtMost)
	if err != nil {
		return err
	}
	missed, err := p.MissedRuns(ctx)
	if err != nil {
		return err
	}
	st, err := p.Status(ctx)
	if err != nil {
		d.Unread = append(d.Unread, "the state of the control plane: "+err.Error())
	}
	d.unseen(open, missed.Runs)
	d.unread(missed.Unread)
	d.fill(view.AttentionOf(summaries, open, missed.Runs, d.Now), summaries, open, nil, st)
	d.MoreNeeds = max(0, len(d.Needs)-mostNeeds)
	d.Needs = d.Needs[:min(len(d.Needs), mostNeeds)]
	page, err := p.History(ctx, plane.Filter{Statuses: []run.Status{run.Failed, run.Missed}, Since: d.Now.Add(-failuresOf)}, mostFailures)
	if err != nil {
		return err
	}
	for _, r := range page.Runs {
		f := failure{Row: view.RowOf(r, d.Now), At: r.FinishedAt}
		if f.At.IsZero() {
			f.At = r.ScheduledFor
		}
		d.Failures = append(d.Failures, f)
	}
	return w.retryable(ctx, d, page.Runs)
}

// retryable finds out for each run that gets a button whether a retry is safe.
func (w *Widget) retryable(ctx context.Context, d *widget, runs []run.Run) error {
	for _, n := range d.Needs {
		if n.Run == "" || slices.ContainsFunc(runs, func(r run.Run) bool { return r.ID == n.Run }) {
			continue
		}
		r, err := w.Plane.Run(ctx, n.Run)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}
	var hashes []string
	for _, r := range runs {
		hashes = append(hashes, r.Definition)
	}
	definitions, err := w.Plane.Definitions(ctx, hashes)
	if err != nil {
		return err
	}
	for _, r := range runs {
		d.retries[r.ID] = plane.Candidate{Run: r, Row: view.RowOf(r, d.Now), Retry: run.RetryOf(r.KnownFrom(w.Plane.Stack.NotBefore), definitions[r.Definition])}
	}
	return nil
}

// retry is a button: what it calls, what it asks first, and what it sends. Field is the name of
// the field beside it for the reason, or "" if no reason is needed.
type retry struct{ Door, Question, Request, Field string }

// Retry returns the button of a run, or nil if there is nothing to retry.
func (d *widget) Retry(id run.ID) (*retry, error) {
	c, ok := d.retries[id]
	if !ok || c.Retry.Safety == run.RetryOpen {
		return nil, nil //nolint:nilnil // a template asks, and no button is an answer
	}
	asks := c.Ask()
	request := entry.Request{Retry: &asks}.By(d.by)
	question := fmt.Sprintf("Retry %s? The same run gets a further attempt, with the newest definition of its job. ", id)
	switch c.Retry.Safety {
	case run.RetrySafe:
		question += "A retry is safe: "
	case run.RetryEnded:
		question += "Only you know whether its work may be done twice: "
	default:
		question += "A RETRY MAY DO WORK TWICE: "
		// CloudWatch sends all forms of a widget as one, and a run may have two buttons.
		d.fields++
		request.ReasonIn = fmt.Sprintf("reason-%d", d.fields)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("writing the request of a retry: %w", err)
	}
	return &retry{Door: d.door, Question: question + c.Retry.Why + ".", Request: string(body), Field: request.ReasonIn}, nil
}

// FailuresOf says how far back the widget looks for failures.
func (d *widget) FailuresOf() string { return Took(failuresOf, false) }

// MadeAt says when the widget was made.
func (d *widget) MadeAt() string { return d.Now.In(d.zone).Format("Mon 2 Jan 15:04:05") }

// widgetPage is the widget's template. Its icons are drawn inline because CloudWatch removes
// <use> (user guide, "Security and JavaScript").
var widgetPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("widget").Funcs(functions).ParseFS(pageFiles, "pages/parts.html", "pages/widget.html"))
})

// widgetStyle is the widget's own rules with the pages' colours. CloudWatch says which theme the
// viewer has, so a class selects the dark one.
var widgetStyle = sync.OnceValue(func() template.CSS {
	colours := strings.SplitN(string(embedded("style.css")), ":root {", 3)
	light, _, _ := strings.Cut(colours[1], "}")
	dark, _, _ := strings.Cut(colours[2], "}")
	return template.CSS(".bp {" + light + "}\n.bp.dark {" + dark + "}\n" + string(embedded("widget.css"))) //nolint:gosec // it is embedded
})
