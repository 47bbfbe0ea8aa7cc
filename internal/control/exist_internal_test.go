package control

import (
	"testing"
	"time"
)

// TestAPlanThatPanics: it does not keep the runs of other jobs from being looked for.
func TestAPlanThatPanics(t *testing.T) {
	t.Parallel()
	c := &Control{}
	c.runsOf(t.Context(), []*watched{{periods: []period{{}}}}, time.Time{}, launchTime)
}
