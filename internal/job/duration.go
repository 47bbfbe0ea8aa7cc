package job

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written as text: with Go's units, and d for 24 hours,
// such as 90s, 1h30m or 2d.
type Duration time.Duration

// ParseDuration reads a Duration; it must not be negative.
func ParseDuration(s string) (Duration, error) {
	if strings.HasPrefix(s, "-") {
		return 0, fmt.Errorf("%q is negative", s)
	}
	count, rest, hasDays := strings.Cut(s, "d")
	if !hasDays {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, badDuration(s)
		}
		return Duration(d), nil
	}
	days, err := strconv.Atoi(count)
	if err != nil || days > 10_000 || strings.HasPrefix(rest, "-") {
		return 0, badDuration(s)
	}
	var part time.Duration
	if rest != "" {
		if part, err = time.ParseDuration(rest); err != nil {
			return 0, badDuration(s)
		}
	}
	d := time.Duration(days)*24*time.Hour + part
	if d < part {
		return 0, fmt.Errorf("%q is too long", s)
	}
	return Duration(d), nil
}

func badDuration(s string) error {
	return fmt.Errorf("%q is not a duration: write it like 90s, 10m, 2h or 1d", s)
}

// String gives the duration without zero units: 2h, not 2h0m0s, and 14d, not 336h.
func (d Duration) String() string {
	const day = Duration(24 * time.Hour)
	if d%day == 0 && d > day {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
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
