package aws_test

import (
	"encoding/json"
	"encoding/xml"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// widgetContext is what a dashboard adds to every call (Amazon CloudWatch user guide, "Details
// about custom widgets").
const widgetContext = `{"dashboardName":"bp-test","widgetId":"widget-1","accountId":"000000000000","locale":"en","timezone":{"label":"UTC","offsetISO":"+00:00","offsetInMinutes":0},
"period":300,"isAutoPeriod":true,"timeRange":{"mode":"relative","start":1627236199729,"end":1627322599729,"relativeStart":86400012},"theme":"light","linkCharts":true,
"title":"bp-test","forms":{"all":{}},"params":{},"width":588,"height":369}`

// clicks calls a function as the dashboard does, with the viewer's own keys.
func (p terminal) clicks(t *testing.T, endpoint string, parameters map[string]any) (status int, answer string) {
	t.Helper()
	return p.clicksWith(t, endpoint, parameters, "{}")
}

// clicksWith also sends what was typed into the widget's forms.
func (p terminal) clicksWith(t *testing.T, endpoint string, parameters map[string]any, typed string) (status int, answer string) {
	t.Helper()
	parameters["widgetContext"] = json.RawMessage(strings.Replace(widgetContext, `"all":{}`, `"all":`+typed, 1))
	body, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	status, _, out := p.w.requestAs(t, p.keys, "lambda", http.MethodPost, "/2015-03-31/functions/"+url.PathEscape(endpoint)+"/invocations", nil, body)
	return status, string(out)
}

// onDashboard: a person who looks at the dashboard sees a failure. The button there asks with the
// viewer's own permissions.
func onDashboard(t *testing.T, w *world) {
	reader, operator := w.person(t, "dana", "ReaderPolicy"), w.person(t, "dirk", "OperatorPolicy")
	w.set(func() { w.scripts["on-board"] = localecs.Script{For: time.Second, ExitCode: 3} })
	input, id := w.scheduled(t, aJob("on-board"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	w.logs(t, `"RunsFailed":1`)
	w.logs(t, `"LaunchLag":`)

	door, request := retryOn(t, reader, w.widget(t), id)
	if door != w.resource["People"] {
		t.Errorf("the button calls %s", door)
	}
	if status, answer := reader.clicks(t, door, request); status != http.StatusForbidden {
		t.Errorf("a reader's click is answered %d: %s", status, answer)
	}
	w.set(func() { delete(w.scripts, "on-board") })
	if status, answer := operator.clicks(t, door, request); status != http.StatusOK || !strings.Contains(answer, `"accepted"`) {
		t.Errorf("an operator's click is answered %d: %s", status, answer)
	}
	if r := w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 2 {
		t.Errorf("attempts %+v", r.Attempts)
	}
	if status, answer := operator.clicks(t, door, request); status != http.StatusOK || !strings.Contains(answer, `"duplicate"`) {
		t.Errorf("a second click is answered %d: %s", status, answer)
	}
	as, err := w.store.Asked(t.Context(), port.AskedQuery{Job: "on-board"})
	if err != nil || len(as) == 0 || as[0].By != "a viewer of the dashboard bp-test" || as[0].Door != "people" || strings.Contains(string(as[0].Request), "widget-1") {
		t.Errorf("kept %+v, %v", as, err)
	}
}

// onDashboardUnsafe: a retry that may do work twice happens only after somebody has typed the
// reason beside its button.
func onDashboardUnsafe(t *testing.T, w *world) {
	operator := w.person(t, "dora-board", "OperatorPolicy")
	w.set(func() { w.scripts["on-board-cut"] = localecs.Script{For: -1} })
	j := aJob("on-board-cut")
	j.Timeout = job.Duration(2 * time.Second)
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	w.set(func() { delete(w.scripts, "on-board-cut") })

	door, request := retryOn(t, operator, w.widget(t), id)
	field, _ := request["reasonIn"].(string)
	if status, answer := operator.clicks(t, door, request); field == "" || status != http.StatusOK || !strings.Contains(answer, `"refused"`) || !strings.Contains(answer, "give a reason") {
		t.Errorf("without a reason in %q the click is answered %d: %s", field, status, answer)
	}
	if status, answer := operator.clicksWith(t, door, request, `{"`+field+`":"the table is back"}`); status != http.StatusOK || !strings.Contains(answer, `"accepted"`) {
		t.Errorf("with a reason the click is answered %d: %s", status, answer)
	}
	r := w.await(t, id, run.Succeeded, soon)
	if last := r.Triggers[len(r.Triggers)-1]; len(r.Attempts) != 2 || last.Reason != "the table is back" {
		t.Errorf("attempts %+v, asked for by %+v", r.Attempts, last)
	}
}

// widget returns the function that the stack's dashboard calls.
func (w *world) widget(t *testing.T) string {
	t.Helper()
	var found struct {
		Body string `xml:"GetDashboardResult>DashboardBody"`
	}
	if err := xml.Unmarshal(w.query(t, "monitoring", "Action=GetDashboard&Version=2010-08-01&DashboardName="+w.name), &found); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Widgets []struct {
			Type       string
			Properties struct{ Endpoint string }
		}
	}
	if err := json.Unmarshal([]byte(found.Body), &body); err != nil || len(body.Widgets) == 0 || body.Widgets[0].Type != "custom" {
		t.Fatalf("the dashboard is %s: %v", found.Body, err)
	}
	return body.Widgets[0].Properties.Endpoint
}

// retryOn returns what the button of a run calls, and with what. A widget that could not read the
// table in time says so and asks its viewer to refresh it.
func retryOn(t *testing.T, viewer terminal, widget string, id run.ID) (door string, request map[string]any) {
	t.Helper()
	button := regexp.MustCompile(`<cwdb-action action="call" display="popup" endpoint="([^"]+)" confirmation="Retry ` + regexp.QuoteMeta(string(id)) + `\? [^"]+">([^<]+)</cwdb-action>`)
	within(t, soon, "the widget has a button for "+string(id), func() bool {
		status, answer := viewer.clicks(t, widget, map[string]any{})
		var page string
		if err := json.Unmarshal([]byte(answer), &page); status != http.StatusOK || err != nil {
			t.Fatalf("the widget is answered %d: %s", status, answer)
		}
		m := button.FindStringSubmatch(page)
		if m == nil {
			if !strings.Contains(page, "refresh the widget") {
				t.Fatalf("the widget has no button for %s:\n%s", id, page)
			}
			return false
		}
		door = html.UnescapeString(m[1])
		if err := json.Unmarshal([]byte(html.UnescapeString(m[2])), &request); err != nil {
			t.Fatal(err)
		}
		return true
	})
	return door, request
}
