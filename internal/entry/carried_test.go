package entry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// TestWhatAScheduleCarries: the job is the definition in the input; what that leaves out comes from the
// schedule, and the schedule bounds when it runs.
func TestWhatAScheduleCarries(t *testing.T) {
	t.Parallel()
	const trigger = "arn:aws:lambda:eu-west-1:123456789012:function:trigger"
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	tokyo := time.FixedZone("", 9*3600)
	bare := job.Job{Name: "etl"}
	for name, c := range map[string]struct {
		schedule entry.Schedule
		carries  job.Job
		rule     string
		want     job.Job
	}{
		"its schedule": {entry.Schedule{Expression: "rate(1 hour)", Zone: "Asia/Tokyo"}, bare, "", job.Job{Schedule: "rate(1 hour)", Timezone: "Asia/Tokyo"}},
		"the definition's own": {
			entry.Schedule{Expression: "rate(1 hour)", Zone: "Asia/Tokyo"},
			job.Job{Schedule: "0 3 * * *", Timezone: "Europe/Berlin"},
			"",
			job.Job{Schedule: "0 3 * * *", Timezone: "Europe/Berlin"},
		},
		"a zone without a schedule": {
			entry.Schedule{Expression: "rate(1 hour)", Zone: "Asia/Tokyo"},
			job.Job{Timezone: "Europe/Berlin"},
			"",
			job.Job{Schedule: "rate(1 hour)", Timezone: "Europe/Berlin"},
		},
		"switched off":                                 {entry.Schedule{Expression: "rate(1 hour)", Disabled: true}, bare, "", job.Job{Schedule: "rate(1 hour)", Disabled: true, SwitchedOff: true}},
		"switched off, as it is defined":               {entry.Schedule{Expression: "rate(1 hour)", Disabled: true}, job.Job{Disabled: true}, "", job.Job{Schedule: "rate(1 hour)", Disabled: true}},
		"off as it is defined, and its schedule is on": {entry.Schedule{Expression: "rate(1 hour)"}, job.Job{Disabled: true}, "", job.Job{Schedule: "rate(1 hour)", Disabled: true}},
		"its own schedule, carried by one that never fires": {
			entry.Schedule{Expression: "at(2199-12-31T23:59:00)", Zone: "UTC", Disabled: true}, job.Job{Schedule: "0 3 * * *"}, "", job.Job{Schedule: "0 3 * * *", Disabled: true, SwitchedOff: true},
		},
		"for people only": {
			entry.Schedule{Expression: "at(2199-12-31T23:59:00)", Zone: "UTC", Disabled: true, Start: day(1), End: day(9)}, bare, "", job.Job{},
		},
		"once":             {entry.Schedule{Expression: "at(2026-12-31T23:59:00)", Zone: "UTC"}, bare, "", job.Job{Schedule: "at(2026-12-31T23:59:00)", Timezone: "UTC"}},
		"a rule says when": {entry.Schedule{Expression: "rate(1 hour)", Disabled: true}, bare, "etl-rule", job.Job{Rule: "etl-rule"}},
		"bounds":           {entry.Schedule{Expression: "rate(1 hour)", Start: day(1).In(tokyo), End: day(9).In(tokyo)}, bare, "", job.Job{Schedule: "rate(1 hour)", When: job.When{StartAt: day(1), EndAt: day(9)}}},
		"the definition's bounds": {
			entry.Schedule{Expression: "rate(1 hour)"}, job.Job{When: job.When{StartAt: day(2), EndAt: day(8)}}, "", job.Job{Schedule: "rate(1 hour)", When: job.When{StartAt: day(2), EndAt: day(8)}},
		},
		"the narrower bounds": {
			entry.Schedule{Expression: "rate(1 hour)", Start: day(2), End: day(8)},
			job.Job{When: job.When{StartAt: day(1), EndAt: day(9)}},
			"",
			job.Job{Schedule: "rate(1 hour)", When: job.When{StartAt: day(2), EndAt: day(8)}, CutShort: true, Postponed: true},
		},
		"an end that the definition does not have": {
			entry.Schedule{Expression: "cron(0 3 * * ? *)", End: day(8)},
			job.Job{Schedule: "0 3 * * *"},
			"",
			job.Job{Schedule: "0 3 * * *", When: job.When{EndAt: day(8)}, CutShort: true},
		},
		"a start that the definition does not have": {
			entry.Schedule{Expression: "cron(0 3 * * ? *)", Start: day(2)},
			job.Job{Schedule: "0 3 * * *"},
			"",
			job.Job{Schedule: "0 3 * * *", When: job.When{StartAt: day(2)}, Postponed: true},
		},
		"a start beside the definition's own end": {
			entry.Schedule{Expression: "rate(1 hour)", Start: day(2), End: day(8)},
			job.Job{When: job.When{EndAt: day(8)}},
			"",
			job.Job{Schedule: "rate(1 hour)", When: job.When{StartAt: day(2), EndAt: day(8)}, Postponed: true},
		},
		"an end beside the definition's own start": {
			entry.Schedule{Expression: "rate(1 hour)", Start: day(2), End: day(8)},
			job.Job{When: job.When{StartAt: day(2)}},
			"",
			job.Job{Schedule: "rate(1 hour)", When: job.When{StartAt: day(2), EndAt: day(8)}, CutShort: true},
		},
		"the definition's own end": {
			entry.Schedule{Expression: "cron(0 3 * * ? *)", End: day(8)},
			job.Job{Schedule: "0 3 * * *", When: job.When{EndAt: day(8)}},
			"",
			job.Job{Schedule: "0 3 * * *", When: job.When{EndAt: day(8)}},
		},
		"the definition's narrower bounds": {
			entry.Schedule{Expression: "rate(1 hour)", Start: day(1), End: day(9)},
			job.Job{When: job.When{StartAt: day(2), EndAt: day(8)}},
			"",
			job.Job{Schedule: "rate(1 hour)", When: job.When{StartAt: day(2), EndAt: day(8)}},
		},
	} {
		c.carries.Name, c.want.Name = "etl", "etl"
		c.schedule.Target, c.schedule.Modified = trigger, day(5)
		c.want.Modified = day(5)
		read := func(string) (job.Job, bool, error) {
			j := c.carries
			j.Rule = c.rule
			return j, true, nil
		}
		got, ok, err := c.schedule.Job(trigger, read)
		if err != nil || !ok || got.Hash() != c.want.Hash() || got.SwitchedOff != c.want.SwitchedOff || got.CutShort != c.want.CutShort || got.Postponed != c.want.Postponed || got.Rule != c.want.Rule || !got.Modified.Equal(c.want.Modified) {
			t.Errorf("%s: %+v, %v, %v; want %+v", name, got, ok, err, c.want)
		}
	}
}

