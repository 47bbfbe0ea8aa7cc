package port

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Kept is an input that was received but could not be used, or the content of a run that was
// set aside.
type Kept struct {
	At     time.Time
	Reason string
	Body   []byte
	// Place is where the store keeps it.
	Place string
}

// ID derives a name from the content: 8 hex digits.
func (k Kept) ID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", k.At.UnixMilli(), k.Reason, k.Body))
	return hex.EncodeToString(sum[:4])
}

// MostKept is how many kept inputs, the newest, a request can be about.
const MostKept = 1000

// NotKept says what is known about an ID that is not among the kept inputs that were read.
func NotKept(id string, read int) string {
	if read < MostKept {
		return fmt.Sprintf("there is no kept input %s: somebody settled it, or its 30 days are over; `kept` lists them", id)
	}
	return fmt.Sprintf("there is no kept input %s among the newest %d: it may be older, and is found once enough of the newer ones are settled", id, MostKept)
}
