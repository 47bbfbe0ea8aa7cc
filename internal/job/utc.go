package job

import "time"

// UTC writes a time for people: to the minute, in UTC.
func UTC(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
