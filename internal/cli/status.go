package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

type statusCmd struct{}

// Run says how the control plane itself stands.
func (c *statusCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		now := a.now()
		st, err := control.ReadStatus(ctx, s, now)
		if err != nil {
			return err
		}
		door, err := s.Door(ctx)
		if err != nil && !errors.Is(err, local.ErrNobody) {
			return err
		}
		running := door.Open(ctx)
		if a.json {
			return printJSON(a.Stdout, struct {
				Running bool `json:"running"`
				control.Status
			}{running, st})
		}
		return a.printStatus(running, door, st, now)
	})
}

func (a *app) printStatus(running bool, door local.Door, st control.Status, now time.Time) error {
	var b bytes.Buffer
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(&b, "%-12s %s\n", name, notice.Printable(fmt.Sprintf(format, args...)))
	}
	if running {
		line("running", "yes, process %d at %s", door.PID, door.URL)
	} else {
		line("running", "no; `%s -f FILE` starts it", a.command("local"))
	}
	line("heartbeat", "%s", ago(st.Heartbeat, now))
	if st.CheckedTo.IsZero() {
		line("slots", "never checked")
	} else {
		line("slots", "checked up to %s", ago(st.CheckedTo, now))
	}
	for _, lane := range []run.Lane{run.LaunchLane, run.LookLane} {
		line("lag", "%s: %s", lane, lag(st.LagMs[lane]))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Paused)) {
		line("paused", "%s, %s", allJobs(name), pauseText(st.Paused[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Failing)) {
		line("failing", "%s since %s", name, inZone(st.Failing[name], time.UTC))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Gone)) {
		line("gone", "%s left the registry: seen at %s that it is not there any more", name, inZone(st.Gone[name], time.UTC))
	}
	if _, err := a.Stdout.Write(b.Bytes()); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return fmt.Sprintf("%s (%s ago)", inZone(t, time.UTC), now.Sub(t).Truncate(time.Second))
}

func lag(ms int64) string {
	if ms <= 0 {
		return "nothing is due"
	}
	return "the oldest due run waits for " + (time.Duration(ms) * time.Millisecond).Truncate(time.Millisecond).String()
}

func allJobs(name string) string {
	if name == job.All {
		return "all jobs"
	}
	return name
}

func pauseText(p job.Pause) string {
	text := "since " + inZone(p.From, time.UTC)
	if !p.To.IsZero() {
		text += " until " + inZone(p.To, time.UTC)
	}
	if p.By != "" {
		text += " by " + p.By
	}
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	return text
}
