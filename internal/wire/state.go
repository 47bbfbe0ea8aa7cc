package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// LocalPlane returns the local state as a plane, whether a control plane runs on it or not. Its error
// is a whole sentence.
func LocalPlane(ctx context.Context, path string) (*plane.Plane, error) {
	s, err := sqlite.OpenExisting(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("reading the local state: %w", err)
	}
	state := localState{s}
	return &plane.Plane{
		Name: LocalStack, Reader: s, Door: state, Output: local.Logs{Dir: local.LogDir(path)},
		Inspect: state.inspect, Close: s.Close,
		Poll: plane.Poll{Least: 200 * time.Millisecond, Most: 200 * time.Millisecond},
	}, nil
}

// localState finds the control plane that runs on the state anew for each request: it may have been
// restarted in the meantime.
type localState struct{ store *sqlite.Store }

// Ask implements plane.Door.
func (s localState) Ask(ctx context.Context, r entry.Request) (port.Reply, error) {
	door, err := local.ReadDoor(ctx, s.store)
	if err != nil {
		return port.Reply{}, err
	}
	return door.Ask(ctx, r)
}

func (s localState) inspect(ctx context.Context) (plane.Health, error) {
	door, err := local.ReadDoor(ctx, s.store)
	switch {
	case errors.Is(err, plane.ErrNobody):
		return plane.Health{}, nil
	case err != nil:
		return plane.Health{}, err
	}
	trouble, open := door.Open(ctx)
	if !open {
		return plane.Health{}, nil
	}
	return plane.Health{Running: true, Trouble: trouble, Where: fmt.Sprintf("process %d at %s", door.PID, door.URL)}, nil
}
