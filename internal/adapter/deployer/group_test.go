package deployer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/render"
)

// group is a group of schedules that keeps what is written, and lists one schedule a page. Asked
// about a name in fails, it answers with that error.
type group struct {
	mu    sync.Mutex
	kept  map[string]*scheduler.GetScheduleOutput
	fails map[string]error
}

func (g *group) ListSchedules(_ context.Context, in *scheduler.ListSchedulesInput, _ ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.fails["list"]; err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(g.kept))
	n := 0
	if in.NextToken != nil {
		n = slices.Index(names, *in.NextToken)
	}
	out := &scheduler.ListSchedulesOutput{Schedules: []types.ScheduleSummary{{Name: &names[n]}}}
	if n+1 < len(names) {
		out.NextToken = &names[n+1]
	}
	return out, nil
}

func (g *group) GetSchedule(_ context.Context, in *scheduler.GetScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.fails[*in.Name]; err != nil {
		return nil, err
	}
	if out := g.kept[*in.Name]; out != nil {
		return out, nil
	}
	return nil, &types.ResourceNotFoundException{}
}

func (g *group) CreateSchedule(_ context.Context, in *scheduler.CreateScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error) {
	if g.kept[*in.Name] != nil {
		return nil, &types.ConflictException{}
	}
	g.kept[*in.Name] = &scheduler.GetScheduleOutput{
		GroupName: in.GroupName, Description: in.Description, ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone,
		State: in.State, FlexibleTimeWindow: in.FlexibleTimeWindow, StartDate: in.StartDate, EndDate: in.EndDate, Target: in.Target,
	}
	return &scheduler.CreateScheduleOutput{}, nil
}

func (g *group) UpdateSchedule(ctx context.Context, in *scheduler.UpdateScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error) {
	if g.kept[*in.Name] == nil {
		return nil, &types.ResourceNotFoundException{}
	}
	delete(g.kept, *in.Name)
	_, err := g.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		GroupName: in.GroupName, Name: in.Name, Description: in.Description, ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone,
		State: in.State, FlexibleTimeWindow: in.FlexibleTimeWindow, StartDate: in.StartDate, EndDate: in.EndDate, Target: in.Target,
	})
	return &scheduler.UpdateScheduleOutput{}, err
}

func (g *group) DeleteSchedule(_ context.Context, in *scheduler.DeleteScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error) {
	if err := g.fails[*in.Name]; err != nil {
		return nil, err
	}
	if g.kept[*in.Name] == nil {
		return nil, &types.ResourceNotFoundException{}
	}
	delete(g.kept, *in.Name)
	return &scheduler.DeleteScheduleOutput{}, nil
}

func writer(t *testing.T) (*Writer, *group, render.Schedule) {
	t.Helper()
	j := job.Job{Name: "a", Project: "p", Schedule: "30 2 * * *", TaskDefinition: "base", Cluster: "jobs", When: job.When{
		StartAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), EndAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}, Limits: job.Limits{Window: job.Duration(10 * time.Minute)}}
	all, err := render.SchedulesOf(j, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	g := &group{kept: map[string]*scheduler.GetScheduleOutput{}, fails: map[string]error{}}
	return &Writer{Scheduler: g, Name: "group", Trigger: "trigger", Role: "role", Failures: "queue", Read: entry.Registered}, g, all[0]
}

// TestReadAsWritten: what is put is read as the same, so that nothing is changed twice.
func TestReadAsWritten(t *testing.T) {
	t.Parallel()
	w, g, full := writer(t)
	full.Description = "words"
	least := full
	least.Description, least.Window, least.Start, least.End = "", 0, time.Time{}, time.Time{}
	off := full
	off.State = "DISABLED"
	minute := full
	minute.Window = 1
	for i, s := range []render.Schedule{full, off, minute, least} {
		kind := apply.Update
		if i == 0 {
			kind = apply.Create
		}
		if err := w.Put(t.Context(), s, kind); err != nil {
			t.Fatal(err)
		}
		got, err := w.Schedule(t.Context(), "a")
		if err != nil || apply.Hash(got.Schedule) != apply.Hash(s) || got.Job.Name != "a" || got.Why != "" || aws.ToString(g.kept["a"].GroupName) != "group" {
			t.Errorf("written %+v, read %+v, %v", s, got, err)
		}
	}
	if k := g.kept["a"]; k.Description != nil || k.StartDate != nil || k.EndDate != nil || k.FlexibleTimeWindow.Mode != types.FlexibleTimeWindowModeOff || k.FlexibleTimeWindow.MaximumWindowInMinutes != nil {
		t.Errorf("the least is more: %+v", k)
	}
	if err := w.Put(t.Context(), full, apply.Create); err == nil {
		t.Error("it is created twice")
	}
	full.Name = "b"
	if err := w.Put(t.Context(), full, apply.Update); err == nil {
		t.Error("what is not there is updated")
	}
}

