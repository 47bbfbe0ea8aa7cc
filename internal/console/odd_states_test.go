package console_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// pagesOf returns the pages of a state of its own.
func pagesOf(t *testing.T, changes ...port.Change) func(path string) string {
	t.Helper()
	store := &memory.Store{}
	for _, c := range changes {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, mark := range []string{port.MarkSweep, port.MarkSlots} {
		if err := store.SetMark(t.Context(), mark, night); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, func(c *console.Config) {
		p := *c.Plane
		p.Reader, p.Output = store, writes{}
		c.Plane = &p
	})
	cookie := w.signIn()
	return func(path string) string {
		t.Helper()
		return text(t, w.send(request("GET", path, nil), cookie))
	}
}

func itemOf(name, schedule string) job.Item {
	return job.Item{Name: name, Plan: job.Plan{Schedule: schedule, Timezone: "Europe/Berlin", StartWithin: job.Duration(15 * time.Minute)}}
}

// says checks what a page says, and what it does not say.
func says(t *testing.T, name, page string, want, not []string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(page, s) {
			t.Errorf("%s does not say %q", name, s)
		}
	}
	for _, s := range not {
		if strings.Contains(page, s) {
			t.Errorf("%s says %q", name, s)
		}
	}
}

// TestPausedWithAll: for a job that only the pause of all jobs pauses, the pages offer nothing
// that would be refused, and say what control does.
func TestPausedWithAll(t *testing.T) {
	t.Parallel()
	own := itemOf("own", "0 * * * *")
	own.Pauses = []job.Pause{{From: night.Add(-time.Hour), To: night.Add(20 * time.Minute), By: "mia"}}
	skips := itemOf("skips", "0 * * * *")
	skips.SkipNext = &job.Skip{At: night.Truncate(time.Hour).Add(time.Hour), By: "ana"}
	other := itemOf("other", "0 * * * *")
	get := pagesOf(t, port.Change{Item: &own}, port.Change{Item: &skips}, port.Change{Item: &other},
		port.Change{Item: &job.Item{Name: job.All, Pauses: []job.Pause{{From: night.Add(-2 * time.Hour), By: "jon"}}}})
	says(t, "other", get("/jobs/other"), []string{"All jobs are paused by jon", "Resume all jobs…", "/ask/pause?of=other"}, []string{"/ask/resume?of=other"})
	says(t, "own", get("/jobs/own"), []string{"Paused by mia", "All jobs are paused, too", "/ask/resume?of=own", "Resume all jobs…"}, nil)
	says(t, "skips", get("/jobs/skips"), []string{"Take the skip back…"}, nil)
	says(t, "the overview", get("/"), []string{"All is well", "No slot in the next hour."}, []string{"its schedule resumes"})
	says(t, "all jobs", get("/jobs"), []string{"all jobs are paused by jon", "paused by mia; all jobs are, too"}, nil)
	says(t, "to run one", get("/ask/run?of=other"), []string{"All jobs are paused by jon"}, nil)
	says(t, "to resume one", get("/ask/resume?of=other"), []string{"the control plane will refuse", "All jobs are paused, too"}, nil)
	says(t, "to resume own", get("/ask/resume?of=own"), []string{"Its pause ends now", "All jobs are paused, too"}, []string{"refuse"})
	says(t, "to take a skip back", get("/ask/resume?of=skips"), []string{"The slot that was to be skipped will run"}, []string{"Its pause ends", "refuse"})
	says(t, "to pause own", get("/ask/pause?of=own"), []string{"already paused, by mia: this pause replaces that one"}, nil)
	says(t, "to skip one", get("/ask/skip-next?of=other"), []string{"paused until somebody resumes it", "will refuse"}, []string{"will be recorded as skipped"})
	says(t, "the schedule", get("/schedule"), []string{"counted as if they ran"}, nil)
}

