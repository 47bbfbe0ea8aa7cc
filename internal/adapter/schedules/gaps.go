package schedules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/port"
)

// gaps collects what could not be read of the registry.
type gaps struct {
	// problems and unread are by the schedule that has them. clashes are of several schedules each.
	problems, unread map[string]error
	clashes          []error
	// halves are jobs whose schedule could not be read again, or that are named by a schedule that
	// cannot be used.
	halves map[string]bool
	// nameless is how many schedules cannot be used, or were not read, and name no known job.
	nameless int
}

// gaps returns the gaps in what is known.
func (r *Registry) gaps(m *merged) gaps {
	g := gaps{problems: map[string]error{}, unread: map[string]error{}, clashes: m.clashes, halves: map[string]bool{}}
	for name, v := range r.read { //nolint:gocritic // some 10,000 small values a minute
		by := rule{}
		if v.entry != nil {
			by = r.rules[v.entry.job.Rule]
		}
		switch {
		case v.why != nil:
			g.add(name, v.why)
			g.blame(v)
		case by.why != nil:
			g.add(name, fmt.Errorf("%s: job %s: %w", v.entry.name, v.entry.job.Name, by.why))
			if by.leavesOpen(v.entry.job.Schedule) {
				g.halves[v.entry.job.Name] = true
			}
		}
	}
	return g
}

// add notes why a schedule cannot be used, or was not read.
func (g *gaps) add(name string, err error) {
	if passes(err) {
		g.unread[name] = err
		return
	}
	g.problems[name] = err
}

// blame notes whose schedule cannot be used, or was not read.
func (g *gaps) blame(v version) { //nolint:gocritic // small
	if v.entry != nil {
		g.halves[v.entry.job.Name] = true
	}
	switch {
	case v.of != "":
		g.halves[v.of] = true
	case v.entry == nil:
		g.nameless++
	}
}

// half reports whether only a part of a job may have been read. If nobody knows whose schedule was not
// read, that can be any disabled job: a job is enabled as soon as one of its schedules is.
func (g *gaps) half(j port.Registered) bool { //nolint:gocritic // as slices.DeleteFunc has it
	return g.halves[j.Name] || len(g.unread) > 0 && j.Disabled
}

func (g *gaps) none() bool { return len(g.problems)+len(g.clashes)+len(g.unread) == 0 }

func (g *gaps) err() error {
	var errs []error
	if len(g.problems)+len(g.clashes) > 0 {
		errs = append(errs, &ProblemError{slices.Concat(g.clashes, sorted(g.problems))})
	}
	if len(g.unread) > 0 {
		errs = append(errs, &UnreadError{sorted(g.unread)})
	}
	return errors.Join(errs...)
}

// first returns the error of the first schedule by name, so the same one each time.
func first(errs map[string]error) error { return errs[slices.Min(slices.Collect(maps.Keys(errs)))] }

// sorted returns errors by the names of their schedules.
func sorted(errs map[string]error) []error {
	out := make([]error, 0, len(errs))
	for _, name := range slices.Sorted(maps.Keys(errs)) {
		out = append(out, errs[name])
	}
	return out
}

var retryable = retry.IsErrorRetryables(retry.DefaultRetryables)

// passes reports whether a call to AWS failed for a reason that passes by itself: a rate limit, a
// timeout, the network, a fault of the service, or an answer that was cut off. It is false for nil.
func passes(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return true
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorFault() == smithy.FaultServer {
		return true
	}
	return retryable.IsErrorRetryable(err) == aws.TrueTernary
}
