package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestRunPage: a run's page says each thing once and to the second, keeps texts in other scripts
// in their place, and shows the command to those who may not press the button.
func TestRunPage(t *testing.T) {
	t.Parallel()
	const id = "report/20261124T0700Z"
	code, at := int64(1), night.Add(-time.Hour)
	tried := []run.Attempt{{
		N: 1, Sends: 1, SentAt: at.Add(3 * time.Second), TaskARN: "arn", StartedAt: at.Add(31 * time.Second), EndedAt: at.Add(75 * time.Second),
		StopCode: "EssentialContainerExited", Class: stop.AppFailed, Started: stop.Yes, Rule: "exit-not-zero", Why: "it did", ExitCode: &code,
	}}
	for name, c := range map[string]struct {
		run       run.Run
		readOnly  bool
		want, not []string
	}{
		"failed": {
			run.Run{Status: run.Failed, Cause: "exit code 1", ExitCode: &code, Attempts: tried, Triggers: []run.Trigger{{At: at, Kind: run.ByHand, By: "שרה", Reason: "תיקון"}}},
			false,
			[]string{">Tue 24 Nov 07:26:43<", ">Tue 24 Nov 07:27:11<", ">Tue 24 Nov 07:27:55<", "<bdi>run by hand by שרה</bdi>: <bdi>תיקון</bdi>", "failed</span> <bdi>exit code 1</bdi>", ">Retry…</a>", "How it was launched", "one\ntwo\n"},
			[]string{"batchplane retry", "\ufffd"},
		},
		"failed, and nothing may be asked for": {run.Run{Status: run.Failed, Cause: "exit code 1", ExitCode: &code, Attempts: tried}, true, []string{"<code>batchplane retry " + id + "</code>"}, []string{">Retry…</a>"}},
		"cut off, and nothing may be asked for": {
			run.Run{Status: run.Failed, Cause: "it may have run", Attempts: []run.Attempt{{N: 1, Sends: 1, SentAt: at, TaskARN: "arn", Started: stop.Yes}}},
			true,
			[]string{"<b>Is a retry safe?</b> No"},
			[]string{"batchplane retry", ">Retry…</a>"},
		},
		"succeeded": {run.Run{Status: run.Succeeded, Cause: "succeeded", Attempts: tried}, false, []string{"succeeded</span></p>"}, []string{"succeeded</span> "}},
		"of which somebody is to be told": {
			run.Run{Status: run.Failed, Cause: "exit code 1", Attempts: tried, Owed: []run.Effect{{Kind: run.Tell, Notice: "timed-out"}}}, false, []string{"Still owed: a notice: timed out."}, nil,
		},
		"missed": {run.Run{Status: run.Missed, Cause: "no trigger came"}, false, []string{"How it would have been launched"}, []string{"How it was launched"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			c.run.ID, c.run.ScheduledFor, c.run.QueuedAt, c.run.FinishedAt = id, at, at, at.Add(75*time.Second)
			if err := store.Commit(t.Context(), port.Change{Run: &c.run}); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, func(cfg *console.Config) {
				p := *cfg.Plane
				p.Reader, p.Output = store, writes{lines: []string{"one\r", "two\r"}}
				cfg.Plane, cfg.ReadOnly = &p, c.readOnly
			})
			page := text(t, w.send(request("GET", "/runs/"+id, nil), w.signIn()))
			_, page, _ = strings.Cut(page, "<main")
			says(t, "the page", page, c.want, c.not)
		})
	}
}
