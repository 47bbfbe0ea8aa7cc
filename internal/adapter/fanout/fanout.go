// Package fanout sends one notice in several ways.
package fanout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
)

// markWithin is how long noting who took a notice may take. It is a limit of its own, since the ways
// may have used up the time of the call.
const markWithin = 3 * time.Second

// A target that took slow or longer and then failed is left alone for silence. Otherwise each further
// notice would wait for it anew, and hold up all other targets.
const (
	slow    = 4 * time.Second
	silence = time.Minute
)

// Way is one way of sending notices, to one target or to several.
type Way interface {
	// Targets returns where a notice goes. The names are the same for each delivery of the notice, and
	// no other way uses them.
	Targets(n notice.Notice) []string
	// Carry sends a notice to one of its targets.
	Carry(ctx context.Context, target string, n notice.Notice) error
}

// Carrier sends notices to one target.
type Carrier interface {
	Notify(ctx context.Context, n notice.Notice) error
}

// Only is a way with one target.
type Only struct {
	Name string
	Carrier
	// Within is how long sending one notice may take; 0 means as long as the context lasts.
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

// Memory remembers which targets took a notice that others did not take. It outlives the process:
// another process may make the next delivery.
type Memory interface {
	// Took returns the targets that SetTook was given for a notice's id.
	Took(ctx context.Context, id string) ([]string, error)
	// SetTook adds targets.
	SetTook(ctx context.Context, id string, targets []string) error
}

// Notifier implements port.Notifier. It tries every target, whatever became of the others. A target
// that took a notice does not get it again with the next delivery.
//
// If the process ends after a target took a notice and before that is noted, the target gets the notice
// again. Twice is better than never.
type Notifier struct {
	Ways   []Way
	Memory Memory
	// Now returns the time; nil means the machine's clock.
	Now func() time.Time

	mu sync.Mutex
	// silent says until when a target is left alone.
	silent map[string]time.Time
	// telling holds the ids of the notices that are being sent now. While a target holds up one delivery,
	// another would tell all others again.
	telling sync.Map
}

// Notify sends a notice to all targets that have not taken it yet. It returns the names of all targets
// that have taken it, sorted.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) (all []string, err error) {
	if _, telling := n.telling.LoadOrStore(x.ID, true); telling {
		return nil, port.ErrTelling
	}
	defer n.telling.Delete(x.ID)
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

// carry sends a notice to a target, unless the target is left alone.
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
