package entry

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/batchplane/batchplane/internal/port"
)

// Way is the way by which an input reaches the door.
type Way string

// The ways. FromSchedules: schedules, and whoever may call the trigger itself; only slots come
// this way. FromRules: rules, which name jobs and times and nothing else, because whoever may
// write any rule of the account decides what it sends. FromPeople: people, who may name jobs and
// runs and nothing else. FromLocal: people of a local control plane. FromQueue: a failure queue,
// into which any rule of the account can put anything, so that its contents prove no minute.
const (
	FromSchedules Way = "trigger"
	FromRules     Way = "rules"
	FromPeople    Way = "people"
	FromLocal     Way = "local"
	FromQueue     Way = "queue"
)

// starts reports whether slots, and nothing else, come this way.
func (w Way) starts() bool { return w == FromSchedules || w == FromRules || w == FromQueue }

// takes returns the part of a slot that is accepted this way.
func (w Way) takes(s Slot) Slot {
	switch w {
	case FromRules:
		return Slot{Name: s.Name, At: s.At}
	case FromQueue:
		s.Schedule = ""
	}
	return s
}

// Door is the trigger function: it reads an input and has control do what the input asks for.
type Door struct {
	Control interface {
		Fire(ctx context.Context, s port.Slot) (port.Reply, error)
		Ask(ctx context.Context, a port.Asked, do func(context.Context) (port.Reply, error)) (port.Reply, error)
		RunByHand(ctx context.Context, req port.RunRequest) (port.Reply, error)
		Retry(ctx context.Context, req port.RetryRequest) (port.Reply, error)
		StopRun(ctx context.Context, req port.StopRequest) (port.Reply, error)
		Pause(ctx context.Context, req port.PauseRequest) (port.Reply, error)
		Resume(ctx context.Context, req port.ResumeRequest) (port.Reply, error)
		SkipNext(ctx context.Context, req port.SkipRequest) (port.Reply, error)
		SettleKept(ctx context.Context, req port.KeptRequest) (port.Reply, error)
		OnStopped(ctx context.Context, body []byte) error
	}
	// Failures are the failure queues, nil if there are none.
	Failures port.Failures
	Log      *slog.Logger
}

// Enter does what body asks for. requestID is the platform's id. It stands in for the caller's
// own if there is none, so that a repeated delivery is one request.
//
// An error means that the input is not settled and must not be forgotten: the platform delivers a
// schedule's input again, and then keeps it in the failure queue. A person's request that was
// saved and not yet carried out is not an error, because the sweep carries it out. A person's
// request that cannot be read, or that asks for something that people may not do, is refused.
func (d Door) Enter(ctx context.Context, way Way, requestID string, body []byte) (port.Reply, error) {
	req, err := Parse(body)
	switch {
	case err != nil:
		return d.unreadable(ctx, way, requestID, body, err)
	case way == FromRules && req.Slot == nil:
		return d.ask(ctx, asking(way, requestID, req, body), refusal("rules can only start jobs at their times"))
	case way.starts() && req.Slot == nil:
		return d.ask(ctx, asking(way, requestID, req, body), refusal("schedules can only start jobs at their times: send people's requests to the alias `people` of this function, the stack's output PeopleArn"))
	case req.Slot != nil && !way.starts():
		return d.ask(ctx, asking(way, requestID, req, body), refusal("only schedules and rules start slots: use run for a new run, or retry for a further attempt"))
	case req.Slot != nil:
		return d.slot(ctx, way.takes(*req.Slot))
	case req.lacks() != "":
		return d.ask(ctx, asking(way, requestID, req, body), refusal(req.lacks()))
	}
	return d.ask(ctx, asking(way, requestID, req, body), func(ctx context.Context) (port.Reply, error) {
		return d.person(ctx, requestID, req)
	})
}

func (d Door) unreadable(ctx context.Context, way Way, requestID string, body []byte, err error) (port.Reply, error) {
	if way.starts() {
		d.Log.ErrorContext(ctx, "refused an input", "why", err.Error(), "request", requestID)
		return port.Reply{}, err
	}
	reply, kept := d.ask(ctx, asking(way, requestID, Request{}, body), refusal(err.Error()))
	if way == FromPeople {
		return reply, kept
	}
	return port.Reply{}, errors.Join(err, kept) // HTTP has a status for it
}

// longest is the largest number of characters in an answer's sentence, which may repeat what was
// asked for. An answer is kept in a DynamoDB item, or logged if it cannot be kept.
const longest = 8000

// ask has a request kept together with its answer.
func (d Door) ask(ctx context.Context, a port.Asked, do func(context.Context) (port.Reply, error)) (port.Reply, error) {
	reply, err := d.Control.Ask(ctx, a, func(ctx context.Context) (port.Reply, error) {
		reply, err := do(ctx)
		if said := []rune(reply.Message); len(said) > longest {
			reply.Message = string(said[:longest-1]) + "…"
		}
		return reply, err
	})
	if errors.Is(err, port.ErrOwed) {
		d.Log.WarnContext(ctx, "a request is saved and its effect still owed", "run", reply.Run, "why", err.Error())
		return reply, nil
	}
	return reply, err
}

func refusal(why string) func(context.Context) (port.Reply, error) {
	return func(context.Context) (port.Reply, error) {
		return refused(why), nil
	}
}

func (d Door) slot(ctx context.Context, s Slot) (port.Reply, error) {
	notePassedOver(ctx, d.Log, s.Name, s.Unknown)
	reply, err := d.Control.Fire(ctx, port.Slot{Name: s.Name, At: s.At, Carried: s.Job, Schedule: s.Schedule})
	if err != nil {
		d.Log.ErrorContext(ctx, "a slot is not finished", "run", reply.Run, "job", s.Name, "why", err.Error())
	}
	return reply, err
}

// passedOver holds what was already logged about schedules' inputs: once per process is enough.
var passedOver sync.Map

func notePassedOver(ctx context.Context, log *slog.Logger, name, unknown string) {
	if unknown == "" {
		return
	}
	if _, before := passedOver.LoadOrStore(name+": "+unknown, true); !before {
		log.WarnContext(ctx, "passed over what a newer version may have written into a schedule's input", "job", name, "why", unknown)
	}
}

func (d Door) person(ctx context.Context, requestID string, r Request) (port.Reply, error) {
	switch {
	case r.Run != nil:
		r.Run.RequestID = cmp.Or(r.Run.RequestID, requestID)
		return d.Control.RunByHand(ctx, *r.Run)
	case r.Retry != nil:
		r.Retry.RequestID = cmp.Or(r.Retry.RequestID, requestID)
		return d.Control.Retry(ctx, *r.Retry)
	case r.Stop != nil:
		return d.Control.StopRun(ctx, *r.Stop)
	case r.Pause != nil:
		return d.Control.Pause(ctx, *r.Pause)
	case r.Resume != nil:
		return d.Control.Resume(ctx, *r.Resume)
	case r.Kept != nil:
		return d.Control.SettleKept(ctx, *r.Kept)
	case r.Redrive != nil:
		return d.redrive(ctx, *r.Redrive)
	}
	return d.Control.SkipNext(ctx, *r.Skip)
}
