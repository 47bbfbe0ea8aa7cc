package ecsevent

import (
	"math"
	"strconv"
	"time"
)

// layouts are the time formats seen so far. Events and the AWS CLI use RFC 3339. Others are what
// Python, Ruby, Go, Java and HTTP print. The last two come from CloudTrail's records of ECS. A
// time without a zone is read as UTC.
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

// time returns a point in time in UTC, or zero if it is absent or empty. It accepts text in one
// of the layouts, seconds since 1970 (DescribeTasks) or milliseconds (Step Functions), also as
// text. Numbers from 1e11 on are milliseconds: as seconds they would be after the year 5000.
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
	if err != nil || !(math.Abs(f) < 1e14) { // NaN fails the comparison too
		o.fail(key, "a time")
		return time.Time{}
	}
	if math.Abs(f) < 1e11 {
		f *= 1000
	}
	return time.UnixMicro(int64(math.Round(f * 1000))).UTC()
}
