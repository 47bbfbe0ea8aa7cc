package schedules

import (
	"context"
	"fmt"
	"sync"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
)

const trigger = "arn:aws:lambda:us-east-1:123456789012:function:trigger"

// group is a schedule group of EventBridge Scheduler; a page has two schedules.
type group struct {
	schedules []entry.Schedule
	deleted   string // listed, but gone since

	mu        sync.Mutex
	gets      int
	now, most int // GetSchedule calls at once
	// get, if not nil, is called in each GetSchedule.
	get func(n int)
}

func (g *group) ListSchedules(_ context.Context, token string, _ int) (page []Listed, next string, err error) {
	from := 0
	if token != "" {
		if _, err := fmt.Sscan(token, &from); err != nil {
			return nil, "", err
		}
	}
	for _, s := range g.schedules[from:min(from+2, len(g.schedules))] {
		page = append(page, Listed{s.Name, s.Modified})
	}
	if from+2 < len(g.schedules) {
		next = fmt.Sprint(from + 2)
	}
	return page, next, nil
}

func (g *group) GetSchedule(_ context.Context, name string) (entry.Schedule, error) {
	g.mu.Lock()
	g.gets++
	n := g.gets
	g.now++
	g.most = max(g.most, g.now)
	g.mu.Unlock()
	defer func() { g.mu.Lock(); g.now--; g.mu.Unlock() }()
	if g.get != nil {
		g.get(n)
	}
	for i := range g.schedules {
		if g.schedules[i].Name == name && name != g.deleted {
			return g.schedules[i], nil
		}
	}
	return entry.Schedule{}, port.ErrNotFound
}

// ruled is a scheduled rule, unless it has a pattern.
type ruled struct {
	disabled bool
	pattern  string
}

// rules are the rules of a bus.
type rules map[string]ruled

func (r rules) DescribeRule(_ context.Context, name string) (Rule, error) {
	if name == "" {
		panic("a schedule that names no rule has none to read")
	}
	if name == "deleted" {
		return Rule{}, port.ErrNotFound
	}
	out := Rule{Name: name, State: "ENABLED"}
	if r[name].disabled {
		out.State = "DISABLED"
	}
	if r[name].pattern == "" {
		out.ScheduleExpression = "rate(5 minutes)"
	}
	return out, nil
}

func (r rules) ListRules(context.Context, string, int) ([]Rule, string, error) { return nil, "", nil }
