package ecsevent

import (
	"math"
	"strconv"
	"time"
)

// layouts are the forms of time that were seen: events and the AWS CLI give
// RFC 3339, others are how Python, Ruby, Go, Java and HTTP print it, the last two
// CloudTrail's in its records of ECS. One without a zone is read as UTC.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999 -0700 MST", "2006-01-02T15:04:05.999999999", time.DateTime, time.UnixDate, time.RFC1123,
	"Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM",
}

// clock reads a time in one of the layouts.
func clock(s string) (t time.Time, ok bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// time gives a point of time in UTC, zero when it is not there or empty. It may be
// text in one of the layouts, seconds since 1970 (DescribeTasks) or milliseconds
// (Step Functions), also as text; numbers from 1e11 on are milliseconds, for as seconds they would
// lie after the year 5000.
func (o object) time(key string) time.Time {
	raw := o.raw(key)
	if raw == nil {
		return time.Time{}
	}
	number := string(raw)
	if s, ok := unquoted(raw); ok {
		if t, ok := clock(s); ok || s == "" {
			return t
		}
		number = s
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(math.Abs(f) < 1e14) { // nor is it a number at all
		o.fail(key, "a time")
		return time.Time{}
	}
	if math.Abs(f) < 1e11 {
		f *= 1000
	}
	return time.UnixMicro(int64(math.Round(f * 1000))).UTC()
}
