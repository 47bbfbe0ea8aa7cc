package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

type tailCmd struct {
	looks
	Job []string `arg:"" optional:"" help:"Only these jobs' runs; report-* matches all that begin with report-."`
}

// Run prints what happens until it is interrupted.
func (c *tailCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		if err := known(ctx, p, c.Job); err != nil {
			return err
		}
		if !a.json {
			_, _ = fmt.Fprintf(a.Stderr, "times in %s; Ctrl-C stops it\n", a.zoneName())
		}
		return p.Tail(ctx, c.Job, func(r run.Run) error {
			row := view.RowOf(r, a.now())
			if a.json {
				return printJSON(a.Stdout, row)
			}
			state := fmt.Sprintf("%-9s", row.State)
			if a.Screen.Color {
				state = paintState(string(row.State)) + state[len(row.State):]
			}
			line := fmt.Sprintf("%s  %-32s %s %s", a.now().In(a.zone).Format(time.TimeOnly), row.Run, state, notice.Printable(row.Cause))
			return a.write([]byte(line + "\n"))
		})
	})
}
