package aws_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/browser/driver"
)

// chromiumJobs is a jobs file. Its schedule is half a day away, so that no slot comes during the
// story.
func chromiumJobs(now time.Time) string {
	return fmt.Sprintf(`
project: chromium
defaults: {cluster: jobs, taskDefinition: job, network: {subnets: [subnet-1]}}
jobs:
  - {name: chromium-hello, command: [hello], inputs: {NAME: {description: Whom., default: world, pattern: "[a-z]+"}}}
  - {name: chromium-breaks, command: [break]}
  - {name: chromium-nightly, schedule: "%d %d * * *", command: [report]}
`, now.Minute(), (now.UTC().Hour()+12)%24)
}

// visitor is a person in Chromium, on the pages that their own `ui` serves.
type visitor struct {
	*driver.Tab
	w    *world
	base string
}

// inChromium opens the person's pages. It opens the browser first, because the code is valid for
// a minute.
func (p terminal) inChromium(t *testing.T) visitor {
	t.Helper()
	tab := driver.Open(t)
	address := p.serves(t)
	base, _, _ := strings.Cut(address, "/?")
	tab.SignIn(address)
	return visitor{tab, p.w, base}
}

// visit opens a page.
func (v visitor) visit(path string) {
	v.Helper()
	v.Visit(v.base + path)
}

// answered checks that the page shows what the control plane says.
func (v visitor) answered(outcome string, words ...string) {
	v.Helper()
	shown := v.Text()
	for _, word := range append(words, outcome) {
		if !strings.Contains(shown, word) {
			v.Errorf("the answer does not say %q:\n%s", word, shown)
		}
	}
}

// here returns the run whose page is open.
func (v visitor) here() (id run.ID) {
	v.Helper()
	v.Do("reading which run it is", chromedp.TextContent("h1.id", (*string)(&id), chromedp.ByQuery))
	return id
}

