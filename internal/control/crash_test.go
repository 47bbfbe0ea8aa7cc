package control_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestScenarios plays every story without a fault of the control plane.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.play(t, fault{}, true)
			if len(w.told) > len(w.ports.ends)+1 {
				t.Errorf("too many notices: %s", w.story())
			}
		})
	}
}

// pure lists the calls that change nothing outside: dying after one of them is dying before
// the next.
var pure = []string{"Run", "Due", "Runs", "Item", "Items", "Exist", "Definition", "Definitions", "Kept", "Pending", "Mark", "Resolve", "Describe", "Find"}

// TestCrashAtEveryCall makes a process die, or its call fail, at every single call to the
// outside, before and after the call took effect: once with everything delivered again, and
// once with nothing delivered again so that only the look is left.
func TestCrashAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, redeliver := range []bool{true, false} {
				// Up to the fault every life is the same, so the undisturbed one names the
				// calls.
				calls := s.play(t, fault{}, redeliver).ports.calls
				for k, name := range calls {
					if testing.Short() && k%7 != 0 {
						continue // -short takes every seventh call
					}
					for _, f := range faultsOf(name, k+1) {
						strike(t, s, f, redeliver)
					}
				}
			}
		})
	}
}

// faultsOf returns the faults that make a difference at a call.
func faultsOf(name string, k int) []fault {
	fs := []fault{{mode: dies, at: []int{k}}, {mode: fails, at: []int{k}}}
	if !slices.Contains(pure, name) {
		fs = append(fs, fault{mode: dies, at: []int{k}, after: true}, fault{mode: fails, at: []int{k}, after: true})
	}
	if name == "Commit" {
		fs = append(fs, fault{mode: conflicts, at: []int{k}}, fault{mode: conflicts, at: []int{k}, after: true}, fault{mode: meets, at: []int{k}})
	}
	return fs
}

// strike plays one scenario under one fault. A failure names both.
func strike(t *testing.T, s scenario, f fault, redeliver bool) {
	t.Helper()
	failedBefore := t.Failed()
	w := s.play(t, f, redeliver)
	if w.ports.struck == 0 {
		t.Errorf("the fault did not strike")
	}
	if t.Failed() && !failedBefore {
		t.Fatalf("%s, redelivery %v", f, redeliver)
	}
}

// TestCrashTwice makes processes die twice, at calls drawn with a fixed seed.
func TestCrashTwice(t *testing.T) {
	t.Parallel()
	for i, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(2026, uint64(i))) //nolint:gosec // a repeatable sample
			calls := len(s.play(t, fault{}, true).ports.calls)
			for range 20 {
				first := 1 + rnd.IntN(calls)
				f := fault{mode: dies, at: []int{first, first + 1 + rnd.IntN(30)}, after: rnd.IntN(2) == 0}
				redeliver := rnd.IntN(2) == 0
				s.play(t, f, redeliver)
				if t.Failed() {
					t.Fatal(fmt.Sprint(f, ", redelivery ", redeliver))
				}
			}
		})
	}
}
