package console

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
)

// looked counts how often somebody looks for changes.
type looked struct {
	memory.Store
	times atomic.Int32
}

func (l *looked) Items(context.Context) ([]job.Item, error) {
	l.times.Add(1)
	return nil, nil
}

// TestOneLookForAll: a browser that goes from page to page leaves one stream and opens the next.
// However often it does so, there is one look a second, and none after it has gone.
func TestOneLookForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &looked{}
		w := newWatcher(&plane.Plane{Reader: store})
		leave := func() {}
		for range 20 {
			leave()
			var ok bool
			if _, leave, ok = w.listen(t.Context()); !ok {
				t.Fatal("too many listen")
			}
			time.Sleep(leastWatch / 10)
		}
		synctest.Wait()
		before := store.times.Load()
		time.Sleep(10 * leastWatch)
		synctest.Wait()
		if n := store.times.Load() - before; n < 9 || n > 11 {
			t.Errorf("%d looks in ten seconds", n)
		}
		leave()
		time.Sleep(2 * leastWatch)
		synctest.Wait()
		before = store.times.Load()
		time.Sleep(10 * leastWatch)
		if store.times.Load() != before {
			t.Errorf("%d looks while nobody listens", store.times.Load()-before)
		}
	})
}

// panicking is a store with a fault that its author did not think of.
type panicking struct{ memory.Store }

func (*panicking) Items(context.Context) ([]job.Item, error) { panic("an item of no job") }

// TestALookPanics: the streams are told that the control plane cannot be read, and the process goes on.
func TestALookPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatcher(&plane.Plane{Reader: &panicking{}})
		heard, leave, ok := w.listen(t.Context())
		if !ok {
			t.Fatal("too many listen")
		}
		if what := <-heard; what != changedLost {
			t.Errorf("heard %q", what)
		}
		leave()
		time.Sleep(2 * leastWatch)
	})
}

// TestFormsAreForgotten: what is kept of forms has a bound.
func TestFormsAreForgotten(t *testing.T) {
	t.Parallel()
	var f forms
	for n := range mostForms + 1 {
		f.form(strconv.Itoa(n))
	}
	if n := len(f.sent); n > mostForms {
		t.Errorf("%d are kept", n)
	}
}

// TestAQuietStreamIsHeard: a page can tell a stream without news from one that has ended without a word. It does
// not see comments, so these are events.
func TestAQuietStreamIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{cfg: Config{Plane: &plane.Plane{}}}
		ctx, end := context.WithTimeout(t.Context(), 10*time.Minute)
		defer end()
		last := time.Now()
		s.stream(ctx, "", nil, func(text string) bool {
			if silent := time.Since(last); strings.HasPrefix(text, "event: ") && silent <= quietFor+leastWatch {
				last = time.Now()
			}
			return true
		})
		if silent := time.Since(last); silent > quietFor+leastWatch {
			t.Errorf("no event for %s", silent)
		}
	})
}
