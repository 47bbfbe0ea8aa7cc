package console

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestMemo(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var jobs, runs uint64
	var lost error
	m := newMemo(nil)
	m.now = func() time.Time { return now }
	m.marks = func(context.Context) (uint64, uint64, error) { return jobs, runs, lost }
	reads := 0
	read := func(name string) int {
		t.Helper()
		n, err := remember(t.Context(), m, name, func(context.Context) (int, error) { reads++; return reads, nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if a, b := read("a"), read("a"); a != 1 || b != 1 {
		t.Errorf("the same is read %d and %d", a, b)
	}
	if read("b") != 2 {
		t.Error("another name gets what is not its own")
	}
	now, runs = now.Add(2*time.Second), 1
	if read("a") != 3 {
		t.Error("a run has changed, and it is not read anew")
	}
	now, jobs = now.Add(2*time.Second), 1
	if read("a") != 4 {
		t.Error("a job has changed, and it is not read anew")
	}
	m.forget()
	if read("a") != 5 {
		t.Error("something was asked for, and it is not read anew")
	}
	now = now.Add(11 * time.Second)
	if read("a") != 6 {
		t.Error("it is used for longer than its time")
	}
	now, lost = now.Add(2*time.Second), errors.New("lost")
	if _, err := remember(t.Context(), m, "a", func(context.Context) (int, error) { return 0, nil }); err == nil {
		t.Error("what cannot be read is shown as it was")
	}
}

// TestMemoOfAPage: a page whose reads take long checks once whether something has changed, and the next page
// checks again.
func TestMemoOfAPage(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	m := newMemo(nil)
	m.now = func() time.Time { return now }
	checks := 0
	takes := func() { now = now.Add(2 * markedFor) }
	m.marks = func(context.Context) (uint64, uint64, error) { checks++; takes(); return 0, 0, nil }
	for n := range 2 {
		ctx := context.WithValue(t.Context(), begunKey, now)
		for _, name := range []string{"a", "b", "c"} {
			if _, err := remember(ctx, m, name, func(context.Context) (int, error) { takes(); return 0, nil }); err != nil {
				t.Fatal(err)
			}
		}
		if checks != n+1 {
			t.Errorf("page %d: %d checks in all", n+1, checks)
		}
		takes()
	}
}

// TestMemoReadsOnce: many who want the same cause one read.
func TestMemoReadsOnce(t *testing.T) {
	t.Parallel()
	m := newMemo(nil)
	m.marks = func(context.Context) (uint64, uint64, error) { return 0, 0, nil }
	var mu sync.Mutex
	reads := 0
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, _ = remember(t.Context(), m, "a", func(context.Context) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				reads++
				return 1, nil
			})
		})
	}
	if wg.Wait(); reads != 1 {
		t.Errorf("it was read %d times", reads)
	}
}
