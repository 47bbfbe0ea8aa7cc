package simulation

import (
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// rooms are memory in which handlers are given what they read. It is reused after their end,
// because most worlds give thousands.
type rooms[T any] [][]T

// take returns room for n. Room that is too small is left for good, so that there are never more
// rooms than were in use at once.
func (rs *rooms[T]) take(n int) []T {
	if last := len(*rs) - 1; last >= 0 {
		room := (*rs)[last][:0]
		*rs = (*rs)[:last]
		if cap(room) >= n {
			return room
		}
	}
	return make([]T, 0, max(n, 8))
}

func (rs *rooms[T]) takeBack(given *[][]T) {
	*rs = append(*rs, *given...)
	*given = nil
}

// empty clears what was given.
func (rs rooms[T]) empty() {
	for _, room := range rs {
		clear(room[:cap(room)])
	}
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
