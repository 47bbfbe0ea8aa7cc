package cli

import (
	"context"
	"fmt"

	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

type notifyCmd struct {
	Test notifyTestCmd `cmd:"" help:"Send a test notice to one target of a targets file."`
}

type notifyTestCmd struct {
	Target  string `arg:"" help:"The name of the target."`
	Targets string `required:"" help:"Targets file, as for local." placeholder:"FILE"`
}

// Run sends a notice marked as a test.
func (c *notifyTestCmd) Run(ctx context.Context, a *app) error {
	t, err := readTargets(c.Targets)
	if err != nil {
		return err
	}
	now := a.now().UTC()
	n := notice.Notice{
		ID: "test:" + c.Target + "/" + now.Format("20060102T150405Z"), Kind: notice.Failed, Stack: wire.LocalStack, Job: "batchplane-test",
		Run: "batchplane-test/manual-000000000000", Status: run.Failed, Cause: "this is a test of the target " + c.Target + "; nothing has failed",
		ScheduledFor: now, LocalTime: now.Format("2006-01-02 15:04 MST"), FinishedAt: now, Logs: []string{"last lines of the output stand here"},
	}
	if err := t.Carry(ctx, c.Target, n); err != nil {
		return fmt.Errorf("telling %s: %w", c.Target, err)
	}
	_, err = fmt.Fprintf(a.Stdout, "%s accepted a notice about %s; check that it arrived\n", c.Target, n.Run)
	return err //nolint:wrapcheck // nobody reads it
}

// readTargets reads a file of targets. Without a file there are none.
func readTargets(path string) (*wire.Targets, error) {
	lines := local.Secrets{}
	if path != "" {
		var err error
		if lines, err = local.ReadSecrets(path); err != nil {
			return nil, usagef("reading the targets: %w", err)
		}
	}
	t, err := wire.NewTargets(lines)
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	return t, nil
}
