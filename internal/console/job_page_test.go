package console_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestDurationsSayWhatTheyShow: the words below the chart of durations are true of one run as of several.
func TestDurationsSayWhatTheyShow(t *testing.T) {
	t.Parallel()
	const marks = "Those that failed have a mark below."
	for name, c := range map[string]struct {
		runs      []run.Status
		want, not []string
	}{
		"none":                   {nil, nil, []string{"<figcaption>"}},
		"one":                    {[]run.Status{run.Succeeded}, []string{">One run, which took 42 s.<"}, []string{marks}},
		"one, which failed":      {[]run.Status{run.Failed}, []string{">One run, which failed after 42 s.<"}, []string{marks}},
		"several":                {[]run.Status{run.Succeeded, run.Succeeded}, []string{"The last 2 runs, the newest on the right; the longest took 42 s, the median 42 s.<"}, []string{marks}},
		"several, and a failure": {[]run.Status{run.Succeeded, run.Failed}, []string{"the median 42 s. " + marks}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			err := store.Commit(t.Context(), port.Change{Item: &job.Item{Name: "report"}})
			for i, status := range c.runs {
				at := night.Add(time.Duration(i-10) * time.Minute)
				r := run.Run{
					ID: run.ID(fmt.Sprintf("report/manual-%012d", i)), Status: status, ScheduledFor: at, QueuedAt: at, StartedAt: at, FinishedAt: at.Add(42 * time.Second),
				}
				err = errors.Join(err, store.Commit(t.Context(), port.Change{Run: &r}))
			}
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, func(cfg *console.Config) {
				p := *cfg.Plane
				p.Reader, cfg.Plane = store, &p
			})
			page := w.send(request("GET", "/jobs/report", nil), w.signIn()).body
			says(t, "the page", page, c.want, c.not)
		})
	}
}
