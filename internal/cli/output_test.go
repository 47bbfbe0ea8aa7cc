package cli

import (
	"testing"
	"time"
)

func TestTook(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                      "",
		0:                                 "",
		1500 * time.Microsecond:           "2ms",
		999 * time.Millisecond:            "999ms",
		10 * time.Second:                  "10s",
		12340 * time.Millisecond:          "12.3s",
		time.Minute:                       "1m",
		90 * time.Second:                  "1m30s",
		2*time.Minute + 10*time.Second:    "2m10s",
		10 * time.Minute:                  "10m",
		time.Hour:                         "1h",
		90 * time.Minute:                  "1h30m",
		20*time.Hour + 10*time.Minute + 1: "20h10m",
		26 * time.Hour:                    "26h",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%s) = %q, want %q", d, got, want)
		}
	}
}
