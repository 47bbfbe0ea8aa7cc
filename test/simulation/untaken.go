package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// untaken is a time, longer than notices are tried, in which targets take none.
type untaken struct {
	span
	targets []string
}

// untakes makes targets take no notice from shortly before the calm on, for a day or longer.
func (w *World) untakes() {
	if d, ok := w.luck(TargetGone, 10, "", 0); ok {
		from := w.end.Add(-time.Duration(d.between(1, 30)) * time.Minute)
		w.untaken = untaken{span{from, from.Add(time.Duration(d.between(20, 32)) * time.Hour)}, targets[d.between(0, len(targets)-1):]}
	}
}

// takesNone returns the targets that take no notice now. What then fails, fails for that.
func (w *World) takesNone() []string {
	if !w.untaken.covers(w.now) {
		return nil
	}
	w.h.denied = true
	return w.untaken.targets
}

// toldAtLast reports whether all targets accepted a notice of a run or, if a target took none for a day,
// something is kept that says so.
func (w *World) toldAtLast(id run.ID, notice string) bool {
	told := !slices.ContainsFunc(targets, func(target string) bool { return w.truth.notices[carried{target, notice}] == nil })
	if told || w.teller == nil || w.untaken.from.IsZero() {
		return told
	}
	kind, _, _ := strings.Cut(notice, ":")
	for _, k := range w.store.kept {
		if strings.HasPrefix(k.Reason, gaveUp+string(id)+" "+kind+",") {
			return true
		}
	}
	return false
}

// gaveUp begins what is kept of a notice that was given up.
const gaveUp = "gave up sending the notice that "
