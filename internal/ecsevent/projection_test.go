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
