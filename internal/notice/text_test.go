package notice_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/test/golden"
)

func code(n int64) *int64 { return &n }

// exitCode is a run that was relaunched after a fault and then failed.
func exitCode() run.Run {
	return run.Run{
		ID: id, ScheduledFor: t0, Status: run.Failed, Cause: "exit code 3", ExitCode: code(3),
		StartedAt: t0.Add(time.Minute), FinishedAt: t0.Add(3*time.Minute + 20*time.Second),
		Attempts: []run.Attempt{
			{
				N: 1, TaskARN: "arn:1", StopCode: "TaskFailedToStart", StoppedReason: "Timeout waiting for network interface provisioning to complete.",
				Rule: "network-interface", Next: "relaunched at once",
			},
			{N: 2, TaskARN: "arn:2", StopCode: "EssentialContainerExited", StoppedReason: "Essential container in task exited", Rule: "exit-code", Next: "failed"},
		},
	}
}

// Hostile texts, and what would steer a terminal, a mail or a reader's eye.
const hostile = "\x1b]0;owned\x07\x1b[2Jred\x1b[31m\r\nFAILED other: all is well\tx\x00\u009b31m\u202etxt.exe\u2066\u200b\u2028next\xff"

func attacked() run.Run {
	r := exitCode()
	r.Cause = hostile
	for i := range r.Attempts {
		r.Attempts[i].StopCode, r.Attempts[i].StoppedReason, r.Attempts[i].ContainerReason = hostile, hostile, "and "+hostile
	}
	return r
}

func in(t *testing.T, zone string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func texts(t *testing.T) map[string]notice.Notice {
	t.Helper()
	j := job.Job{Name: "report", Owner: "team-a", Notify: job.Notify{Targets: []string{"ops"}}}
	failed := notice.New(notice.Failed, "prod", new(exitCode()), &j, in(t, "Asia/Tokyo"))
	failed.Logs, failed.LogsAt, failed.RetryWith = []string{"reading", "no such table"}, "batchplane logs "+string(id), "batchplane retry "+string(id)
	failed.Retry = &run.Retry{Safety: run.RetryEnded, Why: "attempt 2 ended by itself with code 3"}

	unread := failed
	unread.Logs, unread.LogsUnread = nil, true

	bad := notice.New(notice.RanAfterAll, "prod", new(attacked()), &job.Job{Name: "report", Owner: hostile}, in(t, "America/New_York"))
	bad.Logs, bad.LogsAt = []string{hostile, strings.Repeat("long ", 100)}, "https://logs.example/"+hostile

	missed := notice.New(notice.Missed, "prod", &run.Run{ID: id, ScheduledFor: t0, Status: run.Missed, Cause: "no trigger came within 15m0s"}, &job.Job{}, time.UTC)
	good := with(exitCode(), func(r *run.Run) {
		r.Status, r.Cause, r.Attempts = run.Succeeded, "succeeded", []run.Attempt{{N: 1, TaskARN: "arn:1"}}
	})
	unpulled := run.Run{ID: id, ScheduledFor: t0, Status: run.Failed, Cause: "the image or its tag does not exist in the registry"}
	for n, reason := range []string{"Task failed to start", "", "CannotPullContainerError: example.com/report:2: not found"} {
		unpulled.Attempts = append(unpulled.Attempts, run.Attempt{
			N: n + 1, StopCode: "TaskFailedToStart", StoppedReason: reason, ContainerReason: "CannotPullContainerError: example.com/report:2: not found", Rule: "pull-missing",
		})
	}
	heldBack := notice.New(notice.HeldBack, "prod", &run.Run{ID: id, ScheduledFor: t0, Status: run.Skipped, HeldBy: "report/20261122T1630Z", Cause: "overlap: report/20261122T1630Z was still open, since 2026-11-22 16:30 UTC"}, &job.Job{}, time.UTC)
	heldBack.HeldBy, heldBack.StopWith = "report/20261122T1630Z", `batchplane stop report/20261122T1630Z --reason "it holds others back"`
	waits := notice.New(notice.HeldUp, "prod", &run.Run{ID: id, ScheduledFor: t0, QueuedAt: t0, ReadyAt: t0, Status: run.Queued, Cause: "waiting: ECS has no capacity"}, &job.Job{Retry: job.Retry{Deadline: job.Duration(2 * time.Hour)}}, in(t, "Asia/Tokyo"))
	runs := notice.New(notice.StillRuns, "prod", &run.Run{ID: id, ScheduledFor: t0, Status: run.Running, Cause: "launched", Attempts: []run.Attempt{{N: 1, StartedAt: t0.Add(time.Minute)}}}, &job.Job{}, time.UTC)
	return map[string]notice.Notice{
		"still-running": runs, "corrupt": notice.Unreadable("prod", id, "half a run"),
		"held-back": heldBack, "held-up": waits,
		"unpulled": notice.New(notice.Failed, "prod", &unpulled, &job.Job{}, time.UTC),
		"failed":   failed, "unread": unread, "hostile": bad, "missed": missed.OfMissed(1, t0, time.UTC), "missed-many": missed.OfMissed(2, t0.Add(-11*time.Minute), time.UTC),
		"kept":      notice.Kept("prod", "034b147e", "not usable: no input of the trigger"),
		"recovered": notice.New(notice.Recovered, "prod", &good, &job.Job{}, in(t, "Europe/Berlin")),
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, n := range texts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := n.Text()
			golden.Check(t, "testdata/"+name+".golden", got)
			harmless(t, got)
		})
	}
}

