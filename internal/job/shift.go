package job

import "time"

// Shift says how a job's start at a minute that its schedule does not have was explained:
// EventBridge's time zone data may be newer than those of this program.
type Shift struct {
	// At is the minute of the last such start that was reported.
	At time.Time `json:"at"`
	// Known says whether another offset from UTC explains that minute. The slots after From
	// are then those that the schedule has with Offset, until the zone has that offset by
	// our own data too.
	Known  bool      `json:"known,omitempty"`
	Offset Duration  `json:"offset,omitempty"`
	From   time.Time `json:"from,omitzero"`
}