// TestSlotsThatNobodyKnows: no time is invented for a rate(...), and the pages do not say that
// none will come.
func TestSlotsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	rate, far := itemOf("rate", "rate(5 minutes)"), itemOf("far", "at(2036-01-01T00:00:00)")
	rate.SkipNext = &job.Skip{At: night.Add(-time.Hour), By: "ana"}
	get := pagesOf(t, port.Change{Item: &rate}, port.Change{Item: &far})
	says(t, "the job", get("/jobs/rate"), []string{"Its slots are not known beforehand", "The next one is skipped at the request of ana"}, []string{`class="slots"`, "It has none to come"})
	says(t, "a far slot", get("/jobs/far"), []string{"1 Jan 2036"}, []string{"It has none to come"})
	says(t, "all jobs", get("/jobs"), []string{"not known", "1 Jan 2036"}, nil)
	says(t, "the overview", get("/"), []string{"No slot in the next hour that is known beforehand", "1 job with a rate(…) starts", "only the next slot"}, nil)
	says(t, "the timeline", get("/timeline"), []string{"are not known beforehand and not drawn", "next 1 Jan 2036 00:00"}, nil)
	says(t, "the schedule", get("/schedule"), []string{"Of 1 job with a rate(…)"}, nil)
}

// TestScheduleWithoutAJob: a plan that cannot be read hides no other.
func TestScheduleWithoutAJob(t *testing.T) {
	t.Parallel()
	good, bad := itemOf("good", "0 * * * *"), itemOf("bad", "nonsense")
	get := pagesOf(t, port.Change{Item: &good}, port.Change{Item: &bad})
	says(t, "the schedule", get("/schedule"), []string{"Not read: the schedule of bad", "192 launches in eight days"}, nil)
}

// TestZonesOfJobs: each time is in its job's zone on every page, also for a job that only people
// run, and for one that is no longer deployed.
func TestZonesOfJobs(t *testing.T) {
	t.Parallel()
	hand := job.Item{Name: "hand", Plan: job.Plan{Timezone: "Asia/Tokyo"}}
	gone := job.Item{Name: "gone", Gone: true, Plan: job.Plan{Schedule: "0 * * * *", Timezone: "Asia/Tokyo"}}
	changes := []port.Change{{Item: &hand}, {Item: &gone}}
	for _, name := range []string{"hand", "gone"} {
		d := job.Job{Name: name, Timezone: "Asia/Tokyo"}
		r := run.Run{ID: run.ScheduledID(name, night), ScheduledFor: night, QueuedAt: night, Status: run.Queued, Definition: d.Hash()}
		changes = append(changes, port.Change{Run: &r})
	}
	get := pagesOf(t, changes...)
	for _, path := range []string{"/", "/history", "/jobs/hand", "/jobs/gone"} {
		page := get(path + "?zone=job")
		if strings.Contains(page, "07:26 UTC") || !strings.Contains(page, "16:26 JST") {
			t.Errorf("%s has a time in another zone", path)
		}
	}
	says(t, "the timeline", get("/timeline?zone=job"), []string{"The axis is of Europe/Berlin"}, nil)
	says(t, "the schedule", get("/timeline"), nil, []string{"The axis is of"})
}

// TestStandby: every page of a standby stack says that nothing is launched.
func TestStandby(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *console.Config) {
		p := *c.Plane
		p.Stack.Standby = true
		c.Plane = &p
	})
	cookie := w.signIn()
	for _, path := range []string{"/", "/jobs/fx-rates", "/ask/run?of=fx-rates"} {
		says(t, path, w.send(request("GET", path, nil), cookie).body, []string{"This stack stands by"}, nil)
	}
	p := *w.plane
	p.Stack.Standby = true
	html, err := widgetOf(&p).Answer(t.Context(), []byte(dashboardCall))
	if err != nil {
		t.Fatal(err)
	}
	says(t, "the widget", html, []string{"This stack stands by"}, nil)
}

