package localecs

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind names a fault that can be injected.
type Kind string

const (
	// FaultENI stops a task before its start: its network interface is not ready in time.
	FaultENI Kind = "eni"
	// FaultPull stops a task before its start: its image cannot be pulled.
	FaultPull Kind = "pull"
	// FaultHang keeps a task in PROVISIONING until it is asked to stop.
	FaultHang Kind = "hang"
	// FaultCapacity makes RunTask answer with HTTP 200 and failures[]; the answer is bound to the
	// token.
	FaultCapacity Kind = "capacity"
	// FaultThrottle makes RunTask answer ThrottlingException; nothing is bound.
	FaultThrottle Kind = "throttle"
	// FaultLostAnswer launches but withholds the answer: the connection breaks, or HTTP 500.
	FaultLostAnswer Kind = "lost-answer"
	// FaultSpot interrupts a running task after a warning, whatever its capacity.
	FaultSpot Kind = "spot"
	// FaultDuplicate delivers an event twice, the copy two seconds later.
	FaultDuplicate Kind = "duplicate"
	// FaultReorder delivers an event two seconds late, behind later ones of its task.
	FaultReorder Kind = "reorder"
	// FaultDelay delivers an event, and the later ones of its task, 30 seconds late.
	FaultDelay Kind = "delay"
	// FaultLostEvent never delivers an event.
	FaultLostEvent Kind = "lost-event"
)

// Kinds lists every kind of fault.
func Kinds() []Kind {
	return []Kind{
		FaultENI, FaultPull, FaultHang, FaultCapacity, FaultThrottle, FaultLostAnswer,
		FaultSpot, FaultDuplicate, FaultReorder, FaultDelay, FaultLostEvent,
	}
}

// Meaning says what a kind of fault does, in words for people.
func Meaning(k Kind) string {
	return map[Kind]string{
		FaultENI:        "the task never starts: its network interface is not ready in time",
		FaultPull:       "the task never starts: its image cannot be pulled",
		FaultHang:       "the task stays in PROVISIONING until it is asked to stop",
		FaultCapacity:   "RunTask answers that there is no capacity",
		FaultThrottle:   "RunTask answers that the rate is exceeded",
		FaultLostAnswer: "the task is launched, and the answer is lost",
		FaultSpot:       "a running task is taken away, after a warning",
		FaultDuplicate:  "the event of a stop comes twice",
		FaultReorder:    "the event of a stop comes late, behind later ones",
		FaultDelay:      "the event of a stop comes late",
		FaultLostEvent:  "the event of a stop never comes",
	}[k]
}

// Faults holds the rate of each kind, from 0 (never) to 1 (always).
type Faults map[Kind]float64

// ParseFault reads "kind=rate", such as "eni=0.3". Its errors name the kinds and the range of the rate,
// 0 to 1.
func ParseFault(text string) (Kind, float64, error) {
	name, number, ok := strings.Cut(text, "=")
	kind := Kind(strings.TrimSpace(name))
	if !ok || !slices.Contains(Kinds(), kind) {
		return "", 0, fmt.Errorf("fault %q: want kind=rate, with a kind of %s and a rate from 0 to 1, such as eni=0.3", text, kindList())
	}
	rate, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(rate >= 0 && rate <= 1) { // written so that NaN fails
		return "", 0, fmt.Errorf("fault %q: the rate of %s must be a number from 0 to 1, such as %s=0.3", text, kind, kind)
	}
	return kind, rate, nil
}

func kindList() string {
	kinds := Kinds()
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// Subject is what a fault may strike.
type Subject struct {
	StartedBy  string // of the request or task
	TaskID     string // "" for faults of the request itself
	Send       int    // for request faults: how often this token was sent, from 1
	LastStatus string // for event faults
	Version    int64  // for event faults

	// of is the client token or, if there is none, the request's number. It is the same each time the
	// same requests are made, in whatever order those with tokens arrive.
	of string
}

// strikes reports whether a fault strikes f, and counts it if so.
func (s *Server) strikes(kind Kind, f Subject) bool {
	hit := false
	switch {
	case s.cfg.Inject != nil:
		hit = s.cfg.Inject(kind, f)
	default:
		hit = drawn(s.cfg.Seed, kind, f) < s.cfg.Faults[kind]
	}
	if hit {
		s.injected[kind]++
	}
	return hit
}

// drawn returns a number from 0 up to but not including 1 that depends only on its arguments.
func drawn(seed uint64, kind Kind, f Subject) float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s\x00%d\x00%d", seed, kind, f.of, f.Send, f.Version))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

// Stats counts the faults injected since New, by kind.
func (s *Server) Stats() map[Kind]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.injected)
}
