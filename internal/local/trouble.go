package local

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// trouble is why the program cannot do its work, such as a full disk.
type trouble struct {
	since time.Time
	err   error
	// waiting is how many jobs have slots that could not be fired.
	waiting int
}

// note keeps the error of the last step; nil means that it succeeded.
func (p *Program) note(err error) {
	if err == nil {
		p.trouble.Store(nil)
		return
	}
	now := p.Control.Now()
	t := &trouble{since: now, err: err}
	if before := p.trouble.Load(); before != nil {
		t.since = before.since
	}
	p.mu.Lock()
	for _, s := range p.schedules {
		if !s.next.IsZero() && !s.next.After(now) {
			t.waiting++
		}
	}
	p.mu.Unlock()
	p.trouble.Store(t)
}

// maxTrouble is how many bytes of an error are shown.
const maxTrouble = 500

// Trouble says why the program cannot do its work, since when, and what waits for it; "" if it can. It
// works while nothing can be written. While tasks are drained or stopped, which may take hours, slots wait
// for the next start.
func (p *Program) Trouble() string {
	t := p.trouble.Load()
	switch {
	case p.Gate != nil && p.Gate.Closed():
		return "it is being stopped: it launches nothing more, and ends when its tasks have ended"
	case t == nil:
		return ""
	}
	text := OneLine(t.err)
	what := "it cannot do its work"
	if Owed(t.err) {
		what = "it cannot do what runs owe, such as notices,"
	}
	out := fmt.Sprintf("%s since %s and tries again: %s", what, t.since.UTC().Format("15:04:05 UTC"), text)
	if t.waiting > 0 {
		out = fmt.Sprintf("%s; the slots of %s wait for that", out, job.Counted(t.waiting, "job"))
	}
	return out
}

// OneLine returns an error as one line, cut off where it is long. Joined errors and the problems of a file have a
// line each.
func OneLine(err error) string {
	text := strings.NewReplacer(":\n", ": ", "\n", "; ").Replace(err.Error())
	if len(text) > maxTrouble {
		text = strings.ToValidUTF8(text[:maxTrouble], "") + "…"
	}
	return text
}

// Owed reports whether an error, which may be several joined, says of nothing else than effects of runs that they
// could not be performed: what became of the runs is written, and the effects are saved.
func Owed(err error) bool {
	switch e := err.(type) { //nolint:errorlint // each error of a tree is asked
	case interface{ Unwrap() error }:
		return Owed(e.Unwrap())
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		return slices.Contains(all, port.ErrOwed) || !slices.ContainsFunc(all, func(err error) bool { return !Owed(err) })
	}
	return err == port.ErrOwed //nolint:errorlint // the leaf itself
}
