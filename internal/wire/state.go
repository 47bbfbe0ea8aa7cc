package wire

import (
	"context"
	"fmt"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/local"
)

// State is the local state as commands read it, while a control plane runs on
// it or not.
type State struct{ *sqlite.Store }

// OpenState opens the local state for reading. Its error is a whole sentence.
func OpenState(ctx context.Context, path string) (State, error) {
	s, err := sqlite.OpenExisting(ctx, path)
	if err != nil {
		return State{}, fmt.Errorf("reading the local state: %w", err)
	}
	return State{s}, nil
}

// Door is where the control plane that runs on the state takes requests;
// local.ErrNobody where none does.
func (s State) Door(ctx context.Context) (local.Door, error) {
	return local.ReadDoor(ctx, s.Store)
}
