package localecs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/localecs"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for _, kind := range localecs.Kinds() {
		got, rate, err := localecs.ParseFault(string(kind) + "=0.25")
		if got != kind || rate != 0.25 || err != nil {
			t.Errorf("ParseFault(%s=0.25) = %s, %v, %v", kind, got, rate, err)
		}
	}
	for _, text := range []string{"eni=0", "eni=1", " eni = 1e-3 "} {
		if _, _, err := localecs.ParseFault(text); err != nil {
			t.Errorf("ParseFault(%q): %v", text, err)
		}
	}
	for _, text := range []string{"", "eni", "=0.3", "enj=0.3", "eni=", "eni=x", "eni=-0.1", "eni=1.1", "eni=NaN", "eni=Inf", "ENI=0.3"} {
		_, _, err := localecs.ParseFault(text)
		if err == nil {
			t.Errorf("ParseFault(%q) has no error", text)
			continue
		}
		if !strings.Contains(err.Error(), "eni") || !strings.Contains(err.Error(), "from 0 to 1") {
			t.Errorf("ParseFault(%q) does not say what is wanted: %v", text, err)
		}
	}
	if _, _, err := localecs.ParseFault("x=1"); !strings.Contains(err.Error(), "lost-event") {
		t.Errorf("the kinds are not named: %v", err)
	}
}

// always injects one kind of fault every time.
func always(kind localecs.Kind) func(*localecs.Config) {
	return func(c *localecs.Config) { c.Faults = localecs.Faults{kind: 1} }
}

func TestFaultsBeforeTheStart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind            localecs.Kind
		reason          string
		containerReason bool
		pullStarted     bool
		events          []string
	}{
		{
			localecs.FaultENI, "Timeout waiting for network interface provisioning to complete.", false, false,
			[]string{"1 PROVISIONING", "2 DEPROVISIONING -> STOPPED TaskFailedToStart", "3 STOPPED -> STOPPED TaskFailedToStart"},
		},
		{
			localecs.FaultPull, "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref busybox: ", true, true,
			[]string{"1 PROVISIONING", "2 PENDING", "3 DEPROVISIONING -> STOPPED TaskFailedToStart", "4 STOPPED -> STOPPED TaskFailedToStart"},
		},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, always(tt.kind))
			h.run()
			h.clock.Advance(time.Hour)
			same(t, "events", h.events.short(), tt.events)
			d := h.events.last().Detail
			if !strings.HasPrefix(d.StoppedReason, tt.reason) {
				t.Errorf("stoppedReason = %q, want %q", d.StoppedReason, tt.reason)
			}
			equal(t, "containers", len(d.Containers), 1)
			c := d.Containers[0]
			equal(t, "container reason as of the task", c.Reason == d.StoppedReason, tt.containerReason)
			equal(t, "pullStartedAt", d.PullStartedAt != nil, tt.pullStarted)
			equal(t, "startedAt", d.StartedAt, nil)
			equal(t, "exit code", c.ExitCode, nil)
			equal(t, "runtimeId, given before the pull", c.RuntimeID != "", tt.pullStarted)
			equal(t, "starts", len(h.runner.Started()), 0)
			equal(t, "injected", h.server.Stats()[tt.kind], 1)
		})
	}
}

// TestAHangEndsByAStop: the task stays PROVISIONING for hours, and a stop finds it as it was: nothing
// started, nothing pulled.
func TestAHangEndsByAStop(t *testing.T) {
	t.Parallel()
	h := newHouse(t, always(localecs.FaultHang))
	arn := h.run()
	h.clock.Advance(10 * time.Hour)
	equal(t, "status after ten hours", *h.describe(arn).LastStatus, "PROVISIONING")
	h.stop(arn, "enough")
	h.clock.Advance(time.Minute)
	same(t, "events", h.events.short(), []string{"1 PROVISIONING", "2 DEPROVISIONING -> STOPPED UserInitiated", "3 STOPPED -> STOPPED UserInitiated"})
	d := h.events.last().Detail
	equal(t, "startedAt", d.StartedAt, nil)
	equal(t, "pullStartedAt", d.PullStartedAt, nil)
	equal(t, "starts", len(h.runner.Started()), 0)
	equal(t, "injected", h.server.Stats()[localecs.FaultHang], 1)
}

func TestThrottlingBindsNothing(t *testing.T) {
	t.Parallel()
	sends := []int{}
	h := newHouse(t, func(c *localecs.Config) {
		c.Inject = func(k localecs.Kind, f localecs.Subject) bool {
			if k == localecs.FaultThrottle {
				sends = append(sends, f.Send)
			}
			return k == localecs.FaultThrottle && f.Send < 3
		}
	})
	for range 2 {
		_, err := h.RunTask(t.Context(), input())
		equal(t, "error code", codeOf(err), "ThrottlingException")
	}
	other := input(func(in *ecs.RunTaskInput) { in.StartedBy = nil }) // other parameters, and no conflict: nothing is bound
	if _, err := h.RunTask(t.Context(), other); err != nil {
		t.Error(err)
	}
	same(t, "sends of the token", sends, []int{1, 2, 3})
	equal(t, "injected", h.server.Stats()[localecs.FaultThrottle], 2)
}

