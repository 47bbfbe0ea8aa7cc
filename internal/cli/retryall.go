package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// selection holds the flags of retry --all.
type selection struct {
	All    bool     `help:"Retry the newest failed run of each job that has not succeeded since, if that is safe; asks first."`
	Status []string `help:"With --all: runs with these statuses; by default failed." placeholder:"S"`
	Since  string   `help:"With --all: runs scheduled since a duration ago or a time; by default 12h." placeholder:"D"`
	Jobs   []string `name:"job" help:"With --all: these jobs' runs; report-* matches all that begin with report-." placeholder:"JOB"`
	Cause  string   `help:"With --all: runs whose cause contains this text." placeholder:"TEXT"`
	Even   []string `help:"With --all: retry also where that is not known to be safe: ended (by themselves), unsafe (may have run)." enum:"ended,unsafe" placeholder:"WHICH"`
	Max    *int     `help:"With --all: retry at most this many." placeholder:"50"`
	Yes    bool     `help:"With --all: skip the confirmation."`
}

// selects reports whether a flag says which runs to retry.
func (c *selection) selects() bool {
	return len(c.Status)+len(c.Jobs)+len(c.Even) > 0 || c.Cause != "" || c.Since != "" || c.Max != nil
}

// retryAll lists what would be retried, asks, and has it done.
func (c *retryCmd) retryAll(ctx context.Context, a *app, p *plane.Plane) error {
	f := plane.Filter{Jobs: c.Jobs, Cause: c.Cause}
	var err error
	if f.Statuses, err = statusesOf(c.Status); err != nil {
		return err
	}
	if f.Since, err = a.past("--since", cmp.Or(c.Since, "12h")); err != nil {
		return err
	}
	done := a.working("looking for what failed")
	all, unread, err := p.Candidates(ctx, f)
	done()
	if err != nil {
		return err
	}
	if words := plane.UnreadWords(unread, a.command("show")); words != "" {
		_, _ = fmt.Fprintf(a.Stderr, "not all could be read: %s\n", words)
	}
	chosen, left := c.choose(all)
	if err := a.printChoice(chosen, left); err != nil {
		return err
	}
	switch {
	case len(all) == 0:
		_, _ = fmt.Fprintf(a.Stderr, "checked runs scheduled since %s (%s); --since goes further back\n", a.at(f.Since), a.zoneName())
		return known(ctx, p, c.Jobs)
	case len(chosen) == 0:
		_, _ = fmt.Fprintf(a.Stderr, "nothing was retried: no run is known to be safe to retry%s\n", evens(left))
		return nil
	}
	if err := c.agreed(a, chosen); err != nil {
		return err
	}
	return c.retryEach(ctx, a, p, chosen)
}

// evens says which values of --even would retry those of the runs that may be retried at all.
func evens(left []plane.Candidate) string {
	var out []string
	for _, s := range []run.Safety{run.RetryEnded, run.RetryUnsafe} {
		if slices.ContainsFunc(left, func(k plane.Candidate) bool { return k.Retry.Safety == s }) {
			out = append(out, string(s))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "; once you have checked them, --even " + strings.Join(out, ",") + " retries them"
}

// agreed returns an error unless a person wants all of them retried.
func (c *retryCmd) agreed(a *app, chosen []plane.Candidate) error {
	most := 50
	if c.Max != nil {
		most = *c.Max
	}
	if len(chosen) > most {
		return fmt.Errorf("found %s, more than the %d that are retried at once: narrow them down with --job, --cause or --since, or give --max %d", job.Counted(len(chosen), "run"), most, len(chosen))
	}
	return a.agreed(c.Yes, fmt.Sprintf("retry %s?", job.Counted(len(chosen), "run")), "nothing was retried")
}

// choose divides the candidates into those to retry and the rest.
func (c *retryCmd) choose(all []plane.Candidate) (chosen, left []plane.Candidate) {
	for _, k := range all {
		if k.Retry.Safety == run.RetrySafe || slices.Contains(c.Even, string(k.Retry.Safety)) {
			chosen = append(chosen, k)
		} else {
			left = append(left, k)
		}
	}
	return chosen, left
}

func (a *app) printChoice(chosen, left []plane.Candidate) error {
	if a.json {
		return nil
	}
	var rows [][]string
	for _, k := range chosen {
		rows = append(rows, []string{"retry", string(k.Row.Run), string(k.Row.State), string(k.Retry.Safety), k.Retry.Why, k.Row.Cause})
	}
	for _, k := range left {
		rows = append(rows, []string{"leave", string(k.Row.Run), string(k.Row.State), string(k.Retry.Safety), k.Retry.Why, k.Row.Cause})
	}
	if len(rows) == 0 {
		return a.write([]byte("there is nothing to retry\n"))
	}
	return a.grid([]column{
		{head: "WILL"}, {head: "RUN"}, {head: "STATUS", rank: 2, paint: paintState}, {head: "RETRY IS", rank: 3}, {head: "WHY", least: 16}, {head: "CAUSE", least: 16, rank: 1},
	}, rows)
}

func (c *retryCmd) retryEach(ctx context.Context, a *app, p *plane.Plane, chosen []plane.Candidate) error {
	var refused []string
	var unprinted error
	for _, k := range chosen {
		request := k.Ask()
		request.Same, request.Reason = c.Same, c.Reason
		reply, err := a.send(ctx, p, entry.Request{Retry: &request})
		if err != nil {
			return fmt.Errorf("retrying %s: %w; repeat the command to continue: nothing is done twice", k.Run.ID, err)
		}
		if reply.Outcome == port.Refused {
			refused = append(refused, string(k.Run.ID))
		}
		if a.json {
			err = printJSON(a.Stdout, reply)
		} else {
			err = a.write([]byte(notice.Printable(reply.Message) + "\n"))
		}
		if err != nil {
			unprinted = err // the others were agreed to, too
		}
	}
	if unprinted != nil {
		unprinted = fmt.Errorf("all of %s were asked for, and not every answer could be printed: %w", job.Counted(len(chosen), "run"), unprinted)
	}
	if len(refused) > 0 {
		return errors.Join(unprinted, fmt.Errorf("%s not launched: %s", job.Counted(len(refused), "run"), strings.Join(refused, ", ")))
	}
	return unprinted
}
