package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/batchplane/batchplane/internal/run"
)

// About returns the notice with the ID of a notice about that attempt of its run and, if it reports that the
// attempt ran after all, with what is known of that.
func (n Notice) About(attempt int, r *run.Run) Notice {
	n.ID = string(n.Kind) + ":" + n.Stack + "/" + string(n.Run) + "/" + strconv.Itoa(attempt)
	if a := r.Attempt(attempt); a != nil && n.Kind == RanAfterAll {
		n.Cause = fmt.Sprintf("attempt %d: %s; the run: %s", attempt, a.AfterAll(), r.Cause)
	}
	return n
}

// OfRound returns the notice with the ID of a notice about a round of its attempt, 0 means the
// first or all: each has a task of its own.
func (n Notice) OfRound(round int) Notice {
	if round > 0 {
		n.ID += "-" + strconv.Itoa(round)
	}
	return n
}

// OfWords returns the notice with an ID of its own for what it says: the same run may owe it again, about
// something that came later.
func (n Notice) OfWords(words string) Notice {
	n.ID += "-" + short(words)
	return n
}

// RetryID returns the request id of the retry that the notice offers. However many people
// follow it, and however often, they make one attempt.
func (n Notice) RetryID() string {
	return "notice-" + short(n.ID)
}

func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