// TestControlPlaneDown: a page says what is wrong, and that it may be old if nobody keeps its states current any more.
func TestControlPlaneDown(t *testing.T) {
	t.Parallel()
	const running, late = "the control plane is not running: no job is started", "the sweep last finished 6m20s ago"
	for name, c := range map[string]struct {
		health plane.Health
		stack  string
		passed time.Duration
		says   string
		old    bool
	}{
		"its process is gone":                {plane.Health{}, "", 0, running, true},
		"its process is in trouble":          {plane.Health{Running: true, Trouble: "nobody takes a notice"}, "", 0, "nobody takes a notice", false},
		"it is behind":                       {plane.Health{Running: true}, "", 6 * time.Minute, late, true},
		"a stack's sweep has stopped":        {plane.Health{}, "prod", 6 * time.Minute, late, true},
		"a stack is not asked for its parts": {plane.Health{}, "prod", 0, "", false},
		"all is well":                        {plane.Health{Running: true}, "", time.Minute, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(cfg *console.Config) {
				p := *cfg.Plane
				p.Stack.Name, p.Inspect = c.stack, func(context.Context) (plane.Health, error) { return c.health, nil }
				cfg.Plane = &p
			})
			cookie := w.signIn()
			w.pass(c.passed)
			for _, path := range []string{"/jobs", "/jobs/fx-rates", "/timeline", "/history", "/schedule", "/ask/run?of=fx-rates"} {
				page := w.send(request("GET", path, nil), cookie).body
				switch {
				case c.old:
					says(t, path, page, []string{"Something is wrong: " + c.says + ". What this page shows may be old."}, nil)
				case c.says == "":
					says(t, path, page, nil, []string{"Something is wrong"})
				default:
					says(t, path, page, []string{"Something is wrong: " + c.says + "."}, []string{"may be old"})
				}
			}
			if c.says == running { // there it is one of the things that need attention
				says(t, "the overview", w.send(request("GET", "/", nil), cookie).body, []string{running}, []string{"may be old"})
			}
		})
	}
}

// TestControlPlaneUnread: that nobody knows how the control plane is does not look as if all were well.
func TestControlPlaneUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *console.Config) {
		p := *c.Plane
		p.Inspect = func(context.Context) (plane.Health, error) { return plane.Health{}, errors.New("no answer") }
		c.Plane = &p
	})
	page := w.send(request("GET", "/jobs", nil), w.signIn()).body
	says(t, "the jobs", page, []string{"Not read: the state of the control plane: no answer"}, []string{"may be old"})
}

// TestMoreThanIsRead: if more runs are open than are read, the page says so and does not say that
// all is well.
func TestMoreThanIsRead(t *testing.T) {
	t.Parallel()
	var changes []port.Change
	for n := range 1001 {
		name := "job-" + strconv.Itoa(n)
		item := itemOf(name, "0 * * * *")
		r := run.Run{ID: run.ScheduledID(name, night), ScheduledFor: night, QueuedAt: night, DueAt: night.Add(time.Minute), Status: run.Queued}
		changes = append(changes, port.Change{Item: &item}, port.Change{Run: &r})
	}
	get := pagesOf(t, changes...)
	says(t, "the overview", get("/"), []string{"Not all could be read", "Not read: open runs beyond the newest 1000"}, []string{"All is well", "Needs attention</h1>"})
	says(t, "problems", get("/problems"), []string{"open runs beyond the newest 1000"}, nil)
}

// TestOnlySkipped: a job whose newest runs were all skipped has run before.
func TestOnlySkipped(t *testing.T) {
	t.Parallel()
	item := itemOf("off", "0 * * * *")
	changes := []port.Change{{Item: &item}}
	for n := range 2 {
		at := night.Add(-time.Duration(n+1) * time.Hour)
		r := run.Run{ID: run.ScheduledID("off", at), ScheduledFor: at, QueuedAt: at, FinishedAt: at, Status: run.Skipped}
		changes = append(changes, port.Change{Run: &r})
	}
	says(t, "the job", pagesOf(t, changes...)("/jobs/off"), []string{"none of the last 2 succeeded, failed or was missed"}, []string{"no run so far"})
}

