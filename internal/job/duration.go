package job

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that reads and writes as text: Go's units and
// d for 24 hours, such as 90s, 1h30m or 2d.
type Duration time.Duration

// ParseDuration reads a Duration; it must not be negative.
func ParseDuration(s string) (Duration, error) {
	var days time.Duration
	rest := s
	if n, after, ok := strings.Cut(s, "d"); ok {
		count, err := strconv.Atoi(n)
		if err != nil || count > 10_000 {
			return 0, badDuration(s)
		}
		days, rest = time.Duration(count)*24*time.Hour, after
	}
	d := days
	if rest != "" || s == "" {
		part, err := time.ParseDuration(rest)
		if err != nil || days > 0 && strings.ContainsAny(rest, "+-") {
			return 0, badDuration(s)
		}
		d += part
	}
	if days >= 0 && d < days && !strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("%q is too long", s)
	}
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("%q is negative", s)
	}
	return Duration(d), nil
}

func badDuration(s string) error {
	return fmt.Errorf("%q is not a duration: write it like 90s, 10m, 2h or 1d", s)
}

// String is the duration without zero units: 2h, not 2h0m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("reading a duration: %w", err)
	}
	*d = v
	return nil
}
