package job

import (
	"fmt"
	"strings"
	"time"
)

// Shift says how a job's start at a minute that its schedule does not have was explained:
// EventBridge's time zone data may be newer than those of this program.
type Shift struct {
	// At is the minute of the last such start that was reported.
	At time.Time `json:"at"`
	// Known says whether another offset from UTC explains that minute. The slots after From
	// are then those that the schedule has with Offset, until the zone has that offset by
	// our own data too.
	Known  bool      `json:"known,omitempty"`
	Offset Offset    `json:"offset,omitempty"`
	From   time.Time `json:"from,omitzero"`
}

// Offset is a zone's offset from UTC, negative west of Greenwich. It is written like a
// Duration, with a minus if it is negative.
type Offset time.Duration

// MarshalText writes the offset.
func (o Offset) MarshalText() ([]byte, error) { return Duration(o).MarshalText() }

// UnmarshalText reads what MarshalText writes.
func (o *Offset) UnmarshalText(b []byte) error {
	text, west := strings.CutPrefix(string(b), "-")
	d, err := ParseDuration(text)
	if err != nil {
		return fmt.Errorf("reading an offset: %w", err)
	}
	if *o = Offset(d); west {
		*o = -*o
	}
	return nil
}
