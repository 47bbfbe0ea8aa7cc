package fanout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/notice"
)

// channels is a way whose targets are those of the notice. Shut ones take nothing.
type channels struct {
	shut  map[string]bool
	heard []string
	// after is called after each try of a target.
	after func()
}

var errShut = errors.New("revoked")

func (c *channels) Targets(n notice.Notice) []string { return n.Targets }

func (c *channels) Carry(ctx context.Context, target string, _ notice.Notice) error {
	if c.after != nil {
		defer c.after()
	}
	if c.shut[target] {
		return errShut
	}
	c.heard = append(c.heard, target)
	return ctx.Err()
}

func (c *channels) Notify(ctx context.Context, n notice.Notice) error { return c.Carry(ctx, "mail", n) }

// memory is the table; if broken is set, it answers with that error.
type memory struct {
	took   map[string][]string
	writes int
	broken error
}

func (m *memory) Took(_ context.Context, id string) ([]string, error) { return m.took[id], m.broken }

func (m *memory) SetTook(ctx context.Context, id string, targets []string) error {
	if m.broken != nil {
		return m.broken
	}
	m.writes++
	m.took[id] = append(m.took[id], targets...)
	return ctx.Err()
}

func setUp(shut ...string) (*channels, *memory, func() *Notifier) {
	c, m := &channels{shut: map[string]bool{}}, &memory{took: map[string][]string{}}
	for _, target := range shut {
		c.shut[target] = true
	}
	// A new process knows only what is in the table.
	return c, m, func() *Notifier { return &Notifier{Ways: []Way{c, Only{Name: "mail", Carrier: c}}, Memory: m} }
}

var toTwo = notice.Notice{ID: "failed:prod/etl/1", Targets: []string{"ops", "team-a"}}

// TestEachTargetOnce: whichever target fails, the others get a notice once, whatever process sends it.
func TestEachTargetOnce(t *testing.T) {
	t.Parallel()
	for _, shut := range []string{"ops", "team-a", "mail"} {
		t.Run(shut, func(t *testing.T) {
			t.Parallel()
			c, m, process := setUp(shut)
			for range 3 {
				if _, err := process().Notify(t.Context(), toTwo); !errors.Is(err, errShut) || !strings.Contains(err.Error(), "to "+shut) {
					t.Fatalf("got %v", err)
				}
			}
			c.shut[shut] = false
			took, err := process().Notify(t.Context(), toTwo)
			if err != nil || !slices.Equal(took, []string{"mail", "ops", "team-a"}) {
				t.Fatalf("%q took it, %v", took, err)
			}
			slices.Sort(c.heard)
			if !slices.Equal(c.heard, []string{"mail", "ops", "team-a"}) || m.writes != 1 {
				t.Errorf("%q heard, in %d writes", c.heard, m.writes)
			}
		})
	}
}

// TestAllWellWritesNothing: the note of who took a notice is written only if somebody did not.
func TestAllWellWritesNothing(t *testing.T) {
	t.Parallel()
	c, m, process := setUp()
	if _, err := process().Notify(t.Context(), toTwo); err != nil || m.writes != 0 || len(c.heard) != 3 {
		t.Errorf("%v: %q heard, %d writes", err, c.heard, m.writes)
	}
	shut, m, process := setUp("ops", "team-a", "mail")
	if _, err := process().Notify(t.Context(), toTwo); err == nil || m.writes != 0 || len(shut.heard) != 0 {
		t.Errorf("%v: %q heard, %d writes", err, shut.heard, m.writes)
	}
}

func TestOtherNoticesAreOthers(t *testing.T) {
	t.Parallel()
	c, _, process := setUp("ops")
	_, _ = process().Notify(t.Context(), toTwo)
	other := toTwo
	other.ID = "failed:prod/etl/2"
	_, _ = process().Notify(t.Context(), other)
	if !slices.Equal(c.heard, []string{"team-a", "mail", "team-a", "mail"}) {
		t.Errorf("%q heard", c.heard)
	}
}

// TestNoTimeLeft: who took a notice is noted even if the time for sending is over.
func TestNoTimeLeft(t *testing.T) {
	t.Parallel()
	c, m, process := setUp("mail")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.after = func() {
		if c.heard != nil {
			cancel()
		}
	}
	if _, err := process().Notify(ctx, notice.Notice{ID: "1", Targets: []string{"ops"}}); !errors.Is(err, errShut) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if ctx.Err() == nil || !slices.Equal(m.took["1"], []string{"ops"}) {
		t.Errorf("noted %q", m.took["1"])
	}
}

// TestForgetful: without its memory it tells nobody, since it might tell everybody again. A note that
// fails is an error.
func TestForgetful(t *testing.T) {
	t.Parallel()
	c, m, process := setUp("ops")
	m.broken = errors.New("no table")
	if _, err := process().Notify(t.Context(), toTwo); !errors.Is(err, m.broken) || len(c.heard) != 0 {
		t.Errorf("%v: %q heard", err, c.heard)
	}
	m.broken = nil
	c.after = func() { m.broken = errors.New("the table is gone") }
	if _, err := process().Notify(t.Context(), toTwo); !errors.Is(err, m.broken) || !errors.Is(err, errShut) {
		t.Errorf("got %v", err)
	}
}
