package cli

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// tableDenied is a table that the caller may not read.
type tableDenied struct{ port.Reader }

func (tableDenied) Mark(context.Context, string) (time.Time, error) {
	return time.Time{}, errors.New("you may not read the table")
}

func (tableDenied) Items(context.Context) ([]job.Item, error) {
	return nil, errors.New("you may not read the table")
}

// TestOwnHealth: doctor says what keeps a stack from starting jobs although AWS has all that they need.
func TestOwnHealth(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	daily := job.Plan{Schedule: "30 2 * * *"}
	off := daily
	off.Disabled = true
	until, from := daily, daily
	until.EndAt, from.StartAt = now.Add(-time.Hour), now.Add(time.Hour)
	paused := []job.Pause{{From: now.Add(-time.Hour), By: "ana", Reason: "the source moves"}}
	file := []job.Job{{Name: "etl", Schedule: daily.Schedule}, {Name: "new", Schedule: daily.Schedule}}
	const topic = "nobody is subscribed to the topic t"
	const unheard = "; confirm a subscription, or deploy the stack with AlertEmail or AlarmTopicArn; batchplane status --stack prod"
	for name, tc := range map[string]struct {
		items   []job.Item
		swept   time.Duration
		standby bool
		alarms  []plane.Alarm
		denied  bool
		want    []string
	}{
		"well":                  {items: []job.Item{{Name: "etl", Plan: daily}}, alarms: []plane.Alarm{{Name: "a", State: "OK", Heard: true}}},
		"no sweep":              {swept: time.Hour, want: []string{"wrong control plane prod: the sweep last finished 1h0m0s ago; batchplane status --stack prod"}},
		"it stands by":          {standby: true, want: []string{"wrong control plane prod: it stands by: it launches nothing, even if people ask; sam deploy --stack-name prod --parameter-overrides Standby=false"}},
		"its schedule is gone":  {items: []job.Item{{Name: "etl", Plan: daily, Gone: true, GoneAt: now.Add(-time.Hour)}}, want: []string{"wrong job etl: it was deployed, and its schedule is no longer in the registry; deploy it again: `batchplane apply` does; CloudFormation needs a drift-aware change set if somebody deleted it by hand"}},
		"it was deployed off":   {items: []job.Item{{Name: "etl", Plan: off}}, want: []string{"wrong job etl: its deployed schedule is switched off, and the file has it on; deploy it"}},
		"it was switched off":   {items: []job.Item{{Name: "etl", Plan: off, SwitchedOff: true}}, want: []string{"wrong job etl: somebody switched its deployed schedule off; put it back: `batchplane apply` does, CloudFormation only by a drift-aware change set"}},
		"it was given an end":   {items: []job.Item{{Name: "etl", Plan: until, CutShort: true}}, want: []string{"wrong job etl: somebody gave its deployed schedule an end, which has come: 2026-11-22 08:00:00; put it back: `batchplane apply` does, CloudFormation only by a drift-aware change set"}},
		"its own end has come":  {items: []job.Item{{Name: "etl", Plan: until}}},
		"it was given a start":  {items: []job.Item{{Name: "etl", Plan: from, Postponed: true}}, want: []string{"wrong job etl: somebody gave its deployed schedule a start, until which nothing starts it: 2026-11-22 10:00:00; put it back: `batchplane apply` does, CloudFormation only by a drift-aware change set"}},
		"a start that has come": {items: []job.Item{{Name: "etl", Plan: until, Postponed: true}}},
		"it is paused":          {items: []job.Item{{Name: "etl", Plan: daily, Pauses: paused}}, want: []string{"wrong job etl: it is paused, since 2026-11-22 08:00:00 by ana: the source moves; batchplane resume --stack prod etl"}},
		"all jobs are paused":   {items: []job.Item{{Name: "etl", Plan: daily}, {Name: job.All, Pauses: paused}}, want: []string{"wrong control plane prod: all jobs are paused, since 2026-11-22 08:00:00 by ana: the source moves; batchplane resume --stack prod --all"}},
		"others are paused":     {items: []job.Item{{Name: "other", Plan: daily, Pauses: paused}}},
		"alarms notify nobody":  {alarms: []plane.Alarm{{Name: "a", State: "OK", Unheard: topic}, {Name: "b", State: "OK", Unheard: topic}}, want: []string{"wrong control plane prod: the alarm a and 1 other notify nobody: " + topic + unheard}},
		"an alarm was deleted":  {alarms: []plane.Alarm{{Name: "b"}}, want: []string{"wrong control plane prod: the alarm b was deleted, so it notifies nobody: " + plane.PutBack + "; batchplane status --stack prod"}},
		"an alarm was cut off":  {alarms: []plane.Alarm{{Name: "a", State: "OK", Heard: true}, {Name: "b", State: "OK", Unheard: "it has no action"}}, want: []string{"wrong control plane prod: the alarm b notifies nobody: it has no action" + unheard}},
		"the table is forbidden": {denied: true, alarms: []plane.Alarm{{Name: "b", State: "OK", Unheard: topic}}, want: []string{
			"not checked control plane prod: its state cannot be read: reading the heartbeat: you may not read the table; ",
			"wrong control plane prod: the alarm b notifies nobody: " + topic + unheard,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			if err := store.SetMark(t.Context(), port.MarkSweep, now.Add(-tc.swept)); err != nil {
				t.Fatal(err)
			}
			for _, item := range tc.items {
				if err := store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
					t.Fatal(err)
				}
			}
			p := &plane.Plane{
				Name: "prod", Reader: store, Stack: doctor.Stack{Name: "prod", Standby: tc.standby}, Now: func() time.Time { return now },
				Inspect: func(context.Context) (plane.Health, error) {
					return plane.Health{Running: true, Alarms: tc.alarms}, nil
				},
			}
			if tc.denied {
				p.Reader = tableDenied{store}
			}
			a := &app{Env: Env{}, stack: "prod", zone: time.UTC}
			found := a.ownHealth(t.Context(), p, file)
			var got []string
			for _, f := range found {
				got = append(got, string(f.Verdict)+" "+string(f.Kind)+" "+f.Name+": "+f.Why+"; "+f.Mend)
			}
			if doctor.Hinders(found) {
				t.Error("it keeps a pipeline from deploying")
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// TestWarnDown: what is wrong is said with what is shown, and that this may be old only if nobody keeps it current.
func TestWarnDown(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		health plane.Health
		swept  time.Duration
		want   string
	}{
		"all is well":           {plane.Health{Running: true}, time.Minute, ""},
		"nobody takes a notice": {plane.Health{Running: true, Trouble: "it cannot do what runs owe"}, time.Minute, "it cannot do what runs owe\n"},
		"both":                  {plane.Health{Running: true, Trouble: "the disk is full"}, 6 * time.Minute, "the disk is full; what is shown may be old\nthe sweep last finished 6m0s ago; what is shown may be old\n"},
		"it does not run":       {plane.Health{}, time.Minute, "the control plane is not running: no job is started; what is shown may be old\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			if err := store.SetMark(t.Context(), port.MarkSweep, now.Add(-tc.swept)); err != nil {
				t.Fatal(err)
			}
			var errs bytes.Buffer
			a := &app{Env: Env{Stderr: &errs}}
			p := &plane.Plane{Reader: store, Now: func() time.Time { return now }, Inspect: func(context.Context) (plane.Health, error) { return tc.health, nil }}
			if a.warnDown(t.Context(), p, true); errs.String() != tc.want {
				t.Errorf("got %q, want %q", errs.String(), tc.want)
			}
		})
	}
}
