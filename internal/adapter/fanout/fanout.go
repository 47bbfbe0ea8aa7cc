// Package fanout carries one notice in several ways.
package fanout

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/notice"
)

// remembered is how many deliveries one process keeps in mind.
const remembered = 1000

// Way is one way of carrying notices.
type Way struct {
	Name string
	control.Notifier
}

// Notifier implements control.Notifier: every way is tried, whatever the others
// did. A way that took a notice is not used for it again by this process while
// another way still fails; a process that begins anew does not know of it.
type Notifier struct {
	Ways []Way

	mu    sync.Mutex
	took  map[string]bool
	order []string
}

// Notify carries a notice all ways.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) error {
	var errs []error
	for _, w := range n.Ways {
		id := w.Name + " " + x.ID
		if n.known(id) {
			continue
		}
		if err := w.Notify(ctx, x); err != nil {
			errs = append(errs, fmt.Errorf("by %s: %w", w.Name, err))
			continue
		}
		n.remember(id)
	}
	return errors.Join(errs...)
}

func (n *Notifier) known(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.took[id]
}

func (n *Notifier) remember(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.took == nil {
		n.took = map[string]bool{}
	}
	n.took[id] = true
	n.order = append(n.order, id)
	if len(n.order) > remembered {
		delete(n.took, n.order[0])
		n.order = n.order[1:]
	}
}
