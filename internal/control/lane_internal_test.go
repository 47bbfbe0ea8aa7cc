package control

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestOfManyThatWait: the look comes again when the first may go, and says since when the
// oldest has been due, in whichever order it came to them.
func TestOfManyThatWait(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	last := first.Add(time.Hour)
	for name, order := range map[string][]time.Time{"the first first": {first, last}, "the last first": {last, first}, "one that is not due": {first, {}, last}} {
		p := &lane{look: (&Control{}).newLook(time.Time{}), which: run.LaunchLane}
		for _, at := range order {
			p.leaveSince(at)
			if !at.IsZero() {
				p.waits(at)
				p.comesSoon(at)
			}
		}
		if again := p.leftOf(run.LaunchLane).again; !again.Equal(first) {
			t.Errorf("%s: the look comes again at %s", name, again)
		}
		if oldest := p.leftOf(run.LaunchLane).oldest; !oldest.Equal(first) {
			t.Errorf("%s: the oldest is due since %s", name, oldest)
		}
		if at, ok := p.comes(); !ok || !at.Equal(first) {
			t.Errorf("%s: the first comes at %s", name, at)
		}
		if p.waits(time.Time{}); !p.leftOf(run.LaunchLane).again.IsZero() {
			t.Errorf("%s: soon is at %s", name, p.leftOf(run.LaunchLane).again)
		}
	}
}

// TestErrorsOfTheNewestPass: the errors of a later pass replace those of an earlier one,
// whichever reports last. A pass without an error replaces none.
func TestErrorsOfTheNewestPass(t *testing.T) {
	t.Parallel()
	first, second, third := errors.New("first"), errors.New("second"), errors.New("third")
	l := (&Control{}).newLook(time.Time{})
	old, young := &lane{look: l, which: run.LaunchLane, number: 1}, &lane{look: l, which: run.LaunchLane, number: 2}
	other := &lane{look: l, which: run.LookLane, number: 3}
	is := func(want ...error) {
		t.Helper()
		_, err := l.result(nil)
		for _, e := range []error{first, second, third} {
			if errors.Is(err, e) != slices.Contains(want, e) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	}
	if old.failed(nil) || !old.failed(first) || young.failed(nil) {
		t.Error("who failed is not known")
	}
	is(first)
	young.failed(second)
	is(second)
	old.failed(first)
	young.failed(third)
	is(second, third)
	other.failed(first)
	is(first, second, third)
}

// TestLastOf: those that may have to wait are behind the others; otherwise the order stays.
func TestLastOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "abc": "abc", "Abc": "bcA", "aBcDe": "aceBD", "ABC": "ABC", "abC": "abC"} {
		var rs []*run.Run
		for _, c := range in {
			rs = append(rs, &run.Run{ID: run.ID(c)})
		}
		got := ""
		for _, r := range lastOf(rs, func(r *run.Run) bool { return r.ID < "a" }) {
			got += string(r.ID)
		}
		if got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}
