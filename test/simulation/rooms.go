package simulation

import (
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// rooms are memory in which handlers are given what they read. It is reused after their end,
// because most worlds give thousands.
type rooms[T any] struct {
	free [][]T
	// clean is how many of the first of free were not given since they were emptied.
	clean int
}

// take returns room for n. Room that is too small is left for good, so that there are never more
// rooms than were in use at once.
func (rs *rooms[T]) take(n int) []T {
	if last := len(rs.free) - 1; last >= 0 {
		room := rs.free[last][:0]
		rs.free, rs.clean = rs.free[:last], min(rs.clean, last)
		if cap(room) >= n {
			return room
		}
	}
	return make([]T, 0, max(n, 8))
}

func (rs *rooms[T]) takeBack(given *[][]T) {
	rs.free = append(rs.free, *given...)
	*given = nil
}

// empty clears what was given.
func (rs *rooms[T]) empty() {
	for _, room := range rs.free[rs.clean:] {
		clear(room[:cap(room)])
	}
	rs.clean = len(rs.free)
}

// room returns memory in which the current handler is given up to n runs.
func (w *World) room(n int) []run.Run {
	room := w.rooms.take(n)
	w.h.rooms = append(w.h.rooms, room)
	return room
}

// shelf is like room, for items.
func (w *World) shelf(n int) []job.Item {
	shelf := w.shelves.take(n)
	w.h.shelves = append(w.h.shelves, shelf)
	return shelf
}
