package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/wire"
)

// reload reads the jobs files again and says in words what changed. A file with a fault changes
// nothing, and is said by status until it is mended.
func (c *localCmd) reload(ctx context.Context, l *wire.Local, t *transcript) {
	err := c.tryReload(ctx, l, t)
	l.Unread(err)
	if err != nil {
		t.line("nothing was reloaded; the jobs go on as before: %v", err)
	}
}

func (c *localCmd) tryReload(ctx context.Context, l *wire.Local, t *transcript) error {
	for _, name := range c.Files {
		if err := local.Trusted(name); err != nil {
			return err
		}
	}
	file, err := c.read(ctx, "changed")
	if err != nil {
		return err
	}
	if err := l.LockJobs(c.Files[0]); err != nil {
		return err
	}
	before, bases := l.File()
	changes := append(jobdiff.Definitions(bases, file.Definitions), jobdiff.Of(before, file.Jobs, t.now())...)
	if len(changes) == 0 {
		t.line("reloaded %s: nothing changed", strings.Join(c.Files, " and "))
		return nil
	}
	if err := l.Reload(ctx, file.Jobs, file.Definitions); err != nil {
		return fmt.Errorf("taking the new jobs: %w", err)
	}
	t.line("reloaded %s: %s", strings.Join(c.Files, " and "), job.Counted(len(changes), "change"))
	for _, change := range changes {
		t.line("  %s %s: %s", change.Subject(), change.Kind, strings.Join(change.Words, "; "))
	}
	return nil
}

// onTerminal reports whether a terminal controls this process. A terminal that is closed also
// sends SIGHUP, which is then not a request to reload.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	return tty.Close() == nil
}