// harmless checks that the text has one fact a line and nothing in it steers what shows it.
func harmless(t *testing.T, text string) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if i > 0 && !strings.HasPrefix(line, "  ") {
			t.Errorf("line %d looks like a headline: %q", i+1, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
		}) {
			t.Errorf("line %d is not harmless: %q", i+1, line)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                     "",
		"exit code 3: ü 日本 😀":  "exit code 3: ü 日本 😀",
		"a\nb\tc\r\nd":         "a b c  d",
		"\x1b[31m":             "\ufffd[31m",
		"\u009b31m":            "\ufffd31m",
		"a\u202eb\u2066c":      "a\ufffdb\ufffdc",
		"a\u2028b\u2029c":      "a\ufffdb\ufffdc",
		"a\xffb":               "a\ufffdb",
		"👩\u200d🔧 می\u200cشود": "👩\u200d🔧 می\u200cشود",
		"a\u200bb\ufeff":       "a\ufffdb\ufffd",
	} {
		if got := notice.Printable(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestLocalTime(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"UTC":              "2026-11-22 17:30 UTC",
		"Asia/Tokyo":       "2026-11-23 02:30 Asia/Tokyo",
		"America/New_York": "2026-11-22 12:30 America/New_York",
		"Asia/Kathmandu":   "2026-11-22 23:15 Asia/Kathmandu",
	} {
		if got := notice.LocalTime(t0, in(t, zone)); got != want {
			t.Errorf("%s: %s", zone, got)
		}
	}
}

// TestTextIn: the run's time is in the view's zone, if the run has one; an attempt's time
// appears only if it is known.
func TestTextIn(t *testing.T) {
	t.Parallel()
	r := exitCode()
	r.StartedAt = time.Time{}
	for name, c := range map[string]struct {
		n          notice.Notice
		says, lack string
	}{
		"a run":   {notice.New(notice.Failed, "prod", &r, &job.Job{}, time.UTC), "scheduled for 2026-11-23 02:30\n  attempts   2\n", "UTC"},
		"no time": {notice.Unreadable("prod", id, "half a run"), "scheduled for unknown\n", "0001"},
	} {
		if got := c.n.TextIn(in(t, "Asia/Tokyo")); !strings.Contains(got, c.says) || strings.Contains(got, c.lack) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestSaid: what ECS said about an attempt's end is its code and its reason, or whichever of
// them there is.
func TestSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempt notice.Attempt
		want    string
	}{
		"nothing":                 {notice.Attempt{N: 1}, ""},
		"both":                    {notice.Attempt{StopCode: "UserInitiated", StoppedReason: "by hand"}, "UserInitiated: by hand"},
		"an entry of failures[]":  {notice.Attempt{StoppedReason: "Capacity is unavailable"}, "Capacity is unavailable"},
		"only a code":             {notice.Attempt{StopCode: "SpotInterruption"}, "SpotInterruption"},
		"what the container says": {notice.Attempt{StopCode: "TaskFailedToStart", ContainerReason: "no such image"}, "TaskFailedToStart: no such image"},
	} {
		if got := c.attempt.Said(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestPrintableText: the layout of a text of several lines stays, and nothing else in it steers a terminal.
func TestPrintableText(t *testing.T) {
	t.Parallel()
	const outside = "a\tb\nc\rd\x1b[2Je\u009bf\u2028g\u202eh é 日"
	if got := notice.PrintableText(outside); got != "a\tb\nc\ufffdd\ufffd[2Je\ufffdf\ufffdg\ufffdh é 日" {
		t.Errorf("%q", got)
	}
}
