package console_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
	"github.com/batchplane/batchplane/test/golden"
)

const peoplesDoor = "arn:aws:lambda:eu-central-1:123456789012:function:prod-Trigger:people"

// dashboardCall is a call by CloudWatch (user guide, "Details about custom widgets").
const dashboardCall = `{"widgetContext":{"dashboardName":"prod","widgetId":"widget-1","accountId":"123456789012","locale":"en",
"timezone":{"label":"Local","offsetISO":"+01:00","offsetInMinutes":60},"period":300,"isAutoPeriod":true,
"timeRange":{"mode":"relative","start":1627236199729,"end":1627322599729,"relativeStart":86400012},
"theme":"dark","linkCharts":true,"title":"prod","forms":{"all":{}},"params":{},"width":588,"height":369}}`

func widgetOf(p *plane.Plane) *console.Widget {
	return &console.Widget{Plane: p, Door: peoplesDoor, Now: func() time.Time { return night }, Log: slog.New(slog.DiscardHandler)}
}

// TestWidget compares the widget of a seeded state with its golden file.
func TestWidget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	html, err := widgetOf(w.plane).Answer(t.Context(), []byte(dashboardCall))
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/widget.html", html)
	if n := cloudWatchTakes(t, html); n < 3 {
		t.Errorf("it has %d buttons", n)
	}
}

