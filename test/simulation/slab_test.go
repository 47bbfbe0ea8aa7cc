package simulation

import (
	"testing"

	"github.com/batchplane/batchplane/internal/run"
)

func TestASlabTakenBackHoldsNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, slabPart, slabPart + 1} {
		var s slab[*int]
		for range n {
			*s.give() = new(int)
		}
		s.reset()
		for _, part := range s.parts {
			for _, piece := range part {
				if piece != nil {
					t.Fatalf("%d pieces were given, and one still holds what it did", n)
				}
			}
		}
	}
}

func TestRoomsAreNoMoreThanWereInUseAtOnce(t *testing.T) {
	t.Parallel()
	var rs rooms[run.Run]
	for n := range 50 {
		given := [][]run.Run{rs.take(10 * n), rs.take(n)}
		given[0] = append(given[0], run.Run{ID: "a/20261122T1700Z"})
		rs.takeBack(&given)
		if n%7 == 0 {
			given = [][]run.Run{append(rs.take(n), run.Run{ID: "a/20261122T1701Z"})}
			rs.takeBack(&given)
		}
		if n%10 != 9 {
			continue
		}
		rs.empty()
		for _, room := range rs.free {
			for _, r := range room[:cap(room)] {
				if r.ID != "" {
					t.Errorf("after %d, what was given is not forgotten: %s", n, r.ID)
				}
			}
		}
	}
	if len(rs.free) > 2 {
		t.Errorf("%d rooms are kept, and two were in use at once", len(rs.free))
	}
}

// TestAHashIsOfWhatTheJobIs: triggers come with a hash that is computed once.
func TestAHashIsOfWhatTheJobIs(t *testing.T) {
	t.Parallel()
	deploys := 0
	for seed := range uint64(30) {
		w := newWorld(Options{Seed: seed + 1})
		w.begin()
		for n := 0; n < 300 && len(w.queue) > 0; n++ {
			w.step()
			for _, j := range w.jobs {
				if j.hash() != j.job.Hash() {
					t.Fatalf("seed %d: the hash of %s is of what it was", seed+1, j.job.Name)
				}
				deploys += j.serial
			}
		}
	}
	if deploys == 0 {
		t.Error("no job was deployed anew")
	}
}
