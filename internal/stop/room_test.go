package stop_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// TestLacks: a refusal, or the stop of a task that never started, says which room was lacking.
// The texts are from the ECS developer guide ("Service event messages", "Fargate throttling
// quotas") and public reports.
func TestLacks(t *testing.T) {
	t.Parallel()
	const (
		vcpus    = "You've reached the limit on the number of vCPUs you can run concurrently"
		capacity = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
	)
	failed := stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "TaskFailedToStart", Reason: capacity,
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
	limit, started, spot, instance := failed, failed, failed, failed
	spot.Reason = "ResourceInitializationError: Unable to launch instance(s) for capacity provider jobs. MaxSpotInstanceCountExceeded: Max spot instance count exceeded."
	instance.Reason = "(service etl) was unable to place a task. Reason: ResourceInitializationError: Unable to launch instance(s) for capacity provider jobs. UnfulfillableCapacity: Unable to fulfill capacity"
	limit.Reason = vcpus
	started.StartedAt = time.Unix(1, 0)
	for name, c := range map[string]struct {
		stop stop.Stop
		want stop.Room
	}{
		"failures[] for the quota":        {stop.Stop{Kind: stop.LaunchFailure, Reason: vcpus}, stop.NoQuota},
		"an exception for the quota":      {stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClientException", Reason: vcpus}, stop.NoQuota},
		"an error code of quotas":         {stop.Stop{Kind: stop.LaunchException, ErrorCode: "ServiceQuotaExceededException", Reason: "x"}, stop.NoQuota},
		"an error code of limits":         {stop.Stop{Kind: stop.LaunchException, ErrorCode: "LimitExceededException", Reason: "x"}, stop.NoQuota},
		"too many in PROVISIONING":        {stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClientException", Reason: "You've reached the limit on the number of tasks in PROVISIONING state"}, stop.NoQuota},
		"failures[] for capacity":         {stop.Stop{Kind: stop.LaunchFailure, Reason: capacity}, stop.NoCapacity},
		"a task that had no place":        {failed, stop.NoCapacity},
		"no instance for a task":          {instance, stop.NoCapacity},
		"no instance, for the quota":      {spot, stop.NoQuota},
		"a quota of Spot's":               {stop.Stop{Kind: stop.LaunchFailure, Reason: "You've reached the limit on the number of spot tasks you can run concurrently"}, stop.NoQuota},
		"more than the limit":             {stop.Stop{Kind: stop.LaunchFailure, Reason: "The requested CPU configuration is above your limit"}, ""},
		"a task over the quota":           {limit, stop.NoQuota},
		"the same words, of one that ran": {started, ""},
		"RunTask's own rate":              {stop.Stop{Kind: stop.LaunchException, ErrorCode: "ThrottlingException", Reason: "Rate exceeded"}, stop.NoRate},
		"failures[] for EC2's rate":       {stop.Stop{Kind: stop.LaunchFailure, Reason: "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)"}, stop.NoRate},
		"a permission that is missing":    {stop.Stop{Kind: stop.LaunchException, ErrorCode: "AccessDeniedException", Reason: "not authorized"}, ""},
		"no answer":                       {stop.Stop{Kind: stop.LaunchException, ErrorCode: "ServerException", Reason: capacity}, ""},
	} {
		if v := stop.Classify(c.stop); v.Lacks() != c.want {
			t.Errorf("%s: lacks %q by rule %s (started %s), want %q", name, v.Lacks(), v.Rule, v.Started, c.want)
		}
	}
}
