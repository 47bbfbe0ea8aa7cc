package job

import (
	"fmt"
	"strings"
	"time"
)

// Defaults of Retry. Attempts counts launches made by the control plane for
// one run, the first included.
const (
	DefaultAttempts = 3
	MaxAttempts     = 10
	DefaultBackoff  = 30 * time.Second
	MaxBackoff      = time.Hour
	DefaultDeadline = 6 * time.Hour
	MaxDeadline     = 7 * 24 * time.Hour
	// UnclearFactor lengthens the backoff where nothing started but the cause
	// is unclear: it may be a missing route, which no relaunch mends.
	UnclearFactor = 4
)

// Retry says when the control plane may make a further attempt by itself.
type Retry struct {
	// Attempts is the most launches per run, the move from Spot to on demand not
	// counted; 0 means DefaultAttempts.
	Attempts int `json:"attempts,omitempty"`
	// Backoff is the wait before the second relaunch; it doubles with each
	// further one, up to MaxBackoff. The first relaunch comes at once. 0 means
	// DefaultBackoff.
	Backoff Duration `json:"backoff,omitempty"`
	// Deadline is how long after a run could first be launched it may still be
	// launched or relaunched by itself; 0 means DefaultDeadline.
	Deadline Duration `json:"deadline,omitempty"`
	// Rules are tried in order before the built-in ones.
	Rules []Rule `json:"rules,omitempty"`
	// Idempotent says that running the job twice does no harm: interruptions
	// and stops that may have followed a start are then relaunched too.
	Idempotent bool `json:"idempotent,omitempty"`
	// ExitCodes are the job's own exit codes that ask for a relaunch.
	ExitCodes []int64 `json:"exitCodes,omitempty"`
}

// IsZero is whether nothing was configured.
func (r Retry) IsZero() bool {
	return r.Attempts == 0 && r.Backoff == 0 && r.Deadline == 0 && len(r.Rules) == 0 && !r.Idempotent && len(r.ExitCodes) == 0
}

// Limit is the most launches per run, the move from Spot to on demand not counted.
func (r Retry) Limit() int {
	if r.Attempts == 0 {
		return DefaultAttempts
	}
	return r.Attempts
}

// Within is how long a run may be launched by itself.
func (r Retry) Within() time.Duration { return or(r.Deadline, DefaultDeadline) }

// Base is the wait before the second relaunch.
func (r Retry) Base() time.Duration {
	if r.Backoff == 0 {
		return DefaultBackoff
	}
	return time.Duration(r.Backoff)
}

// Action is what a Rule asks for.
type Action string

// What rules ask for.
const (
	Relaunch Action = "relaunch"
	Fail     Action = "fail"
)

// Actions are the values that Validate accepts.
var Actions = []Action{Relaunch, Fail}

// Rule is a job's own reading of a stop. Every pattern given must match; `*`
// stands for any text, as in Step Functions' StringMatches, and `\` takes the
// next character as it is. A space also stands for a line break or a tab, which
// history shows as one.
type Rule struct {
	// StopCode is a task's stopCode, or the type of RunTask's exception.
	StopCode        string `json:"stopCode,omitempty"`
	StoppedReason   string `json:"stoppedReason,omitempty"`
	ContainerReason string `json:"containerReason,omitempty"`
	ExitCode        *int64 `json:"exitCode,omitempty"`
	Action          Action `json:"action"`
}

// Facts are what a Rule is held against.
type Facts struct {
	StopCode, StoppedReason string
	ContainerReasons        []string
	ExitCode                *int64
}

// Matches is whether every pattern of the rule matches.
func (r Rule) Matches(f Facts) bool {
	if r.StopCode != "" && !wildcard(r.StopCode, f.StopCode) {
		return false
	}
	if r.StoppedReason != "" && !wildcard(r.StoppedReason, f.StoppedReason) {
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
		if wildcard(pattern, t) {
			return true
		}
	}
	return false
}

// String is the rule as its file has it, for a person.
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

// wildcard matches text against a pattern in which `*` is any run of bytes.
// After a failed match only the last star moves forward, so that no pattern
// takes more than len(text) squared comparisons.
func wildcard(pattern, text string) bool {
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

// literal is the byte that pattern[p:] begins with and how many bytes of the
// pattern spell it; width 0 at the end of the pattern.
func literal(pattern string, p int) (c byte, width int) {
	if p >= len(pattern) {
		return 0, 0
	}
	if pattern[p] == '\\' && p+1 < len(pattern) {
		return pattern[p+1], 2
	}
	return pattern[p], 1
}
