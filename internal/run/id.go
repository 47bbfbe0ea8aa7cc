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

// ID names a run: job/20261122T1730Z for a scheduled one, job/manual-<12 hex> for a run by
// hand.
type ID string

// ScheduledID returns the ID of a job's run for a nominal time, cut to its minute: two
// triggers for one minute are one run.
func ScheduledID(jobName string, at time.Time) ID {
	var room [96]byte // more than most names need
	return ID(at.UTC().Truncate(time.Minute).AppendFormat(append(append(room[:0], jobName...), '/'), slotLayout))
}

// ByHandID returns the ID of the run that a request by hand asks for: the same request is the
// same run.
func ByHandID(jobName, requestID string) ID {
	sum := sha256.Sum256([]byte(requestID))
	return ID(jobName + "/" + byHandPrefix + hex.EncodeToString(sum[:6]))
}

// ParseID checks the form of s.
func ParseID(s string) (ID, error) {
	name, slot, _ := strings.Cut(s, "/")
	if !job.ValidName(name) || !validSlot(slot) {
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

// Job returns the job's name.
func (id ID) Job() string {
	name, _, _ := strings.Cut(string(id), "/")
	return name
}

// Slot returns the part after the job's name.
func (id ID) Slot() string {
	_, slot, _ := strings.Cut(string(id), "/")
	return slot
}

// ScheduledFor returns the minute of a scheduled run's slot; ok is false for other runs.
func (id ID) ScheduledFor() (at time.Time, ok bool) {
	at, err := time.Parse(slotLayout, id.Slot())
	return at, err == nil
}

// ByHand reports whether a person asked for the run.
func (id ID) ByHand() bool { return strings.HasPrefix(id.Slot(), byHandPrefix) }

// RoundID names one round of an attempt of a run, and so a launch: its client token and its
// startedBy are made from it and the stack's name.
type RoundID struct {
	Run     ID
	Attempt int
	// Round is 0 for the first round; UnknownRound if a task does not say.
	Round int
}

// UnknownRound is the round of a task that names its run and attempt but not its round.
const UnknownRound = -1

// RoundID returns the RoundID of an attempt's current round.
func (r *Run) RoundID(attempt int) RoundID {
	m := RoundID{Run: r.ID, Attempt: attempt}
	if a := r.Attempt(attempt); a != nil {
		m.Round = a.Round
	}
	return m
}

// numbers returns attempt and round as startedBy has them: 2, or 2-13. It does not name the
// first round.
func (m RoundID) numbers() string {
	if m.Round <= 0 {
		return strconv.Itoa(m.Attempt)
	}
	return strconv.Itoa(m.Attempt) + "-" + strconv.Itoa(m.Round)
}

// ClientToken returns RunTask's clientToken: 64 hex digits, so that every send of one round
// is the same request to ECS.
func (m RoundID) ClientToken(stack string) string {
	sum := sha256.Sum256([]byte(stack + "\x00" + string(m.Run) + "\x00" + m.numbers()))
	return hex.EncodeToString(sum[:])
}

// StartedBy returns RunTask's startedBy: stack/job/slot/attempt or, after the first round,
// stack/job/slot/attempt-round. By it a stop event finds its run even before the task's ARN
// was stored. ECS allows 128 letters, digits, `-`, `/` and `_`.
func (m RoundID) StartedBy(stack string) string {
	return stack + "/" + string(m.Run) + "/" + m.numbers()
}

// ParseStartedBy is the inverse of StartedBy for one stack; ok is false for anything that
// this stack did not launch.
func ParseStartedBy(stack, startedBy string) (m RoundID, ok bool) {
	rest, ours := strings.CutPrefix(startedBy, stack+"/")
	if !ours {
		return RoundID{}, false
	}
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return RoundID{}, false
	}
	attempt, round, later := strings.Cut(rest[i+1:], "-")
	if m.Attempt, ok = number(attempt); !ok {
		return RoundID{}, false
	}
	if later {
		if m.Round, ok = number(round); !ok {
			return RoundID{}, false
		}
	}
	id, err := ParseID(rest[:i])
	if err != nil {
		return RoundID{}, false
	}
	m.Run = id
	return m, true
}

func number(s string) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1
}