// TestChangedByHand: what somebody changed about a schedule is said, and what carries no job
// says why.
func TestChangedByHand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(*types.Target)
		other, why string
	}{
		"nothing":                {func(*types.Target) {}, "", ""},
		"the role":               {func(t *types.Target) { t.RoleArn = aws.String("mine") }, "role mine", ""},
		"no dead-letter queue":   {func(t *types.Target) { t.DeadLetterConfig = nil }, "another dead-letter queue", ""},
		"the dead-letter queue":  {func(t *types.Target) { t.DeadLetterConfig.Arn = aws.String("mine") }, "another dead-letter queue", ""},
		"no retries":             {func(t *types.Target) { t.RetryPolicy = nil }, "other retries", ""},
		"the retries":            {func(t *types.Target) { t.RetryPolicy.MaximumRetryAttempts = aws.Int32(184) }, "other retries", ""},
		"all":                    {func(t *types.Target) { t.RoleArn, t.RetryPolicy = aws.String("mine"), nil }, "role mine, other retries", ""},
		"the target":             {func(t *types.Target) { t.Arn = aws.String("mine") }, "target mine", ""},
		"what is no job's":       {func(t *types.Target) { t.Arn, t.Input = aws.String("mine"), aws.String(`{}`) }, "target mine", "its target is not the trigger of this stack"},
		"what is not ours":       {func(t *types.Target) { t.Arn, t.Input = aws.String("mine"), aws.String("x") }, "target mine", "its target is not the trigger of this stack"},
		"an input without a job": {func(t *types.Target) { t.Input = aws.String(`{}`) }, "", "its input carries no definition"},
		"an input that is none":  {func(t *types.Target) { t.Input = aws.String(`{"job":`) }, "", "unexpected"},
	} {
		w, g, s := writer(t)
		if err := w.Put(t.Context(), s, apply.Create); err != nil {
			t.Fatal(err)
		}
		c.change(g.kept["a"].Target)
		d, err := w.Schedule(t.Context(), "a")
		if err != nil || d.Other != c.other || (d.Why == "") != (c.why == "") || !strings.Contains(d.Why, c.why) || (d.Job.Name == "") != (c.why != "") {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	w, g, _ := writer(t)
	g.kept["a"] = &scheduler.GetScheduleOutput{}
	g.kept["a"].FlexibleTimeWindow = &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff, MaximumWindowInMinutes: aws.Int32(5)}
	if d, err := w.Schedule(t.Context(), "a"); err != nil || d.Why == "" || d.Window != 0 || !d.Start.IsZero() {
		t.Errorf("an empty one: %+v, %v", d, err)
	}
}

// TestGroupThatWasKept: a new stack of the same name takes over the schedules of the one that was
// deleted. Its trigger has another name, and a schedule differs until it was written again.
func TestGroupThatWasKept(t *testing.T) {
	t.Parallel()
	w, g, s := writer(t)
	if err := w.Put(t.Context(), s, apply.Create); err != nil {
		t.Fatal(err)
	}
	now := &Writer{Scheduler: g, Name: w.Name, Trigger: "anew", Role: "its role", Failures: "its queue", Read: w.Read}
	for range 2 {
		all, err := now.Schedules(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		j := all[0].Job
		j.Project = ""
		plan, err := apply.Of(apply.Wanted{Project: "p", Jobs: []job.Job{j}, From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}, apply.Registry{Schedules: all})
		if aws.ToString(g.kept["a"].Target.Arn) == "anew" {
			if err != nil || !plan.Empty() {
				t.Errorf("once it was written: %+v, %v", plan, err)
			}
			continue
		}
		const says = "its schedule was changed in the registry, or written for a stack that was deleted: it has target trigger, role role, another dead-letter queue"
		if err != nil || len(plan.Steps) != 1 || plan.Steps[0].Kind != apply.Update || len(plan.Changes) != 1 || plan.Changes[0].Words[0] != says {
			t.Fatalf("%+v, %v", plan, err)
		}
		if err := now.Put(t.Context(), *plan.Steps[0].Schedule, plan.Steps[0].Kind); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheWholeGroup: all schedules are read, in order, page by page; one that was deleted
// meanwhile is left out, and one that cannot be read is an error.
func TestTheWholeGroup(t *testing.T) {
	t.Parallel()
	w, g, s := writer(t)
	var want []string
	for i := range 3 * readers {
		s.Name = fmt.Sprintf("a%02d", i)
		want = append(want, s.Name)
		if err := w.Put(t.Context(), s, apply.Create); err != nil {
			t.Fatal(err)
		}
	}
	names := func() (names []string, err error) {
		all, err := w.Schedules(t.Context())
		for _, d := range all {
			names = append(names, d.Name)
		}
		return names, err
	}
	if got, err := names(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	g.fails["a00"] = &types.ResourceNotFoundException{}
	if got, err := names(); err != nil || !slices.Equal(got, want[1:]) {
		t.Errorf("%v, %v", got, err)
	}
	denied := errors.New("denied")
	for _, at := range []string{"a07", "list"} {
		g.fails[at] = denied
		if got, err := names(); !errors.Is(err, denied) || got != nil {
			t.Errorf("%s: %v, %v", at, got, err)
		}
		delete(g.fails, at)
	}
}

// TestRemove: what is gone already is removed.
func TestRemove(t *testing.T) {
	t.Parallel()
	w, g, s := writer(t)
	if err := w.Put(t.Context(), s, apply.Create); err != nil {
		t.Fatal(err)
	}
	g.fails["a"] = errors.New("denied")
	if err := w.Remove(t.Context(), "a"); !errors.Is(err, g.fails["a"]) {
		t.Error(err)
	}
	delete(g.fails, "a")
	for range 2 {
		if err := w.Remove(t.Context(), "a"); err != nil || g.kept["a"] != nil {
			t.Error(err)
		}
	}
	if _, err := w.Schedule(t.Context(), "a"); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}
