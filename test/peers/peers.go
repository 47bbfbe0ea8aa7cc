// Package peers compares the cron engine with other Go libraries: which of them gets which vector
// right, and how fast they are. It is a module of its own, so that none of them is a dependency
// of batchplane.
package peers

import (
	"errors"
	"fmt"
	"time"

	"github.com/adhocore/gronx"
	"github.com/hashicorp/cronexpr"
	netresearch "github.com/netresearch/go-cron"
	robfig "github.com/robfig/cron/v3"

	"github.com/batchplane/batchplane/internal/cron"
)

// next returns the first fire after a time, or zero if there is none.
type next func(after time.Time) time.Time

// engine reads an expression in a zone.
type engine struct {
	name string
	read func(expr, zone string) (next, error)
}

var errPanic = errors.New("it panics")

// engines are ours and the others, ours first, with the zones that a program has by default.
var engines = with(func(zone string) (*time.Location, error) {
	z, err := cron.LoadZone(zone)
	if err != nil {
		return nil, err
	}
	return z.Location(), nil
})

// with returns the engines. locate finds the others' zones; ours has its own.
func with(locate func(zone string) (*time.Location, error)) []engine {
	// in makes an engine search in a zone's own time.
	in := func(zone string, err error, f next) (next, error) {
		if err != nil {
			return nil, err
		}
		location, err := locate(zone)
		if err != nil {
			return nil, err
		}
		return func(t time.Time) time.Time { return f(t.In(location)) }, nil
	}
	return []engine{
		{"batchplane", func(expr, zone string) (next, error) {
			spec, err := cron.ParseCrontab(expr)
			if err != nil {
				return nil, err
			}
			z, err := cron.LoadZone(zone)
			if err != nil {
				return nil, err
			}
			s := spec.In(z, cron.DST{})
			return func(after time.Time) time.Time {
				t, _ := s.Next(after)
				return t
			}, nil
		}},
		{"robfig/cron v3", func(expr, zone string) (next, error) {
			s, err := robfig.ParseStandard(expr)
			return in(zone, err, func(t time.Time) time.Time { return s.Next(t) })
		}},
		{"adhocore/gronx", func(expr, zone string) (next, error) {
			if !gronx.IsValid(expr) {
				return nil, errors.New("not valid")
			}
			return in(zone, nil, func(t time.Time) time.Time {
				n, err := gronx.NextTickAfter(expr, t, false)
				if err != nil {
					return time.Time{}
				}
				return n
			})
		}},
		{"hashicorp/cronexpr", func(expr, zone string) (next, error) {
			e, err := cronexpr.Parse(expr)
			return in(zone, err, func(t time.Time) time.Time { return e.Next(t) })
		}},
		{"netresearch/go-cron", func(expr, zone string) (next, error) {
			s, err := netresearch.ParseStandard(expr)
			return in(zone, err, func(t time.Time) time.Time { return s.Next(t) })
		}},
	}
}

// fires returns the fires of an expression from a time (inclusive) to another (exclusive). An
// engine that stands still or goes back causes an error.
func fires(e engine, expr, zone string, from, to time.Time) (out []time.Time, err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("%w: %v", errPanic, why)
		}
	}()
	n, err := e.read(expr, zone)
	if err != nil {
		return nil, err
	}
	for at := n(from.Add(-time.Second)); !at.IsZero() && at.Before(to); {
		out = append(out, at.UTC())
		following := n(at)
		if !following.IsZero() && !following.After(at) {
			return nil, errors.New("Next stands still")
		}
		at = following
	}
	return out, nil
}
