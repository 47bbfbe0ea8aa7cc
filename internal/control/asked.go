package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/port"
)

// Ask keeps a person's request, carries it out, and keeps the answer. If the request cannot
// be kept, nothing is done. If the answer cannot be kept, the record stays without one; the
// job and the run still show the effects.
func (c *Control) Ask(ctx context.Context, a port.Asked, do func(context.Context) (port.Reply, error)) (port.Reply, error) {
	a.At = c.Now().UTC()
	if err := c.Store.PutAsked(ctx, a); err != nil {
		return port.Reply{}, fmt.Errorf("keeping the request: %w", err)
	}
	reply, err := do(ctx)
	a.Outcome, a.Message = reply.Outcome, reply.Message
	if reply.Run != "" {
		a.Run = reply.Run
	}
	if err != nil && !errors.Is(err, port.ErrOwed) {
		a.Outcome, a.Message = port.Unanswered, err.Error()
	}
	if err := c.Store.PutAsked(context.WithoutCancel(ctx), a); err != nil {
		c.Log.ErrorContext(ctx, "a request is kept without its answer", "request", a.ID, "what", a.What, "job", a.Job, "answer", a.Message, "why", err.Error())
	}
	return reply, err
}
