package simulation

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
)

// minds are the processes of the functions other than the sweep, in worlds in which each function
// has its own, as on AWS. What one remembers the others do not know, and it may be out of date.
// Sweeps have theirs in their process.
type minds struct {
	// base is what all processes are made from; nil if one process does everything.
	base *control.Control
	idle map[string][]*control.Control
	// pauses are, for a mutation, the pauses of an item as a process first read them.
	pauses map[pausesOf][]job.Pause
}

type pausesOf struct {
	by   *control.Control
	item string
}

// mostMinds is how many processes of a function are kept.
const mostMinds = 3

// apart makes each function have processes of its own.
func (w *World) apart() {
	if _, ok := w.luck(Apart, 100, "", 0); ok {
		w.minds = minds{base: w.control, idle: map[string][]*control.Control{}, pauses: map[pausesOf][]job.Pause{}}
	}
}

// enters makes a handler run in a process of its function: one that is idle or, now and then, a
// new one. A process does one thing at a time.
func (w *World) enters(h *handler) {
	h.outer = w.control
	if w.minds.base == nil || h.name == "sweep" || h.name == "notify" {
		return
	}
	h.function = "trigger"
	if h.name == "onstopped" {
		h.function = h.name
	}
	idle := w.minds.idle[h.function]
	if _, replaced := w.luck(Apart, 40, h.function, h.from); replaced || len(idle) == 0 {
		w.control = anew(w.minds.base)
		w.control.Registry = nil // only sweeps have it
		return
	}
	i := int(mix(w.opt.Seed, uint64(h.from)) % uint64(len(idle)))
	w.control = idle[i]
	w.minds.idle[h.function] = slices.Delete(idle, i, i+1)
}

// leaves ends what enters began. A process that crashed is not used again.
func (w *World) leaves(h *handler, crashed bool) {
	if h.function != "" && !crashed {
		idle := append(w.minds.idle[h.function], w.control)
		w.minds.idle[h.function] = idle[max(0, len(idle)-mostMinds):]
	}
	w.control = h.outer
}

// thinks makes the running sweep use what its process remembers.
func (w *World) thinks(p *process) *process {
	if p.control != nil {
		w.control = p.control
	}
	return p
}

// mind returns what a new process of a sweep remembers, or nil if one process does everything.
func (w *World) mind() *control.Control {
	if w.minds.base == nil {
		return nil
	}
	return anew(w.minds.base)
}

// oldPauses makes a mutation's process believe what it first read of an item's pauses.
func (w *World) oldPauses(item *job.Item) {
	if w.opt.Mutation != OldPauses || w.minds.base == nil || strings.HasPrefix(w.h.name, "pause") {
		return
	}
	of := pausesOf{w.control, item.Name}
	was, known := w.minds.pauses[of]
	if !known {
		was = slices.Clone(item.Pauses)
		w.minds.pauses[of] = was
	}
	*item = copyItem(*item)
	item.Pauses = slices.Clone(was)
}
