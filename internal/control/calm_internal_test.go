package control

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

func at(hour, minute int) time.Time { return time.Date(2026, 11, 22, hour, minute, 0, 0, time.UTC) }

func hourlyPlan() job.Plan { return (&job.Job{Schedule: "0 * * * *"}).Plan() }

// TestMemo: what is remembered about a job holds for its item and definition, until its time.
func TestMemo(t *testing.T) {
	t.Parallel()
	var m memo
	if m.holds("a", "", 0, at(9, 0)) {
		t.Error("it remembers what it was not told")
	}
	m.put("a", remembered{hash: "x", rev: 3, until: at(10, 0)})
	m.put("b", remembered{rev: 3})
	for name, c := range map[string]struct {
		name, hash string
		rev        int64
		now        time.Time
		want       bool
	}{
		"before its time":    {"a", "x", 3, at(9, 59), true},
		"at its time":        {"a", "x", 3, at(10, 0), false},
		"after it":           {"a", "x", 3, at(10, 1), false},
		"another definition": {"a", "y", 3, at(9, 59), false},
		"another revision":   {"a", "x", 4, at(9, 59), false},
		"another job":        {"c", "x", 3, at(9, 59), false},
		"for ever":           {"b", "", 3, at(23, 0), true},
	} {
		if got := m.holds(c.name, c.hash, c.rev, c.now); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	item := job.Item{Rev: 4, Former: []job.Former{{To: at(9, 0)}, {To: at(8, 0)}, {To: at(10, 0)}}}
	if got, want := synced("x", item), (remembered{hash: "x", rev: 4, until: at(8, 0).Add(job.KeepFormer)}); got != want {
		t.Errorf("synced until its first former definition is of no use: %+v, want %+v", got, want)
	}
}

// TestCalm: until when a job has no slot to judge, and which job's slots are started because
// EventBridge leaves them out.
func TestCalm(t *testing.T) {
	t.Parallel()
	hourly := hourlyPlan()
	once := (&job.Job{Schedule: "cron(0 9 1 1 ? 2026)"}).Plan()
	since := at(1, 0)
	former := []job.Former{{Plan: &hourly, From: since, To: at(18, 0)}}
	for name, c := range map[string]struct {
		item    job.Item
		until   time.Time
		current bool
	}{
		"its next slot, which EventBridge may leave out": {job.Item{Plan: hourly, Since: since}, at(18, 0), true},
		"a plan without a further slot":                  {job.Item{Plan: once, Since: since}, time.Time{}, true},
		"it was gone at its slot, which is judged":       {job.Item{Plan: hourly, Since: since, Gone: true, SeenAt: at(18, 0)}, at(18, 15), false},
		"it was gone before":                             {job.Item{Plan: hourly, Since: since, Gone: true, SeenAt: at(17, 59)}, time.Time{}, false},
		"a former plan up to its slot, and none now":     {job.Item{Former: former}, at(18, 15), false},
		"the same of one that is off":                    {job.Item{Former: former, Plan: job.Plan{Schedule: "0 * * * *", Disabled: true}}, at(18, 15), false},
		"no plan at all":                                 {job.Item{}, time.Time{}, false},
	} {
		w := watched{}
		c.item.Rev = 5
		if err := w.take(&c.item); err != nil || w.unread {
			t.Errorf("%s: %v", name, err)
		}
		if got, want := (&Control{}).calm(&w, at(17, 30)), (remembered{rev: 5, until: c.until}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if got := w.current() != nil; got != c.current {
			t.Errorf("%s: a plan is in force: %t", name, got)
		}
	}
}

// TestPlanned: which jobs have slots to judge. A job with a plan that cannot be read is never
// calm, so that each check reports it.
func TestPlanned(t *testing.T) {
	t.Parallel()
	hourly := hourlyPlan()
	bad := job.Plan{Schedule: "nonsense"}
	items := []job.Item{
		{Name: "hourly", Rev: 1, Plan: hourly},
		{Name: "bad", Rev: 1, Plan: bad},
		{Name: "was bad", Rev: 1, Plan: hourly, Former: []job.Former{{Plan: &bad, To: at(9, 0)}}},
		{Name: "none", Rev: 1},
		{Name: "calm", Rev: 1, Plan: hourly},
		{Name: "changed", Rev: 2, Plan: hourly, KnownAt: at(16, 0), Recheck: at(15, 0)},
		{Name: "known later", Rev: 1, Plan: hourly, KnownAt: at(17, 0), Recheck: at(16, 30)},
	}
	var log strings.Builder
	c := &Control{Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, name := range []string{"calm", "changed", "known later"} {
		c.calmJobs.put(name, remembered{rev: 1, until: at(18, 0)})
	}
	for range 2 {
		log.Reset()
		got := ""
		for _, w := range c.planned(t.Context(), items, at(17, 0), time.Time{}, at(17, 30)) {
			got += w.Name
			if w.unread {
				got += " unread"
			}
			if !w.recheck.IsZero() {
				got += w.recheck.Format(" 15:04")
			}
			got += ", "
		}
		if want := "hourly, was bad unread, changed, known later 16:30, "; got != want {
			t.Errorf("planned %q, want %q", got, want)
		}
		if n := strings.Count(log.String(), "cannot be read"); n != 2 {
			t.Errorf("%d plans cannot be read: %s", n, log.String())
		}
	}
	if !c.calmJobs.holds("none", "", 1, at(17, 0)) || c.calmJobs.holds("bad", "", 1, at(17, 0)) {
		t.Error("a job without slots is calm, and one whose plan cannot be read is not")
	}
}
