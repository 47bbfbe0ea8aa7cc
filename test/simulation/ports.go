package simulation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func (p storePort) Run(ctx context.Context, id run.ID) (r run.Run, err error) {
	err = p.access("Run", false, func() error {
		r, err = p.w.store.Run(ctx, id)
		return err
	})
	p.w.opt.Mutation.load(&r)
	p.w.opt.Mutation.revive(p.w.h, &r, p.w.now)
	p.w.opt.Mutation.dated(&r, p.w.now)
	p.w.opt.Mutation.believe(p.w.h, &r)
	p.w.owedAgain(&r)
	return r, err
}

func (p storePort) Commit(ctx context.Context, c port.Change) error {
	p.owns(c.Item)
	err := p.access("Commit", true, func() error {
		c = p.w.opt.Mutation.save(c)
		if p.w.opt.Mutation == LockStaysLost && p.w.h.name == takeUp {
			c.Item = nil
		}
		return p.w.store.Commit(ctx, c)
	})
	if p.w.opt.Mutation == ConflictIsSuccess && errors.Is(err, port.ErrConflict) {
		return nil
	}
	p.w.unanswered(c.Run, err)
	return err
}

func (p storePort) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) (rs []run.Run, err error) {
	err = p.access("Due", false, func() error {
		if p.w.opt.Mutation.holds(p.w.h) {
			return errUnavailable
		}
		p.remember()
		if rs, err = p.w.store.Due(ctx, lane, now, limit); lane == run.LaunchLane && len(rs) == limit && limit > 1 {
			p.w.truth.crowded = p.w.now
		}
		return err
	})
	if p.w.opt.Mutation == NeverLook {
		return nil, err
	}
	if d, ok := p.w.luck(IndexLag, 60, string(lane), p.w.h.from<<8+p.w.h.calls); ok {
		p.w.h.disturbed = true
		rs = slices.DeleteFunc(rs, func(r run.Run) bool {
			lags := d.chance(500)
			p.w.lags(r.ID, lags)
			return lags
		})
	}
	if p.w.opt.Mutation != NoMutation {
		rs = slices.DeleteFunc(rs, p.w.hidden)
	}
	for i := range rs {
		p.w.opt.Mutation.load(&rs[i])
	}
	return rs, err
}

func (p storePort) SetAside(ctx context.Context, id run.ID, reason string) error {
	return p.access("SetAside", true, func() error {
		err := p.w.store.SetAside(ctx, id, reason)
		if rec := p.w.store.runs[id]; rec != nil && rec.aside && rec.asideAt.IsZero() {
			rec.asideAt = p.w.now
		}
		return err
	})
}

func (p storePort) Exist(ctx context.Context, ids []run.ID) (known map[run.ID]bool, err error) {
	err = p.access("Exist", false, func() error {
		known, err = p.w.store.Exist(ctx, ids)
		return err
	})
	return known, err
}

func (p storePort) Runs(ctx context.Context, q port.Query) (rs []run.Run, err error) {
	err = p.access("Runs", false, func() error {
		rs, err = p.w.store.Runs(ctx, q)
		return err
	})
	return rs, err
}

func (p storePort) Item(ctx context.Context, name string) (item job.Item, err error) {
	err = p.access("Item", false, func() error {
		item, err = p.w.store.Item(ctx, name)
		p.unread()
		if p.w.opt.Mutation == UnreadIsNew && p.w.store.corruptItems[name] != nil {
			item, err = job.Item{Name: name, Rev: p.w.store.items[name].Rev}, nil
		}
		return err
	})
	p.w.opt.Mutation.item(&item, p.w.now)
	p.w.oldPauses(&item)
	return item, err
}

func (p storePort) Items(ctx context.Context) (items []job.Item, err error) {
	err = p.access("Items", false, func() error {
		items, err = p.w.store.Items(ctx)
		p.unread()
		if p.w.opt.Mutation == PassUnread {
			err = nil
		}
		return err
	})
	if m := p.w.opt.Mutation; m == HideCalendar || m == ForgetFormer || m == ZoneIsUTC {
		for i := range items {
			p.w.opt.Mutation.item(&items[i], p.w.now)
		}
	}
	return items, err
}

func (p storePort) Definition(ctx context.Context, hash string) (j job.Job, err error) {
	err = p.access("Definition", false, func() error {
		j, err = p.w.store.Definition(ctx, hash)
		return err
	})
	p.w.opt.Mutation.definition(&j)
	return j, err
}

func (p storePort) Definitions(ctx context.Context, hashes []string) (js map[string]job.Job, err error) {
	err = p.access("Definitions", false, func() error {
		js, err = p.w.store.Definitions(ctx, hashes)
		return err
	})
	for hash, j := range js {
		p.w.opt.Mutation.definition(&j)
		js[hash] = j
	}
	return js, err
}

func (p storePort) PutDefinition(ctx context.Context, j job.Job) error {
	return p.access("PutDefinition", true, func() error { return p.w.store.PutDefinition(ctx, j) })
}

func (p storePort) Keep(ctx context.Context, k port.Kept) error {
	if p.w.opt.Mutation == GiveUpSilently && strings.HasPrefix(k.Reason, gaveUp) {
		return nil
	}
	return p.access("Keep", true, func() error { return p.w.store.Keep(ctx, k) })
}

func (p storePort) Kept(ctx context.Context, limit int) (ks []port.Kept, err error) {
	err = p.access("Kept", false, func() error {
		ks, err = p.w.store.Kept(ctx, limit)
		return err
	})
	return ks, err
}

func (p storePort) Settle(ctx context.Context, k port.Kept) error {
	return p.access("Settle", true, func() error { return p.w.store.Settle(ctx, k) })
}

func (p storePort) Mark(ctx context.Context, name string) (at time.Time, err error) {
	err = p.access("Mark", false, func() error {
		at, err = p.w.store.Mark(ctx, name)
		return err
	})
	if p.w.opt.Mutation == SkipSlots && name == port.MarkSlots {
		return p.w.control.Now(), err
	}
	return at, err
}

func (p storePort) SetMark(ctx context.Context, name string, at time.Time) error {
	return p.access("SetMark", true, func() error { return p.w.store.SetMark(ctx, name, at) })
}

func (p storePort) PutAsked(ctx context.Context, a port.Asked) error {
	return p.access("PutAsked", true, func() error { return p.w.store.PutAsked(ctx, a) })
}

func (p storePort) MoveMark(ctx context.Context, name string, from, to time.Time) error {
	return p.access("MoveMark", true, func() error { return p.w.store.MoveMark(ctx, name, from, to) })
}

func (p storePort) PutPending(ctx context.Context, s port.Pending) error {
	if p.w.opt.Mutation == LosePending {
		return nil
	}
	return p.access("PutPending", true, func() error { return p.w.store.PutPending(ctx, s) })
}

func (p storePort) DonePending(ctx context.Context, id string) error {
	return p.access("DonePending", true, func() error { return p.w.store.DonePending(ctx, id) })
}

func (p storePort) Pending(ctx context.Context, limit int) (ps []port.Pending, err error) {
	err = p.access("Pending", false, func() error {
		ps, err = p.w.store.Pending(ctx, limit)
		return err
	})
	return ps, err
}

// unread notes that the handler may have met an item that cannot be read.
func (p storePort) unread() {
	if len(p.w.store.corruptItems) > 0 {
		p.w.h.disturbed, p.w.truth.troubled = true, later(p.w.truth.troubled, p.w.now)
	}
}
