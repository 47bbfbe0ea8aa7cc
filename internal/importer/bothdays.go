package importer

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// BothDays is Translated for a program that starts a job only on days that both day fields have, where
// cron starts it on those that one of them has. One weekday in one of a month's weeks, which is what
// both fields together are mostly for, becomes an expression of EventBridge.
func (in *Import) BothDays(e *Entry, j *job.Job, program, written string, f Fields, zone string, dst cron.DST) (ok bool) {
	if f.oneDayField() {
		return in.Translated(e, j, written, f, zone, dst)
	}
	expression, ok := weekOfMonth(f)
	if !ok {
		e.Refuse("%s starts it only on days that both day fields have, and a crontab on those that one of them has; EventBridge can say one weekday of one week (cron(0 4 ? * 2#1 *)): write a schedule for one of the fields, and let the command or a `calendar` look at the other", program)
		return false
	}
	if !in.EventBridge(e, j, expression, zone) {
		return false
	}
	spec, err := cron.ParseAWS(expression)
	if err == nil {
		err = Prove(f, spec, in.From)
	}
	if err != nil {
		e.Refuse("%s", err.Error())
		return false
	}
	e.Proof = "proved: " + expression + " fires on the same days of 28 years and at the same minutes"
	e.Change("both day fields count in %s, so this is one weekday of one week of the month: %s", program, expression)
	return true
}

// oneDayField reports whether at most one of the day fields leaves days out.
func (f Fields) oneDayField() bool { return every(f.Day, 1, 31) || every(f.Weekday, 0, 6) }

// every reports whether a field has all its values.
func every(set uint64, low, high int) bool { return bits.OnesCount64(set) == high-low+1 }

func weekOfMonth(f Fields) (expression string, ok bool) {
	if bits.OnesCount64(f.Weekday) != 1 {
		return "", false
	}
	const week, month = 1<<7 - 1, 1<<32 - 1
	for n := range 5 {
		if f.Day != week<<(1+7*n)&month {
			continue
		}
		plain := f
		plain.Day, plain.Weekday = month-1, week
		at := strings.Fields(plain.Crontab())
		return fmt.Sprintf("cron(%s %s ? %s %d#%d *)", at[0], at[1], at[3], bits.TrailingZeros64(f.Weekday)+1, n+1), true
	}
	return "", false
}

// Meets reports whether both may name the same minute, of schedules that both day fields have to match.
func (f Fields) Meets(o Fields) bool {
	return f.Minute&o.Minute != 0 && f.Hour&o.Hour != 0 && f.Day&o.Day != 0 && f.Month&o.Month != 0 && f.Weekday&o.Weekday != 0
}

// Number gives the value of digits, or another one if there are none.
func Number(digits string, otherwise int) int {
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	return otherwise
}

// Joined gives the times of both as one, if they differ in one field at most and BothDays can say that.
func (f Fields) Joined(o Fields) (Fields, bool) {
	differ := 0
	join := func(one *uint64, other uint64) {
		if *one != other {
			differ++
		}
		*one |= other
	}
	join(&f.Minute, o.Minute)
	join(&f.Hour, o.Hour)
	join(&f.Day, o.Day)
	join(&f.Month, o.Month)
	join(&f.Weekday, o.Weekday)
	_, week := weekOfMonth(f)
	return f, differ <= 1 && f.Either == o.Either && (f.oneDayField() || week)
}
