package simulation

import (
	"sync"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// slab hands out pieces of memory that are all taken back together.
type slab[T any] struct {
	parts      [][]T
	part, next int
}

// slabPart is how many pieces are allocated at once.
const slabPart = 64

// give returns an empty piece.
func (s *slab[T]) give() *T {
	if s.part == len(s.parts) {
		s.parts = append(s.parts, make([]T, slabPart))
	}
	piece := &s.parts[s.part][s.next]
	if s.next++; s.next == slabPart {
		s.part, s.next = s.part+1, 0
	}
	return piece
}

// reset takes all pieces back and clears them: otherwise what they refer to would outlive its
// world.
func (s *slab[T]) reset() {
	for i := range s.part {
		clear(s.parts[i])
	}
	if s.next > 0 {
		clear(s.parts[s.part][:s.next])
	}
	s.part, s.next = 0, 0
}

// stock is what a world needs while it is played and then leaves to the next one. None of it is
// in a Result.
type stock struct {
	rooms    rooms[run.Run]
	shelves  rooms[job.Item]
	queue    queue
	handlers slab[handler]
	states   slab[uint64] // of dice
	runs     slab[run.Run]
	records  slab[record]
	launches slab[port.Launch]
	triggers slab[trigger]
	tasks    slab[task]
	// throttles says which refusals are for a rate, which is the same in every world.
	throttles map[refusal]bool
}

var stocks sync.Pool

func newStock() *stock {
	if s, ok := stocks.Get().(*stock); ok {
		return s
	}
	return &stock{throttles: map[refusal]bool{}}
}

func (s *stock) reset() {
	clear(s.queue)
	s.queue = s.queue[:0]
	s.rooms.empty()
	s.shelves.empty()
	s.handlers.reset()
	s.states.reset()
	s.runs.reset()
	s.records.reset()
	s.launches.reset()
	s.triggers.reset()
	s.tasks.reset()
}
