package local_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

var start = time.Date(2026, 11, 22, 17, 30, 30, 0, time.UTC)

// program returns a program that stands at a time, with a job that runs every minute.
func program(t *testing.T, db string, at time.Time, with ...func(*wire.LocalConfig)) (*wire.Local, *vclock.Clock) {
	t.Helper()
	clock := vclock.New(at)
	cfg := wire.LocalConfig{
		DB: db, Clock: clock, Runner: &localecs.ScriptedRunner{Clock: clock}, Delays: &localecs.Delays{},
		Jobs: []job.Job{
			{Name: "minutely", Schedule: "* * * * *", Command: []string{"x"}},
			{Name: "off", Schedule: "* * * * *", Disabled: true, Command: []string{"x"}},
			{Name: "by-hand", Command: []string{"x"}},
		},
	}
	for _, set := range with {
		set(&cfg)
	}
	l, err := wire.NewLocal(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, l) })
	return l, clock
}

func closed(t *testing.T, l *wire.Local) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func fire(t *testing.T, l *wire.Local) []run.ID {
	t.Helper()
	if err := l.Fire(t.Context()); err != nil {
		t.Fatal(err)
	}
	runs, err := l.Store.Runs(t.Context(), port.Query{})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]run.ID, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	return ids
}

func TestFire(t *testing.T) {
	t.Parallel()
	l, clock := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	if got := fire(t, l); len(got) != 0 {
		t.Errorf("at the start: %v", got)
	}
	clock.AdvanceTo(start.Add(30 * time.Second))
	for range 3 {
		if got := fmt.Sprint(fire(t, l)); got != "[minutely/20261122T1731Z]" {
			t.Errorf("at 17:31: %v", got)
		}
	}
	clock.Advance(150 * time.Second)
	if got := fmt.Sprint(fire(t, l)); got != "[minutely/20261122T1733Z minutely/20261122T1732Z minutely/20261122T1731Z]" {
		t.Errorf("two and a half minutes later: %v", got)
	}
}

// TestFiring: as long as slots are fired, and no longer, ends give way to starts.
func TestFiring(t *testing.T) {
	t.Parallel()
	l, clock := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	during := false
	l.Control.Watch = func(job.Job, run.Run, run.Run, string) { during = l.Firing() }
	clock.Advance(time.Minute)
	before := l.Firing()
	if got := fire(t, l); len(got) != 1 || before || !during || l.Firing() {
		t.Errorf("%v; before %t, during %t, after %t", got, before, during, l.Firing())
	}
}

// TestClockSetBack: what was fired is not fired again, and time goes on.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "local.db")
	l, clock := program(t, db, start)
	clock.Advance(2 * time.Minute)
	if got := fire(t, l); len(got) != 2 {
		t.Fatalf("%v", got)
	}
	closed(t, l)
	l, clock = program(t, db, start.Add(-time.Hour))
	if got := fire(t, l); len(got) != 2 {
		t.Errorf("an hour back: %v", got)
	}
	clock.Advance(time.Minute)
	if got := fire(t, l); len(got) != 3 || got[2] != "minutely/20261122T1631Z" {
		t.Errorf("a minute later: %v", got)
	}
	closed(t, l) // with a job that is known since a time to come
	l, _ = program(t, db, start.Add(-58*time.Minute))
	if got := fire(t, l); len(got) != 4 || got[2] != "minutely/20261122T1632Z" {
		t.Errorf("at the next start: %v", got)
	}
}

