package plane

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Follow says how to read an output.
type Follow struct {
	Run run.ID
	// Attempt is the number of the attempt; 0 means the newest at the time.
	Attempt int
	// On means to continue until the attempt has ended.
	On bool
	// Since leaves out lines that were written earlier.
	Since time.Time
}

// Followed is the outcome of Follow.
type Followed struct {
	Attempt run.Attempt
	// Lines is the number of lines that were read.
	Lines int
}

// Follow emits each line that an attempt's task wrote. With f.On it continues until the attempt
// has ended and its last lines have arrived, or ctx ends.
func (p *Plane) Follow(ctx context.Context, f Follow, emit func(Line) error) (Followed, error) {
	done, err := p.follow(ctx, f, emit)
	if ctx.Err() != nil {
		return done, nil //nolint:nilerr // also where that cut a read off
	}
	return done, err
}

func (p *Plane) follow(ctx context.Context, f Follow, emit func(Line) error) (done Followed, err error) {
	poll := poller{plane: p}
	place := ""
	var ended time.Time
	for ctx.Err() == nil {
		// Read whether the attempt has ended before reading its output, so that no last lines are
		// lost.
		r, a, err := p.attempt(ctx, f.Run, f.Attempt)
		if err != nil {
			return done, err
		}
		f.Attempt, done.Attempt = a.N, a // a relaunch has another output
		n, err := p.drain(ctx, outputOf(r, a), &place, f.Since, func(l Line) error {
			l.Attempt = a.N
			return emit(l)
		})
		done.Lines += n
		if err != nil || !f.On {
			return done, err
		}
		if a.Over() && ended.IsZero() {
			ended = p.now()
		}
		// The last lines may become readable a little later.
		if a.Over() && (a.TaskARN == "" || p.now().Sub(ended) >= p.Output.Lag()) {
			return done, nil
		}
		poll.wait(ctx, n > 0)
	}
	return done, nil
}

// LastLines returns the last lines that an attempt's task wrote, at most n, oldest first.
func (p *Plane) LastLines(ctx context.Context, r run.Run, attempt, n int) ([]string, error) {
	a := r.Attempt(attempt)
	if a == nil || a.TaskARN == "" {
		return nil, nil
	}
	return p.Output.Tail(ctx, outputOf(r, *a), n)
}

// drain emits all lines that are available after a place.
func (p *Plane) drain(ctx context.Context, o port.Output, place *string, since time.Time, emit func(Line) error) (n int, err error) {
	if o.TaskARN == "" {
		return 0, nil
	}
	for {
		lines, err := p.Output.Read(ctx, o, *place, since)
		if err != nil {
			return n, err
		}
		for _, l := range lines.Lines {
			if err := emit(l); err != nil {
				return n, err
			}
		}
		n += len(lines.Lines)
		at := *place
		if *place = lines.Next; at == lines.Next {
			return n, nil
		}
	}
}

// attempt returns attempt n of a run, or the newest if n is 0.
func (p *Plane) attempt(ctx context.Context, id run.ID, n int) (run.Run, run.Attempt, error) {
	r, err := p.Run(ctx, id)
	if err != nil {
		return r, run.Attempt{}, err
	}
	if len(r.Attempts) == 0 {
		return r, run.Attempt{}, fmt.Errorf("%s has not been launched yet: %s", id, r.Cause)
	}
	if n == 0 {
		n = len(r.Attempts)
	}
	a := r.Attempt(n)
	if a == nil {
		return r, run.Attempt{}, fmt.Errorf("%s has no attempt %d: it has %d", id, n, len(r.Attempts))
	}
	return r, *a, nil
}

// Wait waits until a run has ended or ctx is done. It calls changed, unless nil, whenever the
// run's state or number of attempts has changed.
func (p *Plane) Wait(ctx context.Context, id run.ID, changed func(run.Run)) (run.Run, error) {
	poll := poller{plane: p}
	var last run.Run
	for {
		r, err := p.Run(ctx, id)
		if err != nil {
			return last, err
		}
		moved := last.ID == "" || view.StateOf(r, p.now()) != view.StateOf(last, p.now()) || len(r.Attempts) != len(last.Attempts)
		if last = r; moved && changed != nil {
			changed(r)
		}
		if r.Status.Terminal() {
			return r, nil
		}
		poll.wait(ctx, moved)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
	}
}

// poller waits between two looks: the longer nothing came, the longer it waits.
type poller struct {
	plane *Plane
	next  time.Duration
}

func (w *poller) wait(ctx context.Context, came bool) {
	if came || w.next == 0 {
		w.next = w.plane.Poll.Least
	}
	w.plane.sleep(ctx, w.next)
	w.next = min(w.plane.Poll.Most, w.next*3/2)
}

// Pause waits for the time between two looks.
func (p *Plane) Pause(ctx context.Context) { p.sleep(ctx, p.Poll.Least) }

// Place returns the place after everything that a run's newest attempt has written so far. It
// searches from an earlier place on.
func (p *Plane) Place(ctx context.Context, r run.Run, from string) (string, error) {
	a := r.Last()
	if a == nil {
		return from, nil
	}
	_, err := p.drain(ctx, outputOf(r, *a), &from, time.Time{}, func(Line) error { return nil })
	return from, err
}
