package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// slotLayout is a slot's nominal minute in UTC.
const slotLayout = "20060102T1504Z"

// byHandPrefix begins the slot of a run that a person asked for.
const byHandPrefix = "manual-"

// ID names a run: job/20261122T1730Z for a scheduled one, job/manual-<12 hex>
// for one by hand.
type ID string

// ScheduledID is the ID of a job's run for a nominal time, cut to its minute:
// two triggers for one minute are one run.
func ScheduledID(jobName string, at time.Time) ID {
	return ID(jobName + "/" + at.UTC().Truncate(time.Minute).Format(slotLayout))
}

// ByHandID is the ID of the run that a request by hand asks for: the same
// request is the same run.
func ByHandID(jobName, requestID string) ID {
	sum := sha256.Sum256([]byte(requestID))
	return ID(jobName + "/" + byHandPrefix + hex.EncodeToString(sum[:6]))
}

// ParseID checks the form of s.
func ParseID(s string) (ID, error) {
	name, slot, ok := strings.Cut(s, "/")
	if !ok || !job.ValidName(name) || !validSlot(slot) {
		return "", fmt.Errorf("%q is not a run: write job/20261122T1730Z or job/manual-0123456789ab", s)
	}
	return ID(s), nil
}

func validSlot(slot string) bool {
	if t, err := time.Parse(slotLayout, slot); err == nil {
		return t.Format(slotLayout) == slot
	}
	digits, ok := strings.CutPrefix(slot, byHandPrefix)
	if !ok || len(digits) != 12 {
		return false
	}
	_, err := hex.DecodeString(digits)
	return err == nil && strings.ToLower(digits) == digits
}

// Job is the job's name.
func (id ID) Job() string {
	name, _, _ := strings.Cut(string(id), "/")
	return name
}

// Slot is the part after the job's name.
func (id ID) Slot() string {
	_, slot, _ := strings.Cut(string(id), "/")
	return slot
}

// ByHand is whether a person asked for the run.
func (id ID) ByHand() bool { return strings.HasPrefix(id.Slot(), byHandPrefix) }

// ClientToken is RunTask's clientToken for an attempt: 64 hex digits, so that
// every send of one attempt is the same request to ECS.
func ClientToken(stack string, id ID, attempt int) string {
	sum := sha256.Sum256([]byte(stack + "\x00" + string(id) + "\x00" + strconv.Itoa(attempt)))
	return hex.EncodeToString(sum[:])
}

// StartedBy is RunTask's startedBy for an attempt, stack/job/slot/attempt: a
// stop event finds its run by it even before the task's ARN was stored. ECS
// allows 128 letters, digits, `-`, `/` and `_`.
func StartedBy(stack string, id ID, attempt int) string {
	return stack + "/" + string(id) + "/" + strconv.Itoa(attempt)
}

// ParseStartedBy is the inverse of StartedBy for one stack; ok is false for
// anything that this stack did not launch.
func ParseStartedBy(stack, startedBy string) (id ID, attempt int, ok bool) {
	rest, ours := strings.CutPrefix(startedBy, stack+"/")
	if !ours {
		return "", 0, false
	}
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(rest[i+1:])
	if err != nil || n < 1 {
		return "", 0, false
	}
	id, err = ParseID(rest[:i])
	return id, n, err == nil
}
