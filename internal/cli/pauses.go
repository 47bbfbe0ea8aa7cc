package cli

import (
	"context"
	"fmt"

	"github.com/batchplane/batchplane/internal/plane"
)

type pausesCmd struct{ looks }

// Run lists the pauses in force.
func (c *pausesCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		pauses, err := p.Pauses(ctx)
		if err != nil {
			return err
		}
		if a.json {
			return printAll(a.Stdout, pauses)
		}
		rows := make([][]string, 0, len(pauses))
		for _, in := range pauses {
			until := a.at(in.To)
			switch {
			case in.Unforeseen:
				until = "the next slot only"
			case in.SkipNext:
				until = "that slot only"
			case until == "":
				until = "resume"
			}
			rows = append(rows, []string{allJobs(in.Job), a.at(in.From), until, somebody(in.By), fmt.Sprint(in.Skipped), string(in.Last), in.Reason})
		}
		return a.list([]column{
			{head: "JOB"},
			{head: "SINCE (" + a.zoneName() + ")", rank: 2},
			{head: "UNTIL"},
			{head: "BY", least: 8},
			{head: "SKIPPED", rank: 1},
			{head: "NEWEST SKIPPED", wide: true},
			{head: "REASON", least: 16},
		}, rows, "nothing is paused")
	})
}
