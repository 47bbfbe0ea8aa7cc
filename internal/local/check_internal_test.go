package local

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

var errDisk = errors.New("the disk is full")

// TestCheckNext: a check is due a minute after the last one by the wall clock, at once after an error
// or if the clock was put back, and an error is said until a check succeeds.
func TestCheckNext(t *testing.T) {
	t.Parallel()
	c, now, results := &check{}, time.Now(), make(chan error, 1)
	next := func() (bool, error) {
		return c.next(t.Context(), func() time.Time { return now }, func(context.Context) error { return <-results })
	}
	ends := func(err error) {
		t.Helper()
		results <- err
		for end := time.Now().Add(30 * time.Second); len(c.result) == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the check does not end")
			}
		}
	}
	for i, step := range []struct {
		after time.Duration
		ended error // of the check that is under way
		done  bool
		err   error
	}{
		{0, nil, false, nil}, // the first one begins
		{0, errDisk, false, errDisk},
		{0, nil, true, nil},
		{59 * time.Second, nil, true, nil},
		{time.Second, nil, false, nil},
		{0, nil, true, nil},
		{-time.Hour, nil, false, nil},
		{time.Hour + time.Second, errDisk, false, errDisk},
		{0, nil, true, nil},
	} {
		now = now.Add(step.after)
		if c.result != nil {
			ends(step.ended)
		}
		done, err := next()
		if done != step.done || !errors.Is(err, step.err) || err != nil && step.err == nil {
			t.Fatalf("step %d: done %t, %v", i+1, done, err)
		}
		if again, said := next(); again != done || !errors.Is(said, step.err) {
			t.Fatalf("step %d: then done %t, %v", i+1, again, said)
		}
	}
	if strings.Contains(c.ended.String(), "m=") {
		t.Errorf("it counts from %s, which no changed clock changes", c.ended)
	}
}

// TestCheckPanics: a fault in a check is an error, and does not end the process.
func TestCheckPanics(t *testing.T) {
	t.Parallel()
	if err := checkSlots(t.Context(), func(context.Context) error { panic("a fault") }); err == nil {
		t.Error("no error")
	}
}
