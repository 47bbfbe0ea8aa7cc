package vclock_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs/vclock"
)

var start = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

func TestCallbacksRunInOrderOfTimeThenOfAsking(t *testing.T) {
	t.Parallel()
	c := vclock.New(start)
	var got []string
	note := func(s string) func() {
		return func() { got = append(got, s+"@"+c.Now().Sub(start).String()) }
	}
	c.AfterFunc(2*time.Second, note("late"))
	c.AfterFunc(time.Second, note("first"))
	c.AfterFunc(time.Second, note("second"))
	c.AfterFunc(-time.Second, note("past"))
	c.AfterFunc(0, func() { c.AfterFunc(1500*time.Millisecond, note("nested")) })

	c.Advance(0)
	c.Advance(2 * time.Second)

	want := []string{"past@0s", "first@1s", "second@1s", "nested@1.5s", "late@2s"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("callbacks ran as %v, want %v", got, want)
	}
	if _, ok := c.Next(); ok {
		t.Error("a callback is still pending")
	}
}

func TestCancelTakesACallbackBack(t *testing.T) {
	t.Parallel()
	c := vclock.New(start)
	ran := 0
	first := c.AfterFunc(time.Second, func() { ran += 100 })
	second := c.AfterFunc(2*time.Second, func() { ran++ })
	first()
	first()
	if at, ok := c.Next(); !ok || !at.Equal(start.Add(2*time.Second)) {
		t.Errorf("Next = %v, %v; want the second callback", at, ok)
	}
	c.Advance(time.Minute)
	second() // after its run: changes nothing
	if ran != 1 {
		t.Errorf("ran = %d, want only the second callback", ran)
	}
}

func TestTheClockNeverGoesBack(t *testing.T) {
	t.Parallel()
	c := vclock.New(start)
	c.AdvanceTo(start.Add(-time.Hour))
	if !c.Now().Equal(start) {
		t.Errorf("Now = %v, want %v", c.Now(), start)
	}
	c.AfterFunc(time.Second, func() { c.Advance(time.Hour) })
	c.Advance(time.Minute)
	if want := start.Add(time.Hour + time.Second); !c.Now().Equal(want) {
		t.Errorf("Now = %v, want %v", c.Now(), want)
	}
}