func TestALostAnswerHasLaunched(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) {
		c.Inject = func(k localecs.Kind, f localecs.Subject) bool { return k == localecs.FaultLostAnswer && f.Send == 1 }
	})
	ways := map[string]int{}
	for i := range 20 {
		name := fmt.Sprintf("token-%d", i)
		_, err := h.RunTask(t.Context(), input(token(name)))
		switch {
		case err == nil:
			t.Fatal("the answer is not lost")
		case codeOf(err) == "ServerException":
			ways["500"]++
		case strings.Contains(err.Error(), "EOF"):
			ways["hung up"]++
		default:
			t.Errorf("err = %v", err)
		}
		h.run(token(name))
	}
	if ways["500"] == 0 || ways["hung up"] == 0 {
		t.Errorf("answers were lost in these ways: %v; want both", ways)
	}
	h.clock.Advance(time.Minute)
	equal(t, "starts", len(h.runner.Started()), 20)
}

func TestSpotWarnsBeforeItTakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		script localecs.Script
		exit   int64
		stop   time.Duration
	}{
		{"SIGTERM", localecs.Script{For: -1}, 143, 130 * time.Second},
		{"SIGKILL", localecs.Script{For: -1, IgnoreTerm: true}, 137, 160 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, always(localecs.FaultSpot), func(c *localecs.Config) {
				c.Delays.SpotAfter, c.Delays.SpotGrace = 10*time.Second, 2*time.Minute
			})
			h.script(func(localecs.ContainerSpec) localecs.Script { return tt.script })
			h.run()
			h.clock.Advance(2 * time.Minute)
			warning := h.events.last()
			equal(t, "warning", warning.String(), "5 RUNNING -> STOPPED SpotInterruption")
			equal(t, "warned at", warning.Time.Sub(start), 10*time.Second)
			equal(t, "stoppingAt of the warning", warning.Detail.StoppingAt, nil)
			equal(t, "still running", h.runner.Running(), 1)

			h.clock.Advance(2 * time.Minute)
			d := h.events.last().Detail
			equal(t, "end", h.events.last().String(), "8 STOPPED -> STOPPED SpotInterruption")
			equal(t, "stoppedReason", d.StoppedReason, "Your Spot Task was interrupted.")
			equal(t, "exit code", *d.Containers[0].ExitCode, tt.exit)
			equal(t, "stopping at", d.StoppingAt.Sub(start), 130*time.Second)
			equal(t, "stopped at", d.StoppedAt.Sub(start), tt.stop)
			equal(t, "injected", h.server.Stats()[localecs.FaultSpot], 1)
		})
	}
}

func TestATaskThatEndsBeforeItsSpotWarningHasNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, always(localecs.FaultSpot), func(c *localecs.Config) { c.Delays.SpotAfter = time.Hour })
	h.run()
	h.clock.Advance(2 * time.Hour)
	equal(t, "stopCode", h.events.last().Detail.StopCode, "EssentialContainerExited")
	equal(t, "injected", h.server.Stats()[localecs.FaultSpot], 0)
}

// TestFaultsFollowFromSeedAndToken: the faults of a request are the same in every order of arrival.
func TestFaultsFollowFromSeedAndToken(t *testing.T) {
	t.Parallel()
	outcomes := func(seed uint64, order []int) map[string]string {
		h := newHouse(t, func(c *localecs.Config) {
			c.Seed = seed
			c.Faults = localecs.Faults{localecs.FaultThrottle: 0.3, localecs.FaultCapacity: 0.3, localecs.FaultENI: 0.3}
		})
		got, arns := map[string]string{}, map[string]string{}
		for _, i := range order {
			name := fmt.Sprintf("token-%d", i)
			out, err := h.RunTask(t.Context(), input(token(name)))
			got[name] = codeOf(err)
			switch {
			case err == nil && len(out.Failures) > 0:
				got[name] = "capacity"
			case err == nil:
				arns[name] = *out.Tasks[0].TaskArn
			}
		}
		h.clock.Advance(10 * time.Minute)
		for name, arn := range arns {
			got[name] = string(h.describe(arn).StopCode)
		}
		return got
	}
	up, down := make([]int, 40), make([]int, 40)
	for i := range up {
		up[i], down[len(up)-1-i] = i, i
	}
	first := outcomes(7, up)
	same(t, "outcomes in the other order", outcomes(7, down), first)
	counts := map[string]int{}
	for _, outcome := range first {
		counts[outcome]++
	}
	if len(counts) != 4 {
		t.Errorf("outcomes = %v, want four kinds", counts)
	}
	if fmt.Sprint(outcomes(8, up)) == fmt.Sprint(first) {
		t.Error("another seed gave the same faults")
	}
}

func TestRatesHold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) { c.Faults = localecs.Faults{localecs.FaultThrottle: 0.3} })
	const n = 1000
	for i := range n {
		_, err := h.RunTask(t.Context(), input(token(fmt.Sprint("token-", i)), func(in *ecs.RunTaskInput) {
			in.TaskDefinition = new(string) // refused, so that nothing has to be launched
			*in.TaskDefinition = "nobody"
		}))
		if err == nil {
			t.Fatal(errors.New("launched"))
		}
	}
	if got := h.server.Stats()[localecs.FaultThrottle]; got < 240 || got > 360 {
		t.Errorf("%d of %d throttled at a rate of 0.3", got, n)
	}
}
