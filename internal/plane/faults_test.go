package plane_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestARunOfAnotherStack: a run is not found in a stack, and the error says where else it may be.
// If no stack was named, the error says only that it does not exist.
func TestARunOfAnotherStack(t *testing.T) {
	t.Parallel()
	p := &plane.Plane{Name: "prod", Reader: &memory.Store{}, Registry: &group{}}
	const want = "there is no run a/20261122T0200Z in the stack prod: is it in another stack, or in the local state; `history a` lists the job's runs"
	for name, wants := range map[string]plane.Want{"show": plane.Any, "retry": plane.Retryable, "stop": plane.Stoppable, "logs": plane.WithOutput} {
		if _, _, err := p.Find(t.Context(), "a/20261122T0200Z", wants); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.Registry = nil
	if _, _, err := p.Find(t.Context(), "a/20261122T0200Z", plane.Any); err == nil || strings.Contains(err.Error(), "stack") {
		t.Errorf("here: %v", err)
	}
}

// newer is the reader of a table in which a newer batchplane has written an item.
type newer struct {
	*memory.Store
	err error
}

func (n newer) Items(ctx context.Context) ([]job.Item, error) {
	items, _ := n.Store.Items(ctx)
	return items, &port.UnreadableItemsError{Jobs: map[string]error{"a": n.err}}
}

func (n newer) Walk(context.Context, port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) { yield(run.Run{}, n.err) }
}

// TestATableOfAnotherVersion: what a newer batchplane wrote is never silently left out. An item
// that nobody can read is, because the sweep reports it.
func TestATableOfAnotherVersion(t *testing.T) {
	t.Parallel()
	p := &plane.Plane{Reader: newer{&memory.Store{}, port.ErrNewer}}
	_, jobs := p.Jobs(t.Context(), plane.JobFilter{})
	_, pauses := p.Pauses(t.Context())
	_, history := p.History(t.Context(), plane.Filter{}, 10)
	_, _, retry := p.Candidates(t.Context(), plane.Filter{})
	_, _, find := p.Find(t.Context(), "a", plane.Any)
	ctx, end := context.WithCancel(t.Context())
	p.Sleep = func(context.Context, time.Duration) { end() }
	tail := p.Tail(ctx, nil, func(run.Run) error { return nil })
	for what, err := range map[string]error{"jobs": jobs, "pauses": pauses, "history": history, "retry --all": retry, "a bare name": find, "tail": tail, "known": p.Known(t.Context(), "a")} {
		if !errors.Is(err, port.ErrNewer) {
			t.Errorf("%s: %v", what, err)
		}
	}
	p.Reader = newer{&memory.Store{}, errors.New("damaged")}
	if _, err := p.Jobs(t.Context(), plane.JobFilter{}); err != nil {
		t.Errorf("of a damaged item: %v", err)
	}
}

// cutOff is a reader whose user stops looking while it reads.
type cutOff struct {
	*memory.Store
	end context.CancelFunc
}

func (c cutOff) Run(ctx context.Context, _ run.ID) (run.Run, error) {
	c.end()
	return run.Run{}, ctx.Err()
}

func (c cutOff) Walk(ctx context.Context, _ port.Walk) iter.Seq2[run.Run, error] {
	return func(yield func(run.Run, error) bool) { c.end(); yield(run.Run{}, ctx.Err()) }
}

// TestWhoStopsLooking: Ctrl-C ends tail and logs --follow in the middle of a read, too.
func TestWhoStopsLooking(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(context.Context, *plane.Plane) error{
		"tail": func(ctx context.Context, p *plane.Plane) error {
			return p.Tail(ctx, nil, func(run.Run) error { return nil })
		},
		"logs --follow": func(ctx context.Context, p *plane.Plane) error {
			_, err := p.Follow(ctx, plane.Follow{Run: "a/20261122T0200Z", On: true}, func(plane.Line) error { return nil })
			return err
		},
	} {
		ctx, end := context.WithCancel(t.Context())
		if err := look(ctx, &plane.Plane{Reader: cutOff{&memory.Store{}, end}}); err != nil || ctx.Err() == nil {
			t.Errorf("%s: %v", name, err)
		}
		end()
	}
}
