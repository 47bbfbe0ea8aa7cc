package port

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Pending is a slot for which nobody can tell yet whether what it names or carries is
// deployed. It is not a run and takes no run's place.
type Pending struct {
	Slot Slot `json:"slot"`
	// Since is when it came; Until is up to when it may still be started.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Why says why nobody can tell yet.
	Why string `json:"why"`
	// Done says that it is settled, one way or the other.
	Done bool `json:"done,omitempty"`
}

// ID names it: the same input has the same ID, however often it comes.
func (p Pending) ID() string {
	b, err := json.Marshal(p.Slot)
	if err != nil {
		panic(fmt.Sprintf("marshalling a slot: %v", err)) // texts, times and a job always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
