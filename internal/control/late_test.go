package control_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestDeadlineBehindAQuota: while the account's quota is used up, one launch asks for all
// that wait. The others still end when their deadlines pass, in the first sweep after that,
// and launch nothing. Those that have time keep their places.
func TestDeadlineBehindAQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{tasks: map[job.Capacity]int{job.OnDemand: 0}, runs: time.Hour}
		soon := job.Retry{Attempts: 1, Deadline: job.Duration(5 * time.Minute)}
		first := waiting(t, store, job.Job{Name: "first", TaskDefinition: "x", Capacity: job.OnDemand}, 120)
		late := waiting(t, store, job.Job{Name: "late", TaskDefinition: "x", Capacity: job.OnDemand, Retry: soon}, 30)
		began := time.Now()
		for range 6 { // sweeps
			end := time.Now().Add(time.Minute)
			if _, err := quick(ecs, store).LookUntil(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(end))
		}
		for _, r := range load(t, store, first) {
			if r.Status != run.Queued {
				t.Errorf("%s is %s: %s", r.ID, r.Status, r.Cause)
			}
		}
		for _, r := range load(t, store, late) {
			if r.Status != run.Failed || r.FinishedAt.Sub(began) > 6*time.Minute {
				t.Errorf("%s is %s since %s: %s", r.ID, r.Status, r.FinishedAt.Sub(began), r.Cause)
			}
		}
		if len(ecs.launched) > 0 {
			t.Errorf("launched: %v", ecs.launched)
		}
	})
}

// TestBehindALateRun: a run that is due behind those that are late is launched in the same look.
func TestBehindALateRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{tasks: map[job.Capacity]int{job.OnDemand: 9}, runs: time.Hour}
		late := waiting(t, store, job.Job{Name: "late", TaskDefinition: "x", Capacity: job.OnDemand, Retry: job.Retry{Attempts: 1, Deadline: job.Duration(5 * time.Minute)}}, 2)
		time.Sleep(6 * time.Minute)
		behind := waiting(t, store, job.Job{Name: "behind", TaskDefinition: "x", Capacity: job.OnDemand}, 1)
		if _, err := quick(ecs, store).Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range load(t, store, late) {
			if r.Status != run.Failed {
				t.Errorf("%s is %s: %s", r.ID, r.Status, r.Cause)
			}
		}
		if !slices.Equal(ecs.launched, behind) {
			t.Errorf("launched: %v", ecs.launched)
		}
	})
}

// TestALateRunThatCannotEnd: the look says why, and the run stays due.
func TestALateRunThatCannotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{}
		waiting(t, store, job.Job{Name: "late", TaskDefinition: "x", Retry: job.Retry{Attempts: 1, Deadline: job.Duration(5 * time.Minute)}}, 1)
		time.Sleep(6 * time.Minute)
		if looked, err := quick(ecs, noWrites{store}).Look(t.Context()); !errors.Is(err, errBroken) || looked.Oldest.IsZero() {
			t.Errorf("%+v, %v", looked, err)
		}
	})
}

// reluctant is a Notifier whose target takes its time.
type reluctant time.Duration

func (r reluctant) Notify(context.Context, notice.Notice) ([]string, error) {
	time.Sleep(time.Duration(r))
	return nil, nil
}

// TestMissedSlotsAreToldSideBySide: the next sweep waits until what was missed of all jobs is told, and after a
// day without a control plane that may be many notices.
func TestMissedSlotsAreToldSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var jobs []job.Job
		for n := range 12 {
			jobs = append(jobs, with(hourly, func(j *job.Job) { j.Name += strconv.Itoa(n) }))
		}
		w := known(t, jobs...)
		w.ctl.Abreast, w.ctl.Store, w.ctl.Notifier = 0, w.store, reluctant(30*time.Second)
		began := time.Now()
		w.sweepAt(clockAt(21, 0, 0))
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("telling of %d jobs took %s, one takes 30s", len(jobs), took)
		}
	})
}