// TestFireAgain: a slot that could not be claimed is claimed once it can be.
func TestFireAgain(t *testing.T) {
	t.Parallel()
	l, clock := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	if _, err := l.Store.DB().ExecContext(t.Context(), "ALTER TABLE runs RENAME TO away"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(2 * time.Minute)
	for range 2 {
		if err := l.Fire(t.Context()); err == nil {
			t.Fatal("there was no table, and nobody noticed")
		}
	}
	if _, err := l.Store.DB().ExecContext(t.Context(), "ALTER TABLE away RENAME TO runs"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(fire(t, l)); got != "[minutely/20261122T1732Z minutely/20261122T1731Z]" {
		t.Errorf("afterwards: %v", got)
	}
}

// TestFireAtTheNextStart: the process ends before a slot could be claimed, and the next one claims it.
func TestFireAtTheNextStart(t *testing.T) {
	t.Parallel()
	exec := func(l *wire.Local, query string) {
		if _, err := l.Store.DB().ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	away, back := "ALTER TABLE runs RENAME TO away", "ALTER TABLE away RENAME TO runs"
	for name, c := range map[string]struct{ first, before, after func(l *wire.Local) }{
		"it could not be written":             {func(l *wire.Local) { fire(t, l) }, func(l *wire.Local) { exec(l, away) }, func(l *wire.Local) { exec(l, back) }},
		"it was being stopped":                {func(l *wire.Local) { fire(t, l) }, func(l *wire.Local) { l.Gate.Close() }, func(*wire.Local) {}},
		"it is the first slot of a new state": {func(*wire.Local) {}, func(l *wire.Local) { exec(l, away) }, func(l *wire.Local) { exec(l, back) }},
	} {
		db := filepath.Join(t.TempDir(), "local.db")
		atOnce := func(cfg *wire.LocalConfig) { cfg.AtOnce = true }
		l, clock := program(t, db, start, atOnce)
		c.first(l)
		clock.Advance(2 * time.Minute)
		c.before(l)
		_ = l.Fire(t.Context())
		c.after(l)
		closed(t, l)
		l, _ = program(t, db, start.Add(3*time.Minute), atOnce)
		if got := fmt.Sprint(fire(t, l)); !strings.HasPrefix(got, "[minutely/20261122T1733Z minutely/20261122T1732Z minutely/20261122T1731Z") {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	l, clock := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	idle := func() bool {
		ok, err := l.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !idle() {
		t.Error("not idle before anything ran")
	}
	clock.Advance(30 * time.Second)
	fire(t, l)
	if idle() {
		t.Error("idle while a run is open")
	}
	clock.Advance(time.Second)
	if !idle() {
		t.Error("not idle after the run ended")
	}
}

// TestFaultsThatLastAreSaidOnceAMinute: a full disk must not fill the log too.
func TestFaultsThatLastAreSaidOnceAMinute(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := local.LimitLog(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	say := func(h slog.Handler, after time.Duration, level slog.Level, message string) {
		if err := h.Handle(t.Context(), slog.NewRecord(start.Add(after), level, message, 0)); err != nil {
			t.Error(err)
		}
	}
	for i := range 60 {
		say(h.WithAttrs([]slog.Attr{slog.Int("try", i)}), time.Duration(i)*time.Second, slog.LevelError, "disk full")
	}
	say(h, 10*time.Second, slog.LevelWarn, "disk full")
	say(h, 11*time.Second, slog.LevelError, "something else")
	say(h, time.Minute, slog.LevelError, "disk full")
	say(h, 3*time.Minute, slog.LevelError, "disk full")
	want := `level=ERROR msg="disk full" try=0
level=WARN msg="disk full"
level=ERROR msg="something else"
level=ERROR msg="disk full" leftOut=59
level=ERROR msg="disk full"
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestWhatIsNewIsNotLate: a job that comes into the file has no earlier slots, and a job that did not
// change loses none.
func TestWhatIsNewIsNotLate(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "local.db")
	l, clock := program(t, db, start)
	jobs := l.Jobs()
	clock.Advance(10 * time.Minute)
	next := job.Job{Name: "new", TaskDefinition: "by-hand", Container: "by-hand", Schedule: "* * * * *", Command: []string{"x"}}
	if err := l.Load(t.Context(), append([]job.Job{next}, jobs...)); err != nil {
		t.Fatal(err)
	}
	count := func() (n map[string]int) {
		n = map[string]int{}
		for _, id := range fire(t, l) {
			n[id.Job()]++
		}
		return n
	}
	if got := count(); got["minutely"] != 10 || got["new"] != 0 {
		t.Errorf("at once: %v", got)
	}
	clock.Advance(30 * time.Second)
	if got := count(); got["minutely"] != 11 || got["new"] != 1 {
		t.Errorf("in the next minute: %v", got)
	}
	if err := l.Load(t.Context(), []job.Job{next}); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	if got := count(); got["minutely"] != 11 || got["new"] != 2 {
		t.Errorf("of a job that is gone: %v", got)
	}
	closed(t, l)
	// A job that comes into the file while nothing runs is not late, either.
	clock.Advance(5 * time.Minute)
	l, _ = program(t, db, clock.Now())
	if got := count(); got["minutely"] != 11 {
		t.Errorf("back in the file after a downtime: %v", got)
	}
}

// TestTheFirstSlotIsThePresentMinute: if nothing ran before.
func TestTheFirstSlotIsThePresentMinute(t *testing.T) {
	t.Parallel()
	clock := vclock.New(start)
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "local.db"), Clock: clock, Runner: &localecs.ScriptedRunner{Clock: clock}, Delays: &localecs.Delays{}, AtOnce: true,
		Jobs: []job.Job{
			{Name: "minutely", Schedule: "* * * * *", Command: []string{"x"}},
			{Name: "earlier", Schedule: "29 17 * * *", Command: []string{"x"}},
			{Name: "too-late", Schedule: "* * * * *", Command: []string{"x"}, Limits: job.Limits{StartWithin: job.Duration(10 * time.Second)}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, l) })
	if got := fmt.Sprint(fire(t, l)); got != "[minutely/20261122T1730Z]" {
		t.Errorf("%v", got)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("line\n", 100_000)
	for name, c := range map[string]struct {
		text  string
		lines int
		want  string
	}{
		"empty":               {"", 3, ""},
		"one line":            {"a\n", 3, "a"},
		"no newline":          {"a\nb", 3, "a|b"},
		"more than asked for": {"a\nb\nc\nd\n", 2, "c|d"},
		"empty lines inside":  {"a\n\nb\n", 3, "a||b"},
		"empty lines at end":  {"a\nb\n\n\n", 3, "a|b"},
		"not UTF-8":           {"a\xffb\n", 3, "a\ufffdb"},
		"long":                {long + "end\n", 2, "line|end"},
		"one huge line":       {strings.Repeat("x", 200<<10), 2, strings.Repeat("x", 1000) + "… (64536 bytes more)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := local.Logs{Dir: t.TempDir()}
			const arn = "arn:aws:ecs:local:123456789012:task/default/0123"
			if err := os.WriteFile(l.Path("", arn), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := l.Tail(t.Context(), port.Output{TaskARN: arn}, c.lines)
			if err != nil || strings.Join(got, "|") != c.want {
				t.Errorf("%.200q, %v, want %.200q", got, err, c.want)
			}
		})
	}
	if got, err := (local.Logs{Dir: t.TempDir()}).Tail(t.Context(), port.Output{TaskARN: "arn/none"}, 3); got != nil || err != nil {
		t.Errorf("without a file: %q, %v", got, err)
	}
	if got := (local.Logs{Dir: "logs"}).Path("../../etc", "../../etc/passwd"); got != filepath.Join("logs", "etc", "passwd.log") {
		t.Errorf("a hostile name leads to %s", got)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	l, _ := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	h := local.Handler(entry.Door{Control: l.Control, Log: slog.New(slog.DiscardHandler)}, "secret", l.Trouble, func() error { return nil })
	for name, c := range map[string]struct {
		method, path, body, auth string
		status                   int
		says                     string
	}{
		"run":            {"POST", "/", `{"run":"by-hand","requestId":"1"}`, "Bearer secret", 200, `"outcome":"accepted"`},
		"unknown job":    {"POST", "/", `{"run":"nope","requestId":"1"}`, "Bearer secret", 200, `"outcome":"refused"`},
		"no request id":  {"POST", "/", `{"run":"by-hand"}`, "Bearer secret", 200, `"outcome":"accepted"`},
		"unknown run":    {"POST", "/", `{"stop":"by-hand/20261122T1730Z"}`, "Bearer secret", 200, "there is no run"},
		"a slot":         {"POST", "/", `{"job":"by-hand","scheduledFor":"2026-11-22T17:30:00Z"}`, "Bearer secret", 200, "only schedules and rules start slots"},
		"no token":       {"POST", "/", `{}`, "", 401, "wrong token"},
		"wrong token":    {"POST", "/", `{}`, "Bearer secre", 401, "wrong token"},
		"another scheme": {"POST", "/", `{}`, "secret", 401, "wrong token"},
		"not JSON":       {"POST", "/", `run`, "Bearer secret", 400, "it is not a JSON object"},
		"unknown field":  {"POST", "/", `{"retry":"by-hand/20261122T1730Z","forse":true}`, "Bearer secret", 400, `unknown field "forse"`},
		"too large":      {"POST", "/", `{"retry":"` + strings.Repeat("x", 2<<20) + `"}`, "Bearer secret", 400, "too large"},
		"GET":            {"GET", "/", "", "Bearer secret", 200, `"outcome":"accepted"`},
		"PUT":            {"PUT", "/", "", "Bearer secret", 405, ""},
		"unknown path":   {"POST", "/v1/launch", `{}`, "Bearer secret", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, bytes.NewReader([]byte(c.body)))
			r.Header.Set("Authorization", c.auth)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %.300s, want %d %q", w.Code, w.Body, c.status, c.says)
			}
		})
	}
}

// TestARepeatedRequestIsADuplicate: a person whose connection broke may ask again.
func TestARepeatedRequestIsADuplicate(t *testing.T) {
	t.Parallel()
	l, clock := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	h := local.Handler(entry.Door{Control: l.Control, Log: slog.New(slog.DiscardHandler)}, "secret", l.Trouble, func() error { return nil })
	ask := func(body string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer secret")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	const body = `{"run":"by-hand","requestId":"1"}`
	for i, want := range []string{"accepted", "duplicate", "duplicate"} {
		if got := ask(body); !strings.Contains(got, `"outcome":"`+want+`"`) {
			t.Errorf("request %d: %s, want %s", i+1, got, want)
		}
	}
	clock.Advance(time.Second)
	id := run.ByHandID("by-hand", "1")
	retry := fmt.Sprintf(`{"retry":%q,"requestId":"2","force":true}`, id)
	for i, want := range []string{"accepted", "duplicate"} {
		if got := ask(retry); !strings.Contains(got, `"outcome":"`+want+`"`) {
			t.Errorf("retry %d: %s, want %s", i+1, got, want)
		}
	}
	clock.Advance(time.Second)
	if got := ask(retry); !strings.Contains(got, `"outcome":"duplicate"`) {
		t.Errorf("the same retry after it ended: %s", got)
	}
	if r, err := l.Store.Run(t.Context(), id); err != nil || len(r.Attempts) != 2 {
		t.Errorf("%d attempts, %v", len(r.Attempts), err)
	}
}
