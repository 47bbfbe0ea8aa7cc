package run

import (
	"fmt"
	"slices"
)

// effects are the kinds that this version can perform.
var effects = []EffectKind{Launch, StopTask, Find, Tell}

// Nonsense says why a run that can be read does not hold together, so that nothing can be
// decided about it; "" if it does. Such runs come from a repair by hand, or from a version
// that wrote another form of them.
func (r *Run) Nonsense() string {
	for i := range r.Attempts {
		if n := r.Attempts[i].N; n != i+1 {
			return fmt.Sprintf("attempt %d stands where attempt %d should", n, i+1)
		}
	}
	switch {
	case !r.Status.Valid():
		return fmt.Sprintf("%q is no status", r.Status)
	case (r.Status == Launching || r.Status == Running) && len(r.Attempts) == 0:
		return fmt.Sprintf("it is %s and has no attempt", r.Status)
	}
	for _, e := range r.Owed {
		if !slices.Contains(effects, e.Kind) {
			return fmt.Sprintf("it owes a %q, which this version does not know", e.Kind)
		}
		if e.Kind != Tell && r.Attempt(e.Attempt) == nil {
			return fmt.Sprintf("it owes a %s of attempt %d, which it does not have", e.Kind, e.Attempt)
		}
	}
	return ""
}