// TestSchedulesThatCarryNoJob: one that calls something else, or only names its job, is nobody's; one
// that cannot be read is a fault with its name.
func TestSchedulesThatCarryNoJob(t *testing.T) {
	t.Parallel()
	const carries = `{"job":{"name":"etl"}}`
	for name, c := range map[string]struct {
		schedule entry.Schedule
		trigger  string
		fault    string
	}{
		"calls something else":   {entry.Schedule{Target: "arn:else", Input: "{"}, "arn:trigger", ""},
		"no trigger is known":    {entry.Schedule{Input: carries}, "", ""},
		"only names its job":     {entry.Schedule{Target: "arn:trigger", Input: `{"job":"etl","scheduledFor":"x"}`}, "arn:trigger", ""},
		"carries something else": {entry.Schedule{Target: "arn:trigger", Input: `{"detail":1}`}, "arn:trigger", ""},
		"cannot be read":         {entry.Schedule{Name: "s", Target: "arn:trigger", Input: "{"}, "arn:trigger", "schedule s: not an input of the trigger"},
		"fires as late as it may start": {
			entry.Schedule{Name: "s", Target: "arn:trigger", Input: carries, Window: job.Job{Name: "etl"}.Late()}, "arn:trigger", "schedule s may fire",
		},
		"fires too late": {
			entry.Schedule{Name: "s", Target: "arn:trigger", Input: carries, Window: 24 * time.Hour}, "arn:trigger", "schedule s may fire 24h late",
		},
	} {
		_, ok, err := c.schedule.Job(c.trigger, entry.Registered)
		if ok || (err == nil) != (c.fault == "") || err != nil && !strings.HasPrefix(err.Error(), c.fault) {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		if name == "cannot be read" && !errors.Is(err, entry.ErrInput) {
			t.Errorf("%s: %v is not known as an input's fault", name, err)
		}
	}
}
