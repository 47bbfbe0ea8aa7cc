// Package fanout carries one notice in several ways.
package fanout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
)

// markWithin is how long the note of who took a notice may take. It has a time of
// its own, since the ways may have used all there was.
const markWithin = 3 * time.Second

// A target that took longer than slow and then failed is left alone for silence, so
// that it does not hold up all other targets of all other notices: each would wait for
// it anew.
const (
	slow    = 4 * time.Second
	silence = time.Minute
)

// Way is one way of carrying notices, to one target or to several.
type Way interface {
	// Targets are where a notice goes, by names that are the same for each of
	// its deliveries and that no other way uses.
	Targets(n notice.Notice) []string
	// Carry carries a notice to one of its targets.
	Carry(ctx context.Context, target string, n notice.Notice) error
}

// Carrier carries notices to one target.
type Carrier interface {
	Notify(ctx context.Context, n notice.Notice) error
}

// Only is a way with one target.
type Only struct {
	Name string
	Carrier
	// Within is how long carrying one notice may take; 0 is as long as the context lasts.
	Within time.Duration
}

// Targets implements Way.
func (o Only) Targets(notice.Notice) []string { return []string{o.Name} }

// Carry implements Way.
func (o Only) Carry(ctx context.Context, _ string, n notice.Notice) error {
	if o.Within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Within)
		defer cancel()
	}
	return o.Notify(ctx, n)
}

// Memory keeps which targets took a notice that others did not. It outlives the
// process: the next delivery may come to another one.
type Memory interface {
	// Took returns the targets that SetTook was given for a notice's ID.
	Took(ctx context.Context, id string) ([]string, error)
	// SetTook adds targets.
	SetTook(ctx context.Context, id string, targets []string) error
}

// Notifier implements control.Notifier: every target is tried, whatever the
// others did, and one that took a notice does not get it again with the next
// delivery.
//
// Crash window: a process that ends between the first target and the note of it
// tells that target again. A notice twice is better than none.
type Notifier struct {
	Ways   []Way
	Memory Memory
	// Now is the time; nil is the machine's clock.
	Now func() time.Time

	mu sync.Mutex
	// silent is until when a target is left alone.
	silent map[string]time.Time
	// telling are the notices that are on their way now.
	telling map[string]bool
}

// ErrTelling: another delivery of the notice is on its way in this process, held up by
// a target perhaps; a second one would tell all others again.
var ErrTelling = errors.New("it is being told already")

// begin is whether no other delivery of a notice is on its way.
func (n *Notifier) begin(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.telling[id] {
		return false
	}
	if n.telling == nil {
		n.telling = map[string]bool{}
	}
	n.telling[id] = true
	return true
}

func (n *Notifier) end(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.telling, id)
}

// Notify carries a notice to all targets that have not taken it yet.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) (all []string, err error) {
	if !n.begin(x.ID) {
		return nil, ErrTelling
	}
	defer n.end(x.ID)
	before, err := n.Memory.Took(ctx, x.ID)
	if err != nil {
		return nil, fmt.Errorf("asking who took notice %s: %w", x.ID, err)
	}
	var took []string
	var errs []error
	for _, w := range n.Ways {
		for _, target := range w.Targets(x) {
			if slices.Contains(before, target) {
				continue
			}
			if err := n.carry(ctx, w, target, x); err != nil {
				errs = append(errs, fmt.Errorf("to %s: %w", target, err))
				continue
			}
			took = append(took, target)
		}
	}
	if len(errs) > 0 && len(took) > 0 {
		errs = append(errs, n.mark(ctx, x.ID, took))
	}
	all = slices.Concat(before, took)
	slices.Sort(all)
	return slices.Compact(all), errors.Join(errs...)
}

// carry carries a notice to a target, unless that is silent.
func (n *Notifier) carry(ctx context.Context, w Way, target string, x notice.Notice) error {
	began := n.now()
	n.mu.Lock()
	until := n.silent[target]
	n.mu.Unlock()
	if left := until.Sub(began); left > 0 {
		return fmt.Errorf("it gave no answer in time, and is left alone for %s", left.Round(time.Second))
	}
	err := w.Carry(ctx, target, x)
	if now := n.now(); err != nil && now.Sub(began) >= slow {
		n.mu.Lock()
		if n.silent == nil {
			n.silent = map[string]time.Time{}
		}
		n.silent[target] = now.Add(silence)
		n.mu.Unlock()
	}
	return err
}

func (n *Notifier) now() time.Time {
	if n.Now != nil {
		return n.Now()
	}
	return time.Now()
}

func (n *Notifier) mark(ctx context.Context, id string, took []string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markWithin)
	defer cancel()
	if err := n.Memory.SetTook(ctx, id, took); err != nil {
		return fmt.Errorf("noting that %q took notice %s: %w", took, id, err)
	}
	return nil
}
