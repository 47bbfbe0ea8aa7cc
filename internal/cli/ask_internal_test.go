package cli

import (
	"bytes"
	"errors"
	"testing"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// TestAnswersThatFail: the exit code says when what was asked for came to nothing, and
// that a repeated request found a failed run is no failure of the request.
func TestAnswersThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply control.Reply
		want  error
	}{
		"launched":                   {control.Reply{Outcome: control.Accepted, Status: run.Running}, nil},
		"refused":                    {control.Reply{Outcome: control.Refused}, errRefused},
		"ECS refuses it for good":    {control.Reply{Outcome: control.Accepted, Status: run.Failed}, errRefused},
		"the same again, it failed":  {control.Reply{Outcome: control.Duplicate, Status: run.Failed}, nil},
		"a stop":                     {control.Reply{Outcome: control.Accepted, Status: run.Stopped}, nil},
		"a launch that will be made": {control.Reply{Outcome: control.Accepted, Status: run.Queued}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, json := range []bool{false, true} {
				a := &app{Env: Env{Stdout: &bytes.Buffer{}}, json: json}
				if err := a.printReply(c.reply); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			}
		})
	}
}
