package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// fate says what to do with inputs that could not be used.
type fate struct {
	Again bool `xor:"fate" help:"Try again; what is already done is not done twice."`
	Drop  bool `xor:"fate" help:"Drop for good."`
	Yes   bool `help:"Skip the confirmation."`
}

func (f fate) decided() bool { return f.Again || f.Drop }

// agreed returns an error unless a person agrees.
func (f fate) agreed(a *app, what string) error {
	question := "drop " + what + "?"
	if f.Again {
		question = "try " + what + " again?"
	}
	return a.agreed(f.Yes, question, "nothing was done")
}

type redriveCmd struct {
	looks
	fate
	Queue   string   `arg:"" optional:"" help:"trigger, onstopped, notify or sweep; by default all." enum:"trigger,onstopped,notify,sweep," default:""`
	Message []string `help:"Only this message of the queue." placeholder:"ID"`
}

// Run lists the contents of the failure queues, and has them tried again or dropped.
func (c *redriveCmd) Run(ctx context.Context, a *app) error {
	if (c.decided() || len(c.Message) > 0) && c.Queue == "" {
		return usagef("name a queue: trigger, onstopped, notify or sweep")
	}
	if a.stack == "" { // nothing to ask: each queue would be a refused request in the audit
		return errors.New("there are no failure queues here: on one machine, the log says what was given up; for a stack, add --stack NAME")
	}
	queues := port.Queues
	if c.Queue != "" {
		queues = []port.Queue{port.Queue(c.Queue)}
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		found, err := c.find(ctx, a, p, queues)
		if err != nil {
			return err
		}
		if err := a.printFailed(found); err != nil {
			return err
		}
		if !c.decided() {
			return nil
		}
		return c.carryOut(ctx, a, p, found[0])
	})
}

// looksForOne is how often to look for a message: another person's look, which takes some
// seconds, hides the messages that it finds for a second.
const looksForOne = 3

// find returns the contents of queues, or only the messages that were asked for.
func (c *redriveCmd) find(ctx context.Context, a *app, p *plane.Plane, queues []port.Queue) ([]port.Contents, error) {
	defer a.working("looking into the queues")()
	var missing []string
	for range looksForOne {
		found, err := a.failed(ctx, p, queues)
		if err != nil || len(c.Message) == 0 {
			return found, err
		}
		missing = slices.Clone(c.Message)
		for i := range found {
			found[i].Failed = slices.DeleteFunc(found[i].Failed, func(f port.Failed) bool { return !slices.Contains(c.Message, f.ID) })
			missing = slices.DeleteFunc(missing, func(id string) bool {
				return slices.ContainsFunc(found[i].Failed, func(f port.Failed) bool { return f.ID == id })
			})
		}
		if len(missing) == 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("nothing was done: the queue %s has no message %s, or somebody else is reading it now; `redrive %s` lists the messages", c.Queue, notice.Printable(missing[0]), c.Queue)
}

// failed asks for the contents of all queues at once, because each takes some seconds.
func (a *app) failed(ctx context.Context, p *plane.Plane, queues []port.Queue) ([]port.Contents, error) {
	out, errs := make([]port.Contents, len(queues)), make([]error, len(queues))
	var wg sync.WaitGroup
	for i, q := range queues {
		wg.Go(func() {
			reply, err := a.send(ctx, p, entry.Request{Redrive: &port.RedriveRequest{Queue: q}})
			switch {
			case err != nil:
				errs[i] = err
			case reply.Contents == nil:
				errs[i] = errors.New(notice.PrintableText(reply.Message))
			default:
				out[i] = *reply.Contents
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err // all are refused for the same reason
		}
	}
	return out, nil
}

type failedView struct {
	Queue port.Queue `json:"queue"`
	port.Failed
}

func (a *app) printFailed(found []port.Contents) error {
	var rows [][]string
	for _, q := range found {
		for _, f := range q.Failed {
			if a.json {
				if err := printJSON(a.Stdout, failedView{q.Queue, f}); err != nil {
					return err
				}
				continue
			}
			rows = append(rows, []string{string(q.Queue), f.ID, a.at(f.At), f.Why, oneLine([]byte(f.Input))})
		}
	}
	switch {
	case a.json:
		return nil
	case len(rows) == 0:
		return a.write([]byte("the failure queues are empty\n"))
	}
	return a.grid([]column{
		{head: "QUEUE"}, {head: "MESSAGE", rank: 1}, {head: "SINCE (" + a.zoneName() + ")", rank: 2}, {head: "WHY", least: 16}, {head: "INPUT", least: 16},
	}, rows)
}

// carryOut has messages tried again or dropped, as many per request as one request may have.
func (c *redriveCmd) carryOut(ctx context.Context, a *app, p *plane.Plane, found port.Contents) error {
	if len(found.Failed) == 0 {
		return nil
	}
	if err := c.agreed(a, job.Counted(len(found.Failed), "message")+" in the queue "+string(found.Queue)); err != nil {
		return err
	}
	refused, asked := false, 0
	for batch := range slices.Chunk(found.Failed, entry.MostRedriven) {
		req := &port.RedriveRequest{Queue: found.Queue, Again: c.Again}
		for _, f := range batch {
			req.Messages = append(req.Messages, f.ID)
		}
		done := a.working(fmt.Sprintf("%d of %d messages", asked, len(found.Failed)))
		reply, err := a.send(ctx, p, entry.Request{Redrive: req})
		done()
		if err == nil {
			err = a.printReply(reply)
		}
		if err != nil && !errors.Is(err, errRefused) {
			return fmt.Errorf("%w; %d of %s were asked for before; `redrive %s` lists what is left", err, asked, job.Counted(len(found.Failed), "message"), found.Queue)
		}
		asked += len(batch)
		refused = refused || err != nil
	}
	if refused {
		return errRefused
	}
	return nil
}
