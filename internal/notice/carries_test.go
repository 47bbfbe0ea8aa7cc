package notice_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWhatANoticeCarries: programs read all of it, its id tells deliveries of one notice from others, and
// its targets say who gets it.
func TestWhatANoticeCarries(t *testing.T) {
	t.Parallel()
	code := int64(3)
	r := run.Run{
		ID: id, ScheduledFor: t0, Status: run.Failed, Cause: "exit code 3", QueuedAt: t0, FinishedAt: t0.Add(2 * time.Minute), ExitCode: &code,
		Attempts: []run.Attempt{
			{N: 1, TaskARN: "arn:1", StopCode: "TaskFailedToStart", StoppedReason: "no network", Rule: "eni", Next: "relaunched", StartedAt: t0},
			{N: 2, TaskARN: "arn:2", StopCode: "EssentialContainerExited", ContainerReason: "it exited", Rule: "exit-not-zero", StartedAt: t0.Add(time.Minute)},
		},
	}
	j := job.Job{Name: "report", Description: "the report", Owner: "team-a", Notify: job.Notify{Targets: []string{"ops"}}}
	failed := notice.Notice{
		ID: "failed:prod/" + string(id) + "/2", Kind: notice.Failed, Stack: "prod", Job: "report", Description: "the report", Owner: "team-a", Run: id, Status: run.Failed,
		Cause: "exit code 3", ScheduledFor: t0, LocalTime: notice.LocalTime(t0, time.UTC), FinishedAt: t0.Add(2 * time.Minute), DurationMs: r.Duration().Milliseconds(), ExitCode: &code,
		Attempts: []notice.Attempt{
			{N: 1, TaskARN: "arn:1", StopCode: "TaskFailedToStart", StoppedReason: "no network", Rule: "eni", Next: "relaunched"},
			{N: 2, TaskARN: "arn:2", StopCode: "EssentialContainerExited", ContainerReason: "it exited", Rule: "exit-not-zero"},
		},
		Targets: []string{"ops"},
	}
	missed := failed
	missed.Missed, missed.MissedSince = 1, t0.Add(-time.Hour)
	for name, c := range map[string]struct{ got, want notice.Notice }{
		"of a run":  {notice.New(notice.Failed, "prod", &r, &j, time.UTC), failed},
		"of a slot": {notice.New(notice.Failed, "prod", &r, &j, time.UTC).OfMissed(1, t0.Add(-time.Hour), time.UTC), missed},
		"of a run that cannot be read": {notice.Unreadable("prod", id, "damaged"), notice.Notice{
			ID: "corrupt:prod/" + string(id), Kind: notice.Corrupt, Stack: "prod", Job: "report", Run: id, Cause: "its record cannot be read and was set aside: damaged", LocalTime: "unknown",
		}},
		"of an input": {notice.Kept("prod", "k1", "not JSON"), notice.Notice{
			ID: "unused:prod/k1", Kind: notice.Unused, Stack: "prod", Job: "input", Cause: "it could not be used and is kept as k1: not JSON", LocalTime: "unknown",
			ShowWith: "batchplane kept k1 --stack prod",
		}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, c.got, c.want)
		}
	}
}
