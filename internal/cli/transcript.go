package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// transcript prints what happens while it happens. It is the terminal's notifier.
type transcript struct {
	out  io.Writer
	json bool
	now  func() time.Time
	// zone is the zone of all times; the first line names it.
	zone *time.Location
	// screen is the terminal, if there is one. Lines fit it, and states are coloured.
	screen Screen
	// quiet leaves out everything but the ends of runs.
	quiet bool
}

func newTranscript(a *app) *transcript {
	return &transcript{out: &lockedWriter{w: a.Stdout}, json: a.json, now: a.now, zone: a.zone, screen: a.Screen}
}

// line prints a sentence from the control plane itself, which may repeat what a jobs file says, or its
// name.
func (t *transcript) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if t.json {
		_ = printJSON(t.out, map[string]any{"type": "message", "at": t.now().UTC(), "message": text})
		return
	}
	_, _ = fmt.Fprintln(t.out, t.wrap(notice.PrintableText(text)))
}

// wrap breaks a sentence between words into lines that fit the terminal.
func (t *transcript) wrap(s string) string {
	if t.screen.Width == 0 || strings.Contains(s, "\n") {
		return s
	}
	var out strings.Builder
	column := 0
	for i, word := range strings.Split(s, " ") {
		n := columns(word)
		switch {
		case i == 0:
		case column+1+n > t.screen.Width:
			_ = out.WriteByte('\n')
			column = 0
		default:
			_ = out.WriteByte(' ')
			column++
		}
		_, _ = out.WriteString(word)
		column += n
	}
	return out.String()
}

// Notify implements port.Notifier.
func (t *transcript) Notify(_ context.Context, n notice.Notice) error {
	if t.json {
		return printJSON(t.out, struct {
			Type string `json:"type"`
			notice.Notice
		}{"notice", n})
	}
	if _, err := io.WriteString(t.out, n.TextIn(t.zone)); err != nil {
		return fmt.Errorf("printing a notice: %w", err)
	}
	return nil
}

// watch prints a change of a run's status, and every new attempt.
func (t *transcript) watch(_ job.Job, before, after run.Run, why string) {
	if before.Status == after.Status && len(before.Attempts) == len(after.Attempts) && before.Duplicates == after.Duplicates {
		return
	}
	if t.quiet && (!after.Status.Terminal() || before.Status.Terminal()) {
		return
	}
	now := t.now()
	if t.json {
		_ = printJSON(t.out, map[string]any{"type": "change", "at": now.UTC(), "run": after.ID, "status": after.Status, "attempts": len(after.Attempts), "why": why})
		return
	}
	if after.Status == run.Succeeded {
		why = "ran " + took(after.Duration())
	}
	head := fmt.Sprintf("%s  %-28s ", now.In(t.zone).Format(time.TimeOnly), after.ID)
	state := fmt.Sprintf("%-9s", after.Status)
	why = t.fit(notice.Printable(why), len(head)+len(state)+1)
	if t.screen.Color {
		state = paintState(string(after.Status)) + state[len(after.Status):]
	}
	_, _ = fmt.Fprintln(t.out, strings.TrimRight(head+state+" "+why, " "))
}

// fit cuts a text that begins at column from to the width of the terminal.
func (t *transcript) fit(s string, from int) string {
	if t.screen.Width == 0 {
		return s
	}
	return clip(s, max(t.screen.Width-from, 1))
}

func (t *transcript) started(a *app, l *wire.Local, c *localCmd) {
	if t.json {
		_ = printJSON(t.out, map[string]any{"type": "started", "jobs": len(l.Jobs()), "db": a.db, "url": l.URL, "seed": c.Seed})
		return
	}
	t.line("batchplane runs %s of %s; its state is %s. Times are in %s. Ctrl-C stops it.",
		job.Counted(len(l.Jobs()), "job"), strings.Join(c.Files, " and "), a.db, a.zoneName())
	if len(c.Fault) > 0 {
		t.line("injecting %s, seed %d", strings.Join(c.Fault, " "), c.Seed)
	}
}

// hour says in one line how the runs stand that were queued since a time.
func (t *transcript) hour(ctx context.Context, l *wire.Local, since time.Time) error {
	counts, err := l.Store.Counts(ctx, since)
	if err != nil {
		return fmt.Errorf("summing up: %w", err)
	}
	all, bad := map[run.Status]int{}, map[string]int{}
	for _, c := range counts {
		all[c.Status] += c.Runs
		if c.Status == run.Failed || c.Status == run.Missed {
			bad[c.Job] += c.Runs
		}
	}
	if t.json {
		return printJSON(t.out, map[string]any{"type": "hour", "at": t.now().UTC(), "since": since.UTC(), "runs": all, "bad": bad})
	}
	text := "no runs"
	if len(all) > 0 {
		text = statuses(all)
	}
	names := slices.SortedFunc(maps.Keys(bad), func(a, b string) int { return cmp.Or(bad[b]-bad[a], strings.Compare(a, b)) })
	for i, name := range names[:min(len(names), 3)] {
		names[i] = fmt.Sprintf("%s %d", name, bad[name])
	}
	if len(names) > 0 {
		text += "; failed or missed: " + strings.Join(names[:min(len(names), 3)], ", ") + more(len(names)-3)
	}
	head := t.now().In(t.zone).Format(time.TimeOnly) + "  since " + since.In(t.zone).Format("15:04") + ": "
	_, _ = fmt.Fprintln(t.out, head+t.fit(text, len(head)))
	return nil
}

// hourly prints a summary of each full hour until ctx ends.
func (t *transcript) hourly(ctx context.Context, l *wire.Local) {
	for {
		since := t.now()
		next := time.NewTimer(since.Truncate(time.Hour).Add(time.Hour).Sub(since))
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-next.C:
		}
		if err := t.hour(ctx, l, since); err != nil && ctx.Err() == nil {
			l.Control.Log.WarnContext(ctx, "the hour", "err", err)
		}
	}
}

// summary says by job how the runs ended that were queued since a time, as the database counts
// them.
func (t *transcript) summary(ctx context.Context, l *wire.Local, since time.Time) error {
	faults := l.ECS.Stats()
	counts, err := l.Store.Counts(ctx, since)
	if err != nil {
		return fmt.Errorf("summing up: %w", err)
	}
	byJob, attempts := map[string]map[run.Status]int{}, map[string]int{}
	for _, c := range counts {
		if byJob[c.Job] == nil {
			byJob[c.Job] = map[run.Status]int{}
		}
		byJob[c.Job][c.Status] += c.Runs
		attempts[c.Job] += c.Attempts
	}
	if t.json {
		return printJSON(t.out, map[string]any{"type": "summary", "runs": byJob, "attempts": attempts, "faults": faults})
	}
	rows := make([][]string, 0, len(byJob))
	for _, name := range slices.Sorted(maps.Keys(byJob)) {
		rows = append(rows, []string{name, statuses(byJob[name]), fmt.Sprint(attempts[name])})
	}
	_, _ = fmt.Fprintln(t.out)
	if len(rows) == 0 {
		t.line("no new run in this time")
	} else if err := table(t.out, []string{"JOB", "RUNS", "ATTEMPTS"}, rows); err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(faults)) {
		if faults[kind] > 0 {
			_, _ = fmt.Fprintf(t.out, "injected %s: %d\n", kind, faults[kind])
		}
	}
	return nil
}

func statuses(n map[run.Status]int) string {
	var parts []string
	for _, s := range run.Statuses {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(parts, ", ")
}