// TestWidgetEmpty: the widget says what there is none of, and still says what is wrong.
func TestWidgetEmpty(t *testing.T) {
	t.Parallel()
	store := &memory.Store{}
	p := &plane.Plane{Name: "prod", Reader: store, Now: func() time.Time { return night }}
	if html, err := widgetOf(p).Answer(t.Context(), []byte(`{"widgetContext":{}}`)); err != nil || !strings.Contains(html, "the control plane is not running: no job is started") || !strings.Contains(html, "There are no jobs yet") {
		t.Errorf("got %s, %v", html, err)
	}
	p.Inspect = func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil }
	if err := store.SetMark(t.Context(), port.MarkSweep, night); err != nil {
		t.Fatal(err)
	}
	html, err := widgetOf(p).Answer(t.Context(), []byte(`{"widgetContext":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := cloudWatchTakes(t, html); n != 0 || !strings.Contains(html, "Nothing is deployed yet") || !strings.Contains(html, "No run has failed or was missed in the last 7 d") || !strings.Contains(html, "times of UTC") {
		t.Errorf("got %s", html)
	}
}

// TestWidgetHostile: text from outside stays text.
func TestWidgetHostile(t *testing.T) {
	t.Parallel()
	store := &memory.Store{}
	j := job.Job{Name: "evil", TaskDefinition: "x"}
	code := int64(1)
	for _, change := range []port.Change{
		{Item: &job.Item{Name: "evil", Definition: j.Hash(), FailingSince: night.Add(-time.Hour)}},
		{Run: &run.Run{
			ID: "evil/20261124T0620Z", ScheduledFor: night.Add(-time.Hour), QueuedAt: night.Add(-time.Hour), FinishedAt: night.Add(-time.Hour), Status: run.Failed, ExitCode: &code,
			Cause:    "</td></table><script>x()</script><cwdb-action action=\"call\" endpoint=\"arn:evil\">{}</cwdb-action>\x1b[31m\u202e" + strings.Repeat("long ", 40),
			Attempts: []run.Attempt{{N: 1, TaskARN: "arn:1", Started: stop.Yes, Why: `"><iframe src=x onload=alert(1)>`}},
		}},
	} {
		if err := store.Commit(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	p := &plane.Plane{Name: "prod", Reader: store, Now: func() time.Time { return night }}
	html, err := widgetOf(p).Answer(t.Context(), []byte(`{"widgetContext":{"dashboardName":"<b>","timezone":{"offsetISO":"\"><script>"},"theme":"\"><script>"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := cloudWatchTakes(t, html); n != 2 || strings.Count(html, "<textarea") != 2 || strings.ContainsAny(html, "\x1b\u202e") {
		t.Errorf("%d buttons, each with a field for the reason, since a retry is not safe: %s", n, html)
	}
}

// TestWidgetAfterARestore: a run that ended before the stack's table knew all launches may have been
// retried since, so its button asks.
func TestWidgetAfterARestore(t *testing.T) {
	t.Parallel()
	store := &memory.Store{}
	ended := night.Add(-time.Hour)
	r := run.Run{ID: "a/20261124T0620Z", ScheduledFor: ended, QueuedAt: ended, FinishedAt: ended, Status: run.Failed, Attempts: []run.Attempt{{N: 1, Started: stop.No}}}
	if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	for notBefore, fields := range map[time.Time]int{{}: 0, ended: 0, night: 1} {
		p := &plane.Plane{Name: "prod", Reader: store, Now: func() time.Time { return night }}
		p.Stack.NotBefore = notBefore
		html, err := widgetOf(p).Answer(t.Context(), []byte(`{"widgetContext":{}}`))
		if n := strings.Count(html, "<textarea"); err != nil || n != fields {
			t.Errorf("not before %s: %d fields for a reason, %v", notBefore, n, err)
		}
	}
}

type away struct{ port.Reader }

func (away) Items(context.Context) ([]job.Item, error) { return nil, errors.New("<the table> is away") }

// TestWidgetCannotRead: a failed read never looks like an empty state.
func TestWidgetCannotRead(t *testing.T) {
	t.Parallel()
	html, err := widgetOf(&plane.Plane{Name: "prod", Reader: away{&memory.Store{}}}).Answer(t.Context(), []byte(`{}`))
	if err != nil || !strings.Contains(html, "Not read:") || !strings.Contains(html, "&lt;the table&gt; is away") || strings.Contains(html, "All is well") {
		t.Errorf("got %v, %s", err, html)
	}
	cloudWatchTakes(t, html)
	if text, err := widgetOf(nil).Answer(t.Context(), []byte(`{"describe":true}`)); err != nil || text != console.WidgetHelp {
		t.Errorf("its documentation: %v, %s", err, text)
	}
	if _, err := widgetOf(nil).Answer(t.Context(), []byte(`[]`)); err == nil {
		t.Error("what is no call is answered")
	}
}

// cloudWatchTakes checks that CloudWatch leaves the HTML as it is (user guide, "Security and
// JavaScript" and "Interactivity in the custom widget"): no script, no <iframe>, no <use>, and
// actions that act on the element just before them. It returns the number of buttons.
func cloudWatchTakes(t *testing.T, html string) (buttons int) {
	t.Helper()
	if len(html) > 64<<10 {
		t.Errorf("it has %d bytes", len(html))
	}
	elements := strings.Fields("a b br circle code cwdb-action div form h3 p path span style svg table tbody td textarea th thead time tr")
	attributes := strings.Fields("action aria-hidden aria-label class colspan confirmation cx cy d datetime display endpoint height maxlength name placeholder r rows title viewBox width")
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var before string // the element that was closed last
	fields := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return buttons
		}
		if err != nil {
			t.Fatalf("it is not well formed: %v in %s", err, html)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !slices.Contains(elements, e.Name.Local) {
				t.Errorf("it has the element %s", e.Name.Local)
			}
			given := map[string]string{}
			for _, a := range e.Attr {
				if given[a.Name.Local] = a.Value; !slices.Contains(attributes, a.Name.Local) {
					t.Errorf("%s has the attribute %s", e.Name.Local, a.Name.Local)
				}
			}
			if e.Name.Local == "textarea" {
				if name := given["name"]; name == "" || fields[name] {
					t.Errorf("a field is named %q, as another is", name)
				}
				fields[given["name"]] = true
			}
			if e.Name.Local == "cwdb-action" {
				buttons++
				var body string
				if err := d.DecodeElement(&body, &e); err != nil {
					t.Fatal(err)
				}
				button(t, before, given, body, fields)
			}
		case xml.EndElement:
			before = e.Name.Local
		case xml.CharData:
			before = ""
		}
	}
}

// button checks that a button asks before it acts, and that the people's door accepts what it
// sends together with what CloudWatch adds: for a retry that may do work twice, also the typed
// reason.
func button(t *testing.T, before string, given map[string]string, body string, fields map[string]bool) {
	t.Helper()
	if before != "a" || given["action"] != "call" || given["display"] != "popup" || given["endpoint"] != peoplesDoor || !strings.HasPrefix(given["confirmation"], "Retry ") {
		t.Errorf("after %q: %v", before, given)
	}
	var sent, context map[string]any
	if json.Unmarshal([]byte(body), &sent) != nil || json.Unmarshal([]byte(dashboardCall), &context) != nil {
		t.Fatalf("it sends %s", body)
	}
	sent["widgetContext"] = context["widgetContext"]
	why := ""
	if strings.Contains(given["confirmation"], "MAY DO WORK TWICE") {
		why = "the table is back"
		field, _ := sent["reasonIn"].(string)
		if !fields[field] {
			t.Errorf("its reason is in %q, and there is no such field before it", field)
		}
		in, _ := context["widgetContext"].(map[string]any)
		in["forms"] = map[string]any{"all": map[string]any{field: " the table\n is back ", "reason-0": "of another"}}
	}
	whole, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	r, err := entry.Parse(whole)
	if err != nil || r.Retry == nil || r.Retry.RequestID == "" || r.Retry.Force || r.Retry.Reason != why || !strings.HasPrefix(r.Retry.By, "a viewer of ") {
		t.Errorf("it sends %s: %+v, %v", body, r.Retry, err)
	}
}
