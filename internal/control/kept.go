package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// SettleKept removes a kept input, either because it is dropped or because it was tried again
// and could now be used. An input that still cannot be used stays. After a crash between
// using and removing it, the used input is still there; using it once more does nothing.
func (c *Control) SettleKept(ctx context.Context, req port.KeptRequest) (port.Reply, error) {
	all, err := c.Store.Kept(ctx, port.MostKept)
	if err != nil {
		return port.Reply{}, fmt.Errorf("looking for the kept input %s: %w", req.ID, err)
	}
	for _, k := range all {
		if k.ID() != req.ID {
			continue
		}
		if !req.Again {
			return c.settled(ctx, k, "dropped")
		}
		did, why, err := c.use(ctx, k.Body)
		switch {
		case err != nil && !errors.Is(err, port.ErrOwed): // the sweep does what is owed
			return port.Reply{}, err
		case why != "":
			return refuse("", "%s still cannot be used and stays: %s", req.ID, why), nil
		}
		return c.settled(ctx, k, did)
	}
	return refuse("", "%s", port.NotKept(req.ID, len(all))), nil
}

func (c *Control) settled(ctx context.Context, k port.Kept, did string) (port.Reply, error) {
	err := c.Store.Settle(ctx, k)
	if errors.Is(err, port.ErrNotFound) {
		return port.Reply{Outcome: port.Duplicate, Message: k.ID() + " was just settled by somebody else"}, nil
	}
	if err != nil {
		return port.Reply{}, fmt.Errorf("taking %s off what is kept: %w", k.ID(), err)
	}
	return port.Reply{Outcome: port.Accepted, Message: k.ID() + " is " + did}, nil
}

// use tries a kept input again; why says why it still cannot be used.
func (c *Control) use(ctx context.Context, body []byte) (did, why string, err error) {
	if len(body) == 0 { // for example of a slot that was refused, or a notice that was given up
		return "", "only its reason was kept; drop it once you have read that", nil
	}
	if id, ok := ofRun(body); ok {
		return c.reopen(ctx, id)
	}
	why, err = c.take(ctx, body)
	return "taken", why, err
}

// ofRun returns the run whose stored form the body is. The id of an event of ECS names no run.
func ofRun(body []byte) (run.ID, bool) {
	var r struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &r) != nil {
		return "", false
	}
	id, err := run.ParseID(r.ID)
	return id, err == nil
}

// reopen makes the look come back to a run that was set aside, if it can be read now: by a
// newer or mended program. The run takes its job's lock again, which it lost when it was set
// aside. If another run has taken the lock since, a run that waits to be launched stays where
// it is; one that may have a task is looked at all the same, not launched again, and given the
// lock next, so that no slot starts beside it.
func (c *Control) reopen(ctx context.Context, id run.ID) (did, why string, err error) {
	r, err := c.Store.Run(ctx, id)
	if err == nil {
		err = senseless(&r)
	}
	if err != nil {
		return "", err.Error(), nil //nolint:nilerr // why it cannot be used now either
	}
	if !r.Open() {
		return "read: run " + string(id) + " has ended", "", nil
	}
	r.DueAt = c.Now()
	change := port.Change{Run: &r}
	other, err := c.relock(ctx, &change)
	if err == nil && other != "" && r.Status == run.Queued {
		return "", run.StillOpen(other), nil
	}
	if err == nil {
		err = c.Store.Commit(ctx, change)
	}
	if err != nil {
		return "", "", fmt.Errorf("having run %s looked at again: %w", id, err)
	}
	return "read: run " + string(id) + " is looked at again within a minute", "", nil
}

// relock adds the job's item to the change of a run that must hold its job's lock, or wait for
// it, and does not. other is the open run in its place.
func (c *Control) relock(ctx context.Context, change *port.Change) (other run.ID, err error) {
	r := change.Run
	j, err := c.definition(ctx, r.Definition)
	if err != nil {
		return "", err
	}
	item, err := c.item(ctx, r.ID.Job())
	if err != nil {
		return "", err
	}
	var in run.Run
	place := &item.Lock
	switch {
	case r.Waits:
		place = &item.Waiting
		in, err = c.open(ctx, *place, r.ID)
	case holdsLock(r, j):
		in, err = c.holder(ctx, &item, r.ID)
	default:
		return "", nil
	}
	switch id := string(r.ID); {
	case err != nil:
	case in.ID != "" && !slices.Contains(item.Beside, id):
		item.Beside, change.Item = append(slices.Clone(item.Beside), id), &item
	case in.ID == "" && *place != id:
		*place, change.Item = id, &item
	}
	return in.ID, err
}
