package stop

import "testing"

// laterTexts begin like failures to start, but speak of a later time or do not say what failed.
// All are invented: ECS might say them.
var laterTexts = map[string]string{
	"Fargate Spot capacity is being reclaimed; your Spot task was interrupted":                          "taken",
	"Timeout waiting for network interface provisioning to complete. Container app: exit code 137":      "later-time",
	"Timeout waiting for network interface provisioning to complete. SIGTERM was sent to the container": "later-time",
	"Timeout waiting for network interface provisioning to complete. Container app ended with code 1":   "later-time",
	"Timeout waiting for network interface provisioning to complete. The job completed":                 "later-time",
	"Timeout waiting for network interface provisioning to complete. The task ran for 35 minutes":       "later-time",
	"Capacity is unavailable at this time. Scaling activity initiated by (deployment ecs-svc/1)":        "taken",
	"Fargate capacity reclaimed by EC2":                                               "taken",
	"Capacity is being reclaimed":                                                     "taken",
	"Capacity is being reclaimed; your Spot task was interrupted":                     "taken",
	"Insufficient capacity: the task was evicted":                                     "taken",
	"Spot capacity unavailable. Your Spot task was interrupted":                       "taken",
	"Fargate Spot capacity is no longer available":                                    "not-precise",
	"Insufficient capacity: task stopped by scheduler after start":                    "later-time",
	"Network interface eni-1 was detached from the task":                              "later-time",
	"Timeout waiting for network interface deprovisioning to complete.":               "later-time",
	"Network interface was removed":                                                   "later-time",
	"Elastic network interface eni-1 deleted by user":                                 "later-time",
	"Elastic network interface":                                                       "not-precise",
	"Task stopped: container exited and network interface was released":               "unknown",
	"EBS volume vol-1 was detached while the task was running":                        "later-time",
	"EBS volume attachment impaired while task was running":                           "later-time",
	"Container app stopped because the EBS volume was detached":                       "unknown",
	"Volume vol-1 became unavailable":                                                 "later-time",
	"Volume driver plugin lost while container app was running":                       "later-time",
	"Volume snapshot finished, stopping task":                                         "later-time",
	"EFS backup window: stopping task":                                                "later-time",
	"EFS mount target became unreachable while the task was running":                  "later-time",
	"EFS connection lost":                                                             "later-time",
	"failed to mount: device busy while restarting container":                         "later-time",
	"Internal error: lost contact with the host after the containers were started":    "later-time",
	"InternalError: ECS lost the task's host":                                         "later-time",
	"Unexpected EC2 error while attempting to delete network interface eni-1":         "later-time",
	"Insufficient capacity to continue running the task":                              "later-time",
	"Capacity is unavailable; task has been stopped":                                  "later-time",
	"Capacity is unavailable, the task cannot keep running":                           "later-time",
	"netplugin failed to clean up the interface":                                      "later-time",
	"InternalError: Container stopped unexpectedly":                                   "later-time",
	"InternalError: the host crashed":                                                 "later-time",
	"Internal error: the task was killed":                                             "later-time",
	"mount.nfs4: server fs-1 not responding, still trying":                            "later-time",
	"no capacity left on volume":                                                      "not-precise",
	"there is no capacity, task was preempted":                                        "later-time",
	"EMPTY CAPACITY PROVIDER: the task was drained":                                   "later-time",
	"RESOURCE: memory usage of the container too high":                                "unknown",
	"resource: cleanup volume: device or resource busy":                               "unknown",
	"resource: cleanup cgroup: device or resource busy":                               "unknown",
	"cgroup resource: cleanup cgroup: device or resource busy":                        "later-time",
	"cgroup resource: unable to remove /ecs/0a1":                                      "later-time",
	"CannotPullContainerError: error removing the layer":                              "later-time",
	"cgroup resource: cgroup remove: no controller":                                   "later-time",
	"CannotPullContainerError: layers were gone during cleanup":                       "later-time",
	"CannotPullContainerError: no image after cleanup":                                "later-time",
	"CannotPullContainerError: the cleanup of the image failed":                       "later-time",
	"failed to invoke EFS utils commands to unmount":                                  "later-time",
	"ResourceInitializationError: failed to validate logger args: log driver crashed": "later-time",
	"Ephemeral storage limit exceeded by container app":                               "later-time",
	"Ephemeral storage usage exceeded: task evicted":                                  "later-time",
	"Ephemeral storage quota exceeded":                                                "not-precise",
	"The resources could not be found":                                                "not-precise",
	"ResourceInitializationError: the resources could not be found":                   "not-precise",
	"Unable to assume role after container start":                                     "role-not-assumed",
	"Secrets Manager agent container exited":                                          "later-time",
	"secrets manager rotation: task replaced":                                         "later-time",
	"image pull secret rotated; task restarted by operator":                           "later-time",
	"AGENT: the container agent restarted":                                            "later-time",
	"Agent: task stopped because agent disconnected":                                  "later-time",
	"ResourceInitializationError: failed to validate logger args after start of x":    "later-time",
	"CannotPullContainerError: the image was removed while the container was running": "later-time",
}

