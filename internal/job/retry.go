package job

import (
	"fmt"
	"strings"
	"time"
)

// Defaults and bounds of Retry. Attempts counts the launches that the control plane makes for
// one run, including the first.
const (
	DefaultAttempts = 3
	MaxAttempts     = 10
	DefaultBackoff  = 30 * time.Second
	MaxBackoff      = time.Hour
	DefaultDeadline = 6 * time.Hour
	MaxDeadline     = 7 * 24 * time.Hour
	// UnclearFactor lengthens the backoff if nothing started but the cause is unclear: it may
	// be a missing route, which no relaunch repairs.
	UnclearFactor = 4
)

// Retry says when the control plane may make a further attempt by itself.
type Retry struct {
	// Attempts is the most launches per run, not counting the move from Spot to on demand. 0
	// means DefaultAttempts.
	Attempts int `json:"attempts,omitempty"`
	// Backoff is the wait before the second relaunch. It doubles with each further one, up
	// to MaxBackoff. The first relaunch comes at once. 0 means DefaultBackoff.
	Backoff Duration `json:"backoff,omitempty"`
	// Deadline is how long after its first possible launch a run may still be launched or
	// relaunched by itself. 0 means DefaultDeadline.
	Deadline Duration `json:"deadline,omitempty"`
	// Rules are tried in order before the built-in ones.
	Rules []Rule `json:"rules,omitempty"`
	// Idempotent says that running the job twice does no harm. Interruptions and stops that
	// may have come after a start are then relaunched too.
	Idempotent bool `json:"idempotent,omitempty"`
	// ExitCodes are those of the job's own exit codes that ask for a relaunch.
	ExitCodes []int64 `json:"exitCodes,omitempty"`
}

// IsZero reports whether nothing is configured.
func (r Retry) IsZero() bool {
	return r.Attempts == 0 && r.Backoff == 0 && r.Deadline == 0 && len(r.Rules) == 0 && !r.Idempotent && len(r.ExitCodes) == 0
}

// Limit gives the most launches per run, not counting the move from Spot to on demand.
func (r Retry) Limit() int {
	if r.Attempts == 0 {
		return DefaultAttempts
	}
	return r.Attempts
}

// Within gives how long a run may be launched by itself.
func (r Retry) Within() time.Duration { return or(r.Deadline, DefaultDeadline) }

// Base gives the wait before the second relaunch.
func (r Retry) Base() time.Duration {
	if r.Backoff == 0 {
		return DefaultBackoff
	}
	return time.Duration(r.Backoff)
}

// Action is what a Rule asks for.
type Action string

// Values of Rule.Action.
const (
	Relaunch Action = "relaunch"
	Fail     Action = "fail"
)

// Actions are the values that Validate accepts.
var Actions = []Action{Relaunch, Fail}

// Rule is a job's own reading of a stop. Every pattern given must match. `*` stands for any
// text, as in Step Functions' StringMatches, and `\` takes the next character literally. A
// space also matches a line break or a tab, which history shows as a space.
type Rule struct {
	// StopCode is a task's stopCode, or the type of RunTask's exception.
	StopCode        string `json:"stopCode,omitempty"`
	StoppedReason   string `json:"stoppedReason,omitempty"`
	ContainerReason string `json:"containerReason,omitempty"`
	ExitCode        *int64 `json:"exitCode,omitempty"`
	Action          Action `json:"action"`
}

// Facts are what a Rule is compared with.
type Facts struct {
	StopCode, StoppedReason string
	ContainerReasons        []string
	ExitCode                *int64
}

// Matches reports whether every pattern of the rule matches.
func (r Rule) Matches(f Facts) bool {
	if r.StopCode != "" && !Match(r.StopCode, f.StopCode) {
		return false
	}
	if r.StoppedReason != "" && !Match(r.StoppedReason, f.StoppedReason) {
		return false
	}
	if r.ContainerReason != "" && !anyMatches(r.ContainerReason, f.ContainerReasons) {
		return false
	}
	if r.ExitCode != nil && (f.ExitCode == nil || *f.ExitCode != *r.ExitCode) {
		return false
	}
	return true
}

func anyMatches(pattern string, texts []string) bool {
	for _, t := range texts {
		if Match(pattern, t) {
			return true
		}
	}
	return false
}

// String gives the rule for a person, with the names that its file uses.
func (r Rule) String() string {
	var parts []string
	add := func(name, v string) {
		if v != "" {
			parts = append(parts, fmt.Sprintf("%s %q", name, v))
		}
	}
	add("stopCode", r.StopCode)
	add("stoppedReason", r.StoppedReason)
	add("containerReason", r.ContainerReason)
	if r.ExitCode != nil {
		parts = append(parts, fmt.Sprintf("exitCode %d", *r.ExitCode))
	}
	return fmt.Sprintf("%s: %s", strings.Join(parts, ", "), r.Action)
}

// Match reports whether a text matches a pattern in which `*` stands for any run of bytes, as in
// a Rule. After a failed match only the last star moves on, so no pattern takes more than
// len(text) squared comparisons.
func Match(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, t
			p++
			continue
		}
		if c, width := literal(pattern, p); width > 0 && (c == text[t] || c == ' ' && isSpace(text[t])) {
			p += width
			t++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		p, t = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func isSpace(c byte) bool { return c == '\n' || c == '\t' || c == '\r' }

// literal gives the byte that pattern[p:] begins with, and how many bytes of the pattern
// spell it. width is 0 at the end of the pattern.
func literal(pattern string, p int) (c byte, width int) {
	if p >= len(pattern) {
		return 0, 0
	}
	if pattern[p] == '\\' && p+1 < len(pattern) {
		return pattern[p+1], 2
	}
	return pattern[p], 1
}
