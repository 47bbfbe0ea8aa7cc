package local

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// LimitLog returns a handler that passes on the same message of the same level at most once a minute: a
// lasting fault, such as a full disk, must not fill the log too. The next line then says how many were
// left out.
func LimitLog(h slog.Handler) slog.Handler {
	return limitLog{h, &said{lines: map[line]*lately{}}}
}

const sayAgain = time.Minute

type limitLog struct {
	slog.Handler
	said *said
}

type line struct {
	level   slog.Level
	message string
}

type lately struct {
	at   time.Time
	left int
}

type said struct {
	mu    sync.Mutex
	lines map[line]*lately
}

// Handle implements slog.Handler.
func (l limitLog) Handle(ctx context.Context, r slog.Record) error {
	left, ok := l.said.say(line{r.Level, r.Message}, r.Time)
	if !ok {
		return nil
	}
	if left > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("leftOut", left))
	}
	return l.Handler.Handle(ctx, r) //nolint:wrapcheck // it is the handler's own
}

func (s *said) say(x line, now time.Time) (left int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.lines[x]
	if before != nil && now.Sub(before.at) < sayAgain {
		before.left++
		return 0, false
	}
	s.lines[x] = &lately{at: now}
	if before == nil {
		return 0, true
	}
	return before.left, true
}

// WithAttrs implements slog.Handler.
func (l limitLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return limitLog{l.Handler.WithAttrs(attrs), l.said}
}

// WithGroup implements slog.Handler.
func (l limitLog) WithGroup(name string) slog.Handler {
	return limitLog{l.Handler.WithGroup(name), l.said}
}
