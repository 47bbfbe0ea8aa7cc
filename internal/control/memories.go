package control

import (
	"sync"
	"sync/atomic"
	"time"
)

// memories are what a process remembers from one call to the next. Nothing is lost with them: a
// process that begins reads and asks more, and launches what another would have left to the sweep.
type memories struct {
	// began is when the process first looked: it does not know which tasks others found as they
	// should be before.
	begins sync.Once
	began  time.Time

	// room and crowd are ECS's answers to launches, about quotas and about the rate.
	room  room
	crowd crowd

	// What a hash names never changes: definitions, why one cannot be launched, and why its plan
	// cannot be read.
	definitions definitions
	problems    known[string, string]
	plans       known[string, error]

	// What holds while a job's item does not change: that it says what the registry holds, and
	// until when the job has no slots to judge.
	synced, calmJobs memo
	// quiet is until when a rate cannot have fallen silent, by period: further runs only move it
	// on.
	quiet known[[3]string, time.Time]

	// lastSlots are the runs that it saved, so that the check of slots does not ask for them.
	lastSlots lastSlots
	// passedOver says which items cannot be read, once it has been told that slots of their jobs
	// are passed over.
	passedOver atomic.Pointer[string]
	// lastList is the mark of the last list of the registry; the store refuses a move from
	// another one.
	lastList lastList
	// pendings is where the next sweep goes on among many pending slots.
	pendings goesRound
	// untold are runs with notices that another program should have sent by now.
	untold untold
}