// item returns what the store has of a job.
func (v visitor) item(t *testing.T, name string) job.Item {
	t.Helper()
	item, err := v.w.store.Item(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// inBrowser: on the deployed stack, people look at every page in Chromium and ask for everything
// that can be asked for. Operators are answered, and readers have nothing to press.
func inBrowser(t *testing.T, w *world) {
	reader, operator := w.person(t, "cleo", "ReaderPolicy"), w.person(t, "carl", "OperatorPolicy")
	task := make(chan string, 2)
	w.set(func() {
		w.scripts["chromium-hello"] = localecs.Script{For: -1}
		w.scripts["chromium-breaks"] = localecs.Script{For: 100 * time.Millisecond, ExitCode: 3}
		w.hooks["chromium-hello/1"] = func(out http.ResponseWriter, r *http.Request, ecs http.Handler) {
			arn, answer := launched(out, r, ecs)
			w.log(t, arn, "hello, \x1b[31mred\x1b[0m <b>bold</b>")
			answer()
			task <- arn
		}
	})
	v := operator.inChromium(t)
	file := filepath.Join(t.TempDir(), "jobs.yaml")
	if err := os.WriteFile(file, []byte(chromiumJobs(time.Now())), 0o600); err != nil {
		t.Fatal(err)
	}
	terminal{w: w, keys: rootKeys}.must(t, "3 added", "apply", "-f", file, "--yes")
	w.sweepNow(t)
	within(t, soon, "a sweep has taken the jobs over", func() bool {
		w.sweepNow(t)
		_, err := w.store.Item(t.Context(), "chromium-nightly")
		return err == nil
	})

	id := v.runsAndStops(t, task)
	v.retries(t, id)
	v.pausesAndSkips(t)
	v.looks(t, id)
	v.Quiet()
	onlyReads(t, reader.inChromium(t), id)
}

// hostile is a text that must stay text.
const hostile = `"><script>document.title='taken'</script>{{.}}` + "\u202e\x1b[2J"

// runsAndStops: a run with an input, its output as it arrives, and its stop.
func (v visitor) runsAndStops(t *testing.T, task <-chan string) run.ID {
	t.Helper()
	v.visit("/jobs/chromium-hello")
	v.Follow("run now", `a[href^="/ask/run"]`, "form.fields")
	v.Press(map[string]string{"input-NAME": "NOT FOR IT"})
	v.answered("refused", "NAME")
	v.visit("/ask/run?of=chromium-hello")
	v.Press(map[string]string{"input-NAME": "chromium"})
	v.answered("accepted")
	v.ToRun()
	id := v.here()
	v.w.await(t, id, run.Running, soon)
	v.Until("the page says that ECS took it", driver.Shows("accepted by ECS"))
	if !slices.ContainsFunc(v.w.runner.Started(), func(c localecs.ContainerSpec) bool {
		return c.Env[port.EnvJob] == "chromium-hello" && c.Env["NAME"] == "chromium"
	}) {
		t.Error("no task got the input that was typed")
	}
	v.Until("its output is there", driver.Shows("<b>bold</b>"))
	v.w.writes(t, <-task, "a line that comes later")
	v.Until("its output goes on", driver.Shows("a line that comes later"))
	if strings.ContainsAny(v.Text(), "\x1b\u202e") {
		t.Error("the page has what could steer a terminal")
	}

	v.Follow("stop", `a[href^="/ask/stop"]`, "#reason")
	v.Do("without a reason", chromedp.Evaluate(`document.querySelector('#reason').required = false`, nil))
	v.Press(nil)
	v.answered("Say why")
	v.Press(map[string]string{"reason": hostile})
	v.answered("accepted")
	v.ToRun()
	r := v.w.await(t, id, run.Stopped, soon)
	if !strings.Contains(r.Cause, hostile) || !strings.Contains(r.Cause, "user/carl") {
		t.Errorf("it was stopped for %q", r.Cause)
	}
	v.Until("the page says that it was stopped, and why", `document.querySelector('#r-state .lead').innerText.includes('stopped') && `+driver.Shows(`"><script>document.title='taken'</script>{{.}}`))
	var title string
	v.Do("reading the title", chromedp.Title(&title))
	if strings.Contains(title, "taken") || strings.ContainsAny(v.Text(), "\x1b\u202e") {
		t.Errorf("the reason is more than a text: the title is %q", title)
	}
	return id
}

// retries: of a run that may do its work twice, with a name and a reason typed; and of many from
// a list.
func (v visitor) retries(t *testing.T, stopped run.ID) {
	t.Helper()
	v.w.set(func() { delete(v.w.scripts, "chromium-hello") })
	v.visit("/runs/" + string(stopped))
	v.Follow("retry", `a[href^="/ask/retry"]`, "#confirm")
	v.Press(map[string]string{"confirm": "chromium-hello", "reason": "the table is back"})
	v.answered("accepted")
	v.ToRun()
	r := v.w.await(t, stopped, run.Succeeded, soon)
	if last := r.Triggers[len(r.Triggers)-1]; len(r.Attempts) != 2 || last.Reason != "the table is back" || !strings.Contains(last.By, "user/carl") {
		t.Errorf("attempts %+v, asked for by %+v", r.Attempts, last)
	}
	v.Until("the page says that it succeeded", `document.querySelector('#r-state .lead').innerText.includes('succeeded')`)

	v.visit("/ask/run?of=chromium-breaks")
	v.Press(nil)
	v.answered("accepted")
	v.ToRun()
	id := v.here()
	v.w.await(t, id, run.Failed, soon)
	v.Until("the page says that it failed", driver.Shows("Only you know"))
	v.w.set(func() { delete(v.w.scripts, "chromium-breaks") })
	v.visit("/ask/retry-all?job=chromium-*")
	if n := v.Number("counting", `document.querySelectorAll('input[name=run]').length`); n != 1 {
		t.Errorf("%d runs are on the list:\n%s", n, v.Text())
	}
	v.Do("choosing it", chromedp.Click("input[name=run]", chromedp.ByQuery))
	v.Press(map[string]string{"reason": "the disk has room"})
	v.answered("accepted")
	v.ToRun()
	if r := v.w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 2 || r.Triggers[len(r.Triggers)-1].Reason != "the disk has room" {
		t.Errorf("attempts %+v, triggers %+v", r.Attempts, r.Triggers)
	}
	v.Until("the second attempt is there", driver.Shows("Attempt 2"))
}

// pausesAndSkips: a pause with a reason and an end, its end from a window in which no script
// runs, and the next slot.
func (v visitor) pausesAndSkips(t *testing.T) {
	t.Helper()
	const name = "chromium-nightly"
	v.visit("/jobs/" + name)
	v.Follow("pause", `a[href^="/ask/pause"]`, "#until")
	v.Press(map[string]string{"reason": "a table is restored", "until": "2h"})
	v.answered("accepted", name)
	now := time.Now()
	item := v.item(t, name)
	p := item.PausedAt(now)
	if p == nil || p.Reason != "a table is restored" || p.To.Before(now.Add(time.Hour)) || p.To.After(now.Add(2*time.Hour)) {
		t.Errorf("the store has the pause %+v", p)
	}
	v.visit("/jobs/" + name)
	v.Until("the page says so", driver.Shows("a table is restored"))

	plain := visitor{v.Second(), v.w, v.base}
	plain.Do("no script", emulation.SetScriptExecutionDisabled(true))
	plain.visit("/jobs/" + name)
	plain.Follow("resume", `a[href^="/ask/resume"]`, "form.fields")
	plain.Follow("without script", "main form.fields button", ".answer.s-ok")
	item = v.item(t, name)
	if p := item.PausedAt(time.Now()); p != nil {
		t.Errorf("it is still paused: %+v", p)
	}

	v.visit("/jobs/" + name)
	v.Follow("skip", `a[href^="/ask/skip-next"]`, "#reason")
	v.Press(map[string]string{"reason": "a holiday"})
	v.answered("accepted", "skipped")
	if s := v.item(t, name).SkipNext; s == nil || s.Reason != "a holiday" || !strings.Contains(s.By, "user/carl") {
		t.Errorf("the store has the skip %+v", s)
	}
	v.visit("/jobs/" + name)
	v.Until("the page says so", driver.Shows("skipped at the request of"))
	v.Follow("take it back", `a[href^="/ask/resume"]`, "form.fields")
	v.Press(nil)
	v.answered("accepted")
	if s := v.item(t, name).SkipNext; s != nil {
		t.Errorf("it is still skipped: %+v", s)
	}
}

// onStack lists the pages of a stack.
func onStack(id run.ID) []string {
	return []string{
		"/", "/timeline", "/timeline?span=7d&zone=job", "/jobs", "/jobs/chromium-nightly", "/runs/" + string(id), "/runs/" + string(id) + "?attempt=1",
		"/history?job=chromium-*", "/schedule", "/problems", "/problems/check",
	}
}

// looks: every page exists, is complete, and is as wide as its window.
func (v visitor) looks(t *testing.T, id run.ID) {
	t.Helper()
	for _, path := range onStack(id) {
		v.visit(path)
		v.Fits(path)
		if shown := v.Text(); strings.Contains(shown, "Not read:") || strings.Contains(shown, "Nothing can be changed here") {
			t.Errorf("%s shows an operator:\n%s", path, shown)
		}
	}
}

// onlyReads: a person who may only read sees the same pages, finds nothing to press, and is
// refused whatever a page sends.
func onlyReads(t *testing.T, v visitor, id run.ID) {
	t.Helper()
	for _, path := range append(onStack(id), "/ask/run?of=chromium-hello", "/ask/retry?run="+url.QueryEscape(string(id))) {
		v.visit(path)
		if n := v.Number("counting", `document.querySelectorAll('form[method=post], main a[href^="/ask/"]').length`); n > 0 {
			t.Errorf("%s has %d things to press for a reader", path, n)
		}
		if shown := v.Text(); !strings.Contains(shown, "Nothing can be changed here") {
			t.Errorf("%s does not say why there is nothing to press:\n%s", path, shown)
		}
	}
	before := v.w.tasks("chromium-hello")
	var status int
	v.Do("sending what a form would", chromedp.Evaluate(
		`fetch('/ask/run?of=chromium-hello', {method: 'POST', body: new URLSearchParams({request: 'page-cleo', 'input-NAME': 'cleo'})}).then(r => r.status)`, &status, driver.Awaited))
	if status != http.StatusForbidden {
		t.Errorf("what a reader sends is answered %d", status)
	}
	page, err := v.w.store.Asked(t.Context(), port.AskedQuery{Job: "chromium-hello"})
	if err != nil || v.w.tasks("chromium-hello") != before || slices.ContainsFunc(page, func(a port.Asked) bool { return strings.Contains(a.By, "user/cleo") }) {
		t.Errorf("a reader's request got through: %+v, %v", page, err)
	}
	v.Quiet()
}