// TestEverythingFails: the overview names some of each kind, says how many others there are and
// where, and what is more urgent is not lost among them.
func TestEverythingFails(t *testing.T) {
	t.Parallel()
	var changes []port.Change
	for n := range 25 {
		item := itemOf("job-"+strconv.Itoa(n), "0 * * * *")
		item.FailingSince = night.Add(time.Duration(n-25) * time.Minute)
		changes = append(changes, port.Change{Item: &item})
	}
	for n := range 21 {
		item := itemOf("off-"+strconv.Itoa(n), "0 * * * *")
		item.Pauses = []job.Pause{{From: night.Add(-30 * 24 * time.Hour)}}
		changes = append(changes, port.Change{Item: &item})
	}
	page := pagesOf(t, changes...)("/")
	says(t, "the overview", page, []string{">46 problems<", `<a href="/jobs">5 more failing</a>`, `<a href="/jobs">1 more paused for long</a>`, `>job-24</a> <span class="kind">failing`, "The last 24 hours"}, []string{`>job-4</a> <span class="kind">failing`})
	if n := strings.Count(page, "<article "); n != 40 {
		t.Errorf("%d articles", n)
	}
	if n := strings.Count(page, `href="/ask/retry-all"`); n != 1 {
		t.Errorf("retrying is offered %d times", n)
	}
}

// TestFormsKnowOfOverlap: a person is told in advance that a run would be refused, or would wait.
func TestFormsKnowOfOverlap(t *testing.T) {
	t.Parallel()
	const refused, waits = "the control plane will refuse", "this one waits for its end"
	store := &memory.Store{}
	for name, overlap := range map[string]job.Overlap{"forbid": job.Forbid, "queue": job.Queue, "full": job.Queue, "beside": job.Allow, "ended": job.Forbid} {
		d := job.Job{Name: name, Schedule: "0 * * * *", Limits: job.Limits{Overlap: overlap}}
		item := itemOf(name, "0 * * * *")
		item.Definition, item.Lock = d.Hash(), name+"/20261124T0700Z"
		if name == "full" {
			item.Waiting = "full/20261124T0715Z"
		}
		open := run.Run{ID: run.ID(item.Lock), ScheduledFor: night, QueuedAt: night, DueAt: night.Add(time.Minute), Status: run.Running, Definition: d.Hash()}
		if name == "ended" {
			open.Status, open.FinishedAt, open.DueAt = run.Stopped, night, time.Time{}
		}
		failed := run.Run{ID: run.ID(name + "/20261124T0600Z"), ScheduledFor: night.Add(-time.Hour), QueuedAt: night.Add(-time.Hour), FinishedAt: night, Status: run.Failed, Definition: d.Hash()}
		if err := store.PutDefinition(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		for _, c := range []port.Change{{Item: &item}, {Run: &open}, {Run: &failed}} {
			if err := store.Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := newWorld(t, func(c *console.Config) {
		p := *c.Plane
		p.Reader, p.Output = store, writes{}
		c.Plane = &p
	})
	cookie := w.signIn()
	for path, want := range map[string]string{
		"run?of=forbid": refused, "run?of=queue": waits, "run?of=full": refused, "run?of=beside": "", "run?of=ended": "",
		"retry?run=forbid/20261124T0600Z": refused, "retry?run=queue/20261124T0600Z": refused, "retry?run=beside/20261124T0600Z": "", "retry?run=ended/20261124T0600Z": "",
	} {
		page := w.send(request("GET", "/ask/"+path, nil), cookie).body
		for _, words := range []string{refused, waits} {
			if strings.Contains(page, words) != (words == want) {
				t.Errorf("%s: it says %q: %t", path, words, words != want)
			}
		}
	}
}
