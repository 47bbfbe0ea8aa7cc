package deployer

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
)

// written records what is written to a group; update and create are the errors of these calls.
type written struct {
	API
	update, create error
	did            []string
	last           *scheduler.CreateScheduleInput
}

func (w *written) UpdateSchedule(context.Context, *scheduler.UpdateScheduleInput, ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error) {
	w.did = append(w.did, "update")
	return &scheduler.UpdateScheduleOutput{}, w.update
}

func (w *written) CreateSchedule(_ context.Context, in *scheduler.CreateScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error) {
	w.did, w.last = append(w.did, "create"), in
	return &scheduler.CreateScheduleOutput{}, w.create
}

// TestAnnounce: the schedule is written, or created if it is absent. It starts nothing and carries
// nothing.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	none, denied := &types.ResourceNotFoundException{}, errors.New("denied")
	for name, c := range map[string]struct {
		update, create error
		did            string
		want           error
	}{
		"there":                     {nil, nil, "update", nil},
		"not there":                 {none, nil, "update create", nil},
		"made by another meanwhile": {none, &types.ConflictException{}, "update create", nil},
		"it may not be written":     {denied, nil, "update", denied},
		"it may not be made":        {none, denied, "update create", denied},
	} {
		api := &written{update: c.update, create: c.create}
		w := &Writer{Scheduler: api, Name: "batchplane-prod", Trigger: "trigger", Role: "role", Failures: "queue"}
		if err := w.Announce(t.Context()); !errors.Is(err, c.want) || strings.Join(api.did, " ") != c.did {
			t.Errorf("%s: %v, %v", name, api.did, err)
		}
		if api.last == nil {
			continue
		}
		j, ok, err := entry.Registered(*api.last.Target.Input)
		if *api.last.Name != port.Applied || api.last.State != types.ScheduleStateDisabled || ok || err != nil || aws.ToString(api.last.GroupName) != "batchplane-prod" {
			t.Errorf("%s: %s is %s and carries %+v, %v", name, *api.last.Name, api.last.State, j, err)
		}
	}
}
