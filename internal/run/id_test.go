package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestParseID: an id that is no run's is refused, whichever part of it is wrong.
func TestParseID(t *testing.T) {
	t.Parallel()
	for text, slot := range map[string]bool{"report/20261122T1730Z": true, "report/manual-0123456789ab": false} {
		id, err := run.ParseID(text)
		if at, ok := id.ScheduledFor(); err != nil || string(id) != text || ok != slot || slot && !at.Equal(t0.Truncate(time.Minute)) {
			t.Errorf("%q is read as %q of %s, %v: %v", text, id, at, ok, err)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "a job": "report", "no slot": "report/", "no job": "/20261122T1730Z", "a bad name": "re port/20261122T1730Z",
		"a bad name of a run by hand": "re port/manual-0123456789ab", "seconds": "report/20261122T173000Z", "no such day": "report/20260231T1730Z",
		"too few digits": "report/manual-0123456789", "too many digits": "report/manual-0123456789abcd", "large digits": "report/manual-0123456789AB",
		"no digits": "report/manual-0123456789xy", "digits without what they are": "report/0123456789ab", "two slots": "report/20261122T1730Z/1",
	} {
		if id, err := run.ParseID(text); err == nil || id != "" {
			t.Errorf("%s: %q is read as %q", name, text, id)
		}
	}
}

// TestForeignStartedBy: a task that this stack did not launch is nobody's attempt.
func TestForeignStartedBy(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "another stack": "dev/report/20261122T1730Z/1", "no stack": "report/20261122T1730Z/1", "the stack alone": "prod/", "an attempt of nothing": "prod/1",
		"an attempt of no run": "prod//1", "of no job's run": "prod/report/1", "no attempt": "prod/report/20261122T1730Z",
		"more than any number": "prod/report/20261122T1730Z/99999999999999999999",
	} {
		if m, ok := run.ParseStartedBy("prod", text); ok || m.Run != "" {
			t.Errorf("%s: %q is read as %+v", name, text, m)
		}
	}
	r := newRun()
	if m := r.RoundID(7); m != (run.RoundID{Run: r.ID, Attempt: 7}) {
		t.Errorf("an attempt that is not there has the mark %+v", m)
	}
	if r.Attempt(0) != nil || r.Attempt(2) != nil || r.Attempt(1) == nil {
		t.Error("attempts are counted from 1")
	}
}