func TestATextOfALaterTimeProvesNothing(t *testing.T) {
	t.Parallel()
	for reason, rule := range laterTexts {
		s := failed(reason, app)
		if v := Classify(s); v.Started != Unknown || v.Relaunch() || v.Rule != rule {
			t.Errorf("%q: started %s relaunch %t by %s, want unknown by %s", reason, v.Started, v.Relaunch(), v.Rule, rule)
		}
		s.Code, s.CodeMissing = "", true
		if v := Classify(s); v.Started != Unknown || v.Relaunch() {
			t.Errorf("%q without a stop code: started %s relaunch %t by %s", reason, v.Started, v.Relaunch(), v.Rule)
		}
	}
}

// TestALaterClauseTakesTheProofBack adds to every published proof a clause that takes the proof
// back.
func TestALaterClauseTakesTheProofBack(t *testing.T) {
	t.Parallel()
	proofs := 0
	for _, l := range append(lines(t, "testdata/corpus.jsonl"), lines(t, "testdata/variants.jsonl")...) {
		s := l.stop()
		if s.Kind != Task || Classify(s).Started != No {
			continue
		}
		proofs++
		for _, clause := range []string{" after the container started", ". The capacity was reclaimed", " while the task was running", ": lost contact with the host", "; task evicted"} {
			x := s
			x.Reason += clause
			if v := Classify(x); v.Started == No || v.Relaunch() {
				t.Errorf("%s with %q: %+v", l.ID, clause, v)
			}
		}
	}
	if proofs < 100 {
		t.Errorf("only %d proofs among the published texts", proofs)
	}
}

// plainTexts are faults and mistakes that ECS names plainly, in words that nobody published:
// invented variants of published texts.
var plainTexts = map[string]struct {
	class   Class
	re      bool
	started Answer
}{
	"Unable to place task: no capacity in the requested AZs":                                                      {Retry, true, No},
	"(service web) was unable to place a task because no container instance met all its requirements":             {Ambiguous, true, No},
	"Cannot pull container image: i/o timeout":                                                                    {Ambiguous, true, No},
	"Timeout waiting for volume attachment":                                                                       {Ambiguous, true, No},
	"CannotCreateVolumeError: VolumeDriver.Create: Failed to create virtual disk: The filename is too long (45).": {Config, false, No},
	"CannotCreateVolumeError: mkdir /var/lib/docker/volumes/ecs-a: file name too long":                            {Config, false, No},
	"CannotCreateVolumeError: creating the volume took too long":                                                  {Ambiguous, true, No},
	"ECS was unable to create the EBS volume: UnauthorizedOperation: You are not authorized":                      {Config, false, No},
	"ResourceInitializationError: failed to set up EBS volume: InvalidVolume.NotFound":                            {Config, false, No},
	"Failed to provision network interface: RequestLimitExceeded":                                                 {Retry, true, No},
	"Network interface limit exceeded: NetworkInterfaceLimitExceeded":                                             {Ambiguous, true, No},
	"Network interface provisioning timed out":                                                                    {Retry, true, No},
	"ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: DecryptionFailure: Secrets Manager can't decrypt the protected secret text using the provided KMS key": {Config, false, No},
	"The task definition is configured to use a fargate platform version that's retired":                                                                                                                              {Config, false, Unknown},
}

func TestPlainTexts(t *testing.T) {
	t.Parallel()
	for reason, want := range plainTexts {
		if v := Classify(failed(reason, app)); v.Class != want.class || v.Relaunch() != want.re || v.Started != want.started {
			t.Errorf("%q: %s started %s relaunch %t by %s", reason, v.Class, v.Started, v.Relaunch(), v.Rule)
		}
	}
}
