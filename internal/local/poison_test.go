package local_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// poisoned is a store that panics over one job.
type poisoned struct {
	port.Store
	job string
}

func (s poisoned) Item(ctx context.Context, name string) (job.Item, error) {
	if name == s.job {
		panic("poison")
	}
	return s.Store.Item(ctx, name)
}

// TestAPanicOverOneJob: it ends neither the process nor keeps others from starting.
func TestAPanicOverOneJob(t *testing.T) {
	t.Parallel()
	l, clock := program(t, filepath.Join(t.TempDir(), "local.db"), start)
	if err := l.Load(t.Context(), []job.Job{{Name: "minutely", Schedule: "* * * * *", Command: []string{"x"}}, {Name: "other", Schedule: "* * * * *", Command: []string{"x"}}}); err != nil {
		t.Fatal(err)
	}
	whole := l.Control.Store
	defer func() { l.Control.Store = whole }()
	l.Control.Store = poisoned{whole, "minutely"}
	clock.AdvanceTo(start.Add(30 * time.Second))
	if err := l.Fire(t.Context()); err == nil || !strings.Contains(err.Error(), "a fault of this program: poison") {
		t.Errorf("the clock says %v", err)
	}
	l.Control.Store = whole
	if got := fmt.Sprint(fire(t, l)); got != "[other/20261122T1731Z minutely/20261122T1731Z]" {
		t.Errorf("then %s", got)
	}
}
