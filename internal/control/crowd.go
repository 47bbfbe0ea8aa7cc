package control

import (
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// crowd remembers when ECS last refused a launch of this process for its rate. It is a hint
// that dies with the process; run.Admit decides what it is worth and for how long.
type crowd struct {
	mu sync.Mutex
	at time.Time
}

func (c *crowd) since() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// note records ECS's answer to a launch.
func (c *crowd) note(answer run.Event, now time.Time) {
	refused, _ := answer.(run.Refused)
	if !stop.Throttled(refused.Stop) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = now
}
