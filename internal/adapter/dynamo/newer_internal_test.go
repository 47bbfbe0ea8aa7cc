package dynamo

import (
	"errors"
	"fmt"
	"testing"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestNewerOf: among runs that cannot be read, one of a newer batchplane is an error, however many
// others there are; damaged ones alone are none.
func TestNewerOf(t *testing.T) {
	t.Parallel()
	damaged := errors.New("damaged")
	newer := fmt.Errorf("wrapped: %w", &NewerError{What: "run a/20261122T1730Z", Version: 2})
	for name, c := range map[string]struct {
		unreadable map[run.ID]error
		want       error
	}{
		"none":         {nil, nil},
		"only damaged": {map[run.ID]error{"b/20261122T1730Z": damaged, "c/20261122T1730Z": damaged}, nil},
		"among others": {map[run.ID]error{"a/20261122T1730Z": newer, "b/20261122T1730Z": damaged, "c/20261122T1730Z": damaged, "d/20261122T1730Z": damaged}, newer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 { // in whatever order the map is walked
				if got := newerOf(c.unreadable); !errors.Is(got, c.want) || c.want != nil && !errors.Is(got, port.ErrNewer) {
					t.Fatalf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}
