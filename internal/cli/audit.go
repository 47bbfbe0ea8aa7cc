package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type auditCmd struct {
	looks
	By    string `help:"Only this person's requests, by the name or ARN in the list." placeholder:"WHO"`
	Job   string `help:"Only requests about this job." placeholder:"JOB"`
	Since string `help:"Only requests since a duration ago (24h, 7d) or a time." placeholder:"D"`
	Limit int    `help:"Show at most this many." default:"100"`
}

// Run lists who asked for what.
func (c *auditCmd) Run(ctx context.Context, a *app) error {
	since, err := a.past("--since", c.Since)
	if err != nil {
		return err
	}
	if c.Limit < 1 {
		return usagef("--limit %d must be at least 1", c.Limit)
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		asked, err := p.Asked(ctx, port.AskedQuery{Job: c.Job, By: c.By, Since: since, Limit: c.Limit + 1})
		if err != nil {
			return err
		}
		if len(asked) > c.Limit {
			asked = asked[:c.Limit]
			_, _ = fmt.Fprintf(a.Stderr, "there are more: add --limit %d\n", 10*c.Limit)
		}
		if a.json {
			return printAll(a.Stdout, asked)
		}
		rows := make([][]string, 0, len(asked))
		for _, q := range asked {
			about := cmp.Or(string(q.Run), allJobs(q.Job))
			rows = append(rows, []string{a.at(q.At), somebody(q.By), q.Door, strings.ReplaceAll(q.What, "skipNext", "skip-next"), about, string(q.Outcome), string(q.Request), strings.TrimPrefix(q.Message, string(q.Outcome)+": ")})
		}
		return a.list([]column{
			{head: "ASKED (" + a.zoneName() + ")"},
			{head: "BY", least: 12},
			{head: "DOOR", rank: 3},
			{head: "WHAT"},
			{head: "ABOUT"},
			{head: "ANSWER", rank: 1},
			{head: "REQUEST", wide: true},
			{head: "MESSAGE", least: 16, rank: 2},
		}, rows, "no requests found")
	})
}
