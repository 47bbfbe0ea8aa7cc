package job

import "time"

// Shift is what is made of a job's start at a minute that its schedule does not
// have: EventBridge's data on time zones may be newer than those of this program.
type Shift struct {
	// At is the minute of the start that people were last told of.
	At time.Time `json:"at"`
	// Known is whether another offset from UTC explains that minute: the slots after
	// From are then those that the schedule has by Offset, until the zone has that
	// offset by our own data too.
	Known  bool      `json:"known,omitempty"`
	Offset Duration  `json:"offset,omitempty"`
	From   time.Time `json:"from,omitzero"`
}
