package ecsevent

import (
	"testing"

	"github.com/batchplane/batchplane/internal/stop"
)

// TestWhatShowsAStart: a container that ran is recognised by anything that ECS says of it, and a
// text from before the start cannot undo that.
func TestWhatShowsAStart(t *testing.T) {
	t.Parallel()
	for shown, want := range map[string]stop.Answer{
		`"lastStatus":"STOPPED"`:      stop.No,
		`"lastStatus":"PENDING"`:      stop.No,
		`"lastStatus":"running"`:      stop.Yes,
		`"lastStatus":"DEACTIVATING"`: stop.Yes,
		`"lastStatus":"STOPPING"`:     stop.Yes,
		`"networkBindings":[]`:        stop.No,
		`"networkBindings":null`:      stop.No,
		`"healthStatus":"UNKNOWN"`:    stop.No,
		`"healthStatus":"UNHEALTHY"`:  stop.Yes,
		`"exitCode":255`:              stop.Yes,
		`"managedAgents":[{"name":"ExecuteCommandAgent","lastStatus":"PENDING"}]`:                       stop.No,
		`"managedAgents":[{"name":"ExecuteCommandAgent","lastStatus":"RUNNING"}]`:                       stop.Yes,
		`"networkBindings":[{"bindIP":"0.0.0.0","containerPort":80,"hostPort":32768,"protocol":"tcp"}]`: stop.Yes,
	} {
		d, err := Parse([]byte(`{"lastStatus":"Stopped","stopCode":"TaskFailedToStart","stoppedReason":"Timeout waiting for network interface provisioning to complete.","containers":[{"name":"app",` + shown + `}]}`))
		if v := stop.Classify(d.Stop()); err != nil || v.Started != want {
			t.Errorf("%s: started %s by %s, %v, want %s", shown, v.Started, v.Rule, err, want)
		}
	}
}

// TestWhereATaskWasPlaced: a task for container instances whose document does not name its instance
// may have run containers beside the one that waited for a secret. Where it has no place, it ran none.
func TestWhereATaskWasPlaced(t *testing.T) {
	t.Parallel()
	const (
		waits = `"stopCode":"TaskFailedToStart","stoppedReason":"Fetching secret data from AWS Secrets Manager in region us-east-1: RequestError: send request failed"`
		room  = `"stopCode":"TaskFailedToStart","stoppedReason":"TaskFailedToStart: RESOURCE:MEMORY"`
	)
	for doc, want := range map[string]stop.Answer{
		waits: stop.No,
		waits + `,"launchType":"FARGATE","capacityProviderName":"FARGATE_SPOT"`:                                      stop.No,
		waits + `,"launchType":"EC2"`:                                                                                stop.Unknown,
		waits + `,"launch_type":"external"`:                                                                          stop.Unknown,
		waits + `,"launchType":"MANAGED_INSTANCES"`:                                                                  stop.Unknown,
		waits + `,"capacityProviderName":"gpu"`:                                                                      stop.Unknown,
		waits + `,"launchType":"EC2","containers":[{"name":"app"}]`:                                                  stop.No,
		waits + `,"launchType":"EC2","containers":[{"name":"app","runtimeId":"adab51249cea4b5ea2d99cede4bb257e-1"}]`: stop.Yes,
		room + `,"launchType":"EC2"`:                                                                                 stop.No,
		room + `,"containerInstanceArn":"arn"`:                                                                       stop.Unknown,
	} {
		d, err := Parse([]byte("{" + doc + "}"))
		if v := stop.Classify(d.Stop()); err != nil || v.Started != want {
			t.Errorf("%s: started %s by %s, %v, want %s", doc, v.Started, v.Rule, err, want)
		}
	}
}

// TestPartOfAContainer: what --query left of two containers does not show whether the one that says
// nothing ran while the image of the other was pulled.
func TestPartOfAContainer(t *testing.T) {
	t.Parallel()
	const (
		pull  = `{"name":"api","reason":"CannotPullContainerError: failed to resolve ref x: dial tcp 192.0.2.1:443: i/o timeout"}`
		whole = `{"containerArn":"arn","name":"api","reason":"CannotPullContainerError: failed to resolve ref x: dial tcp 192.0.2.1:443: i/o timeout"}`
	)
	for containers, want := range map[string]stop.Answer{
		pull: stop.No,
		pull + `,{"name":"init","lastStatus":"STOPPED"}`:                 stop.Unknown,
		pull + `,{"name":"init","exitCode":null}`:                        stop.Unknown,
		whole + `,{"name":"init","containerArn":"arn"}`:                  stop.No,
		pull + `,{"name":"init","containerArn":"arn","exitCode":0}`:      stop.Yes,
		pull + `,{"name":"init","reason":"CannotPullContainerError: x"}`: stop.No,
	} {
		docs, errs := ParseAll([]byte(`{"stopCode":"TaskFailedToStart","stoppedReason":"Task failed to start","containers":[` + containers + `]}`))
		if len(docs) != 1 || len(errs) > 0 {
			t.Fatal(docs, errs)
		}
		if v := stop.Classify(docs[0].Stop()); v.Started != want {
			t.Errorf("%s: started %s by %s, want %s", containers, v.Started, v.Rule, want)
		}
	}
}

// TestNamesOfOnesOwn: what --query gave another name is read beside what has ECS's.
func TestNamesOfOnesOwn(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`"lastStatus":"STOPPED","reason":"Essential container in task exited"`,
		`"status":"STOPPED","stoppedReason":"Essential container in task exited"`,
		`"status":"STOPPED","stopReason":"Essential container in task exited","stopped":"2026-11-02T10:00:00Z"`,
	} {
		d, err := Parse([]byte(`{"taskArn":"arn","exit":3,` + doc + `}`))
		if s := d.Stop(); err != nil || s.LastStatus != "STOPPED" || s.Reason != "Essential container in task exited" {
			t.Errorf("%s: %q, %q, %v", doc, s.LastStatus, s.Reason, err)
		}
	}
}
