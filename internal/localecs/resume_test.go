package localecs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/localecs"
)

// unseen is a Runner whose commands end at once and unseen, as when their supervisor is killed.
type unseen struct{}

func (unseen) Start(_ localecs.ContainerSpec, exited func(localecs.Exit)) (localecs.Process, error) {
	exited(localecs.Exit{Reason: "the supervisor ended"})
	return unseen{}, nil
}

func (unseen) Stop(bool) {}

// TestATaskWhoseEndNobodySaw is taken away, as those of a dead control plane: it did not fail by itself.
func TestATaskWhoseEndNobodySaw(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) { c.Runner = unseen{} })
	h.run()
	h.clock.Advance(time.Minute)

	d := h.events.last().Detail
	equal(t, "stopCode", d.StopCode, "TerminationNotice")
	equal(t, "stoppedReason", d.StoppedReason, "Host terminated: what ran the tasks of this machine was killed.")
	equal(t, "started", d.StartedAt != nil, true)
	equal(t, "exit code", d.Containers[0].ExitCode, nil)
	equal(t, "container reason", d.Containers[0].Reason, "the supervisor ended")
}

func TestTasksOfADeadControlPlane(t *testing.T) {
	t.Parallel()
	const taken = "Host terminated: the local control plane that ran this task ended."
	tests := []struct {
		name      string
		at        time.Duration // of the crash
		stopFirst bool
		code      string
		reason    string
		started   bool
		exit      bool
		runtimeID bool
	}{
		{"in PROVISIONING", 500 * time.Millisecond, false, "TerminationNotice", taken, false, false, false},
		{"in PENDING", 1500 * time.Millisecond, false, "TerminationNotice", taken, false, false, true},
		{"running", 10 * time.Second, false, "TerminationNotice", taken, true, false, true},
		{"being stopped", 10 * time.Second, true, "UserInitiated", "enough", true, false, true},
		{"ended, but not yet STOPPED", 62500 * time.Millisecond, false, "EssentialContainerExited", "Essential container in task exited", true, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *localecs.Config) {
				c.Delays.Provisioning, c.Delays.Pending, c.Delays.Deprovisioning = time.Second, time.Second, time.Second
			})
			h.script(func(localecs.ContainerSpec) localecs.Script {
				return localecs.Script{For: time.Minute, IgnoreTerm: true}
			})
			arn := h.run()
			h.clock.Advance(tt.at)
			if tt.stopFirst {
				h.stop(arn, "enough")
				h.clock.Advance(0)
			}
			h.crash()
			h.clock.Advance(time.Hour)
			h.open()
			h.clock.Advance(time.Minute)

			e := h.events.last()
			equal(t, "lastStatus", e.Detail.LastStatus, "STOPPED")
			equal(t, "stopCode", e.Detail.StopCode, tt.code)
			equal(t, "stoppedReason", e.Detail.StoppedReason, tt.reason)
			equal(t, "startedAt", e.Detail.StartedAt != nil, tt.started)
			equal(t, "exit code", e.Detail.Containers[0].ExitCode != nil, tt.exit)
			equal(t, "runtimeId", e.Detail.Containers[0].RuntimeID != "", tt.runtimeID)
			equal(t, "starts since", len(h.runner.Started()), 0)
			equal(t, "described", h.describe(arn).StopCode, types.TaskStopCode(tt.code))
		})
	}
}

// TestACrashWhileCommandsAreBeingStarted: a control plane that dies after it reported that it starts a
// command, and before it knows how that went, leaves a task of which nobody can say that it never ran.
func TestACrashWhileCommandsAreBeingStarted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.script(func(localecs.ContainerSpec) localecs.Script { panic("crash") })
	h.run()
	func() {
		defer func() { _ = recover() }()
		h.clock.Advance(time.Minute)
	}()
	h.script(nil)
	h.open()
	h.clock.Advance(time.Minute)
	d := h.events.last().Detail
	equal(t, "stopCode", d.StopCode, "TerminationNotice")
	equal(t, "exit code", d.Containers[0].ExitCode, nil)
}

// slowToDie is a runner whose earlier processes live on for a while.
type slowToDie struct {
	*localecs.ScriptedRunner
	alive bool
	err   error
	asked int
}

func (r *slowToDie) EndOf(localecs.ContainerSpec) time.Time { return time.Time{} }

func (r *slowToDie) Alive(localecs.ContainerSpec) (bool, error) {
	r.asked++
	return r.alive, r.err
}

func TestATaskIsReportedOnlyOnceItIsKnownToBeDead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arn := h.run()
	h.clock.Advance(10 * time.Second)
	h.crash()
	runner := &slowToDie{ScriptedRunner: h.runner, alive: true}
	h.config.Runner = runner
	h.open()
	h.clock.Advance(time.Minute)
	equal(t, "while it lives", h.events.last().String(), "4 RUNNING")
	equal(t, "described", h.describe(arn).StopCode, types.TaskStopCode(""))
	runner.alive, runner.err = false, errors.New("no idea")
	h.clock.Advance(time.Minute)
	equal(t, "while nobody knows", h.events.last().String(), "4 RUNNING")
	runner.err = nil
	h.clock.Advance(time.Second)
	equal(t, "once it is dead", h.events.last().String(), "6 STOPPED -> STOPPED TerminationNotice")
	if runner.asked < 3 {
		t.Errorf("asked %d times", runner.asked)
	}
}

// notedOnce is a runner of whose earlier processes' ends a note stands until they are found dead.
type notedOnce struct {
	*localecs.ScriptedRunner
	end time.Time
}

func (r *notedOnce) EndOf(localecs.ContainerSpec) time.Time { return r.end }

func (r *notedOnce) Alive(localecs.ContainerSpec) (bool, error) {
	r.end = time.Time{}
	return false, nil
}

// TestANotedEndOutlastsTheDatabase: when a command ended is not lost because it cannot be written at
// once.
func TestANotedEndOutlastsTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arn := h.run()
	h.clock.Advance(10 * time.Second)
	h.crash()
	ended := h.clock.Now().Add(5 * time.Second)
	h.config.Runner = &notedOnce{h.runner, ended}
	h.clock.Advance(time.Minute)
	h.open()
	mend := h.breakDB()
	h.clock.Advance(10 * time.Second)
	mend()
	h.clock.Advance(time.Minute)
	if at := h.describe(arn).ExecutionStoppedAt; at == nil || !at.Equal(ended) {
		t.Errorf("ended at %v, want %s", at, ended)
	}
}
