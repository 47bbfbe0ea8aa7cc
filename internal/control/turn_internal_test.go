package control

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// turnMark is a store with one mark.
type turnMark struct {
	port.Store
	at time.Time
	// err is the answer to a write. twice says that a write that took effect is answered with
	// a conflict, as one that was sent twice is.
	err, readErr error
	twice        bool
	moves        int
}

func (m *turnMark) Mark(context.Context, string) (time.Time, error) { return m.at, m.readErr }

func (m *turnMark) MoveMark(_ context.Context, _ string, from, to time.Time) error {
	m.moves++
	switch {
	case m.err != nil:
		return m.err
	case !m.at.Equal(from):
		return port.ErrConflict
	}
	if m.at = to; m.twice {
		return port.ErrConflict
	}
	return nil
}

// TestTurn: a process takes its turn where the one before it ends, keeps it as long as it
// renews it in time, and gives it back.
func TestTurn(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	broken := errors.New("no answer")
	type seen struct {
		wait time.Duration
		mine bool
		err  bool
		mark time.Duration // when the mark is, after the start
	}
	for name, c := range map[string]struct {
		before time.Duration // when the mark is that another process left
		play   func(m *turnMark, hold func(after time.Duration) seen) seen
		want   seen
	}{
		"nobody has it":                 {-time.Hour, nil, seen{0, true, false, turnLength}},
		"another has it":                {3 * time.Second, nil, seen{3 * time.Second, true, false, 3*time.Second + turnLength}},
		"another had it up to now":      {0, nil, seen{0, true, false, turnLength}},
		"another two have claimed it":   {2*turnLength - time.Millisecond, nil, seen{2*turnLength - time.Millisecond, true, false, 3*turnLength - time.Millisecond}},
		"one whose clock is off has it": {2 * turnLength, nil, seen{0, true, false, turnLength}},
		"it cannot be asked for": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			m.readErr = broken
			return hold(0)
		}, seen{err: true}},
		"it cannot be taken": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			m.err = broken
			return hold(0)
		}, seen{err: true}},
		"another was first": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			m.err = port.ErrConflict
			return hold(0)
		}, seen{}},
		"another was first, and the next try is its own": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			m.err = port.ErrConflict
			hold(0)
			m.err = nil
			hold(0)
			return hold(3*time.Second + time.Millisecond)
		}, seen{0, true, false, 3*time.Second + time.Millisecond + turnLength}},
		"its write was sent twice": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			m.twice = true
			return hold(0)
		}, seen{0, true, false, turnLength}},
		"in its last quarter's first moment": {0, func(_ *turnMark, hold func(time.Duration) seen) seen {
			hold(0)
			return hold(3 * time.Second)
		}, seen{0, true, false, turnLength}},
		"in its last quarter": {0, func(_ *turnMark, hold func(time.Duration) seen) seen {
			hold(0)
			return hold(3*time.Second + time.Millisecond)
		}, seen{0, true, false, 3*time.Second + time.Millisecond + turnLength}},
		"before it begins": {3 * time.Second, func(_ *turnMark, hold func(time.Duration) seen) seen {
			hold(0)
			return hold(time.Second)
		}, seen{2 * time.Second, true, false, 3*time.Second + turnLength}},
		"it cannot be renewed yet": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			hold(0)
			m.err = broken
			return hold(turnLength - time.Millisecond)
		}, seen{0, true, false, turnLength}},
		"it cannot be renewed in time": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			hold(0)
			m.err = broken
			return hold(turnLength)
		}, seen{0, false, true, turnLength}},
		"another took over": {0, func(m *turnMark, hold func(time.Duration) seen) seen {
			hold(0)
			m.at = start.Add(2 * turnLength)
			hold(turnLength - time.Millisecond)
			return hold(turnLength)
		}, seen{0, false, false, 2 * turnLength}},
	} {
		m := &turnMark{at: start.Add(c.before)}
		now := start
		ctl := &Control{InTurns: true, Store: m, Now: func() time.Time { return now }}
		turn := turn{asks: make(chan struct{}, 1)}
		hold := func(after time.Duration) seen {
			now = start.Add(after)
			wait, mine, err := turn.hold(t.Context(), ctl)
			return seen{wait, mine, err != nil, m.at.Sub(start)}
		}
		if c.play == nil {
			c.play = func(_ *turnMark, hold func(time.Duration) seen) seen { return hold(0) }
		}
		if got := c.play(m, hold); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestTurnGivenBack: a turn that was given back can be another's at once, and is given back
// once. A turn that has run out, or is already another's, is left alone.
func TestTurnGivenBack(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	broken := errors.New("no answer")
	for name, c := range map[string]struct {
		after time.Duration
		err   error
		fails bool
		moves int
	}{
		"in time":           {time.Second, nil, false, 2},
		"in the last":       {turnLength - time.Millisecond, nil, false, 2},
		"when it ran out":   {turnLength, nil, false, 1},
		"without an answer": {time.Second, broken, true, 2},
		"to who took it":    {time.Second, port.ErrConflict, false, 2},
	} {
		m, now := &turnMark{}, start
		ctl := &Control{InTurns: true, Store: m, Now: func() time.Time { return now }}
		turn := turn{asks: make(chan struct{}, 1)}
		if _, mine, err := turn.hold(t.Context(), ctl); err != nil || !mine {
			t.Fatal(mine, err)
		}
		now, m.err = start.Add(c.after), c.err
		if err := turn.release(t.Context(), ctl); (err != nil) != c.fails || c.fails && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if err := turn.release(t.Context(), ctl); err != nil || m.moves != c.moves || turn.over() != (c.moves == 2) {
			t.Errorf("%s, and again: %v, after %d writes, over: %t", name, err, m.moves, turn.over())
		}
		if c.moves == 2 && c.err == nil && !m.at.Equal(now) {
			t.Errorf("%s: another may begin at %s", name, m.at)
		}
	}
}
