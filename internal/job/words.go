package job

import (
	"fmt"
	"time"
)

// UTC writes a time for people: to the minute, in UTC.
func UTC(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// Counted returns a number with the thing that it counts, which is plural unless n is 1.
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
